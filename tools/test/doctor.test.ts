import { readFileSync } from "node:fs";
import { expect } from "chai";
import { stub } from "sinon";
import { MCU_PROGRAMS, PROGRAMS, probesOfThisMachine } from "../src/doctor/probes.js";
import { examine, type Probes } from "../src/index.js";
import { needs } from "./programs.js";
import { ecard } from "./run-ecard.js";

const well: Probes = {
  nodeVersion: "22.1.0",
  openDatabase: async () => undefined,
  firmwareSizes: async () => ({ wallet: 10_000, authenticator: 5_000, link: 5_000 }),
  listen: async () => undefined,
  writeOut: async () => "/somewhere/out",
  now: () => Date.UTC(2026, 9),
  vectors: () => "found",
  programs: async () => Object.keys(PROGRAMS),
  mcuPrograms: async () => Object.keys(MCU_PROGRAMS),
  adapters: () => ["hci0"],
};
const broken = (why: string) => async () => {
  throw new Error(`${why}\n    at somewhere`);
};

describe("ecard doctor", () => {
  it("finds nothing where all is well", async () => {
    const checks = await examine(well);
    expect(checks.filter(({ ok }) => !ok)).to.deep.equal([]);
    for (const { fix } of checks) expect(fix).to.equal(undefined);
  });

  it("looks at this machine where it is told nothing, and throws nothing", async () => {
    const checks = await examine();
    expect(checks.map(({ name }) => name)).to.deep.equal((await examine(well)).map(({ name }) => name));
    for (const name of ["node", "packages", "firmware", "loopback"]) {
      expect(checks.find((check) => check.name === name)).to.include({ name, ok: true });
    }
  });

  const failures: readonly (readonly [check: string, probes: Partial<Probes>, detail: RegExp, fix: RegExp])[] = [
    ["node", { nodeVersion: "20.18.1" }, /20\.18\.1 is too old/, /Node 20\.19 or newer/],
    ["node", { nodeVersion: "18.20.4" }, /too old/, /nodejs/],
    ["packages", { openDatabase: broken("Cannot find package") }, /Cannot find package$/, /npm ci/],
    ["firmware", { firmwareSizes: broken("not there") }, /not there$/, /npm run build:firmware/],
    ["firmware", { firmwareSizes: async () => ({ wallet: 41_000 }) }, /41000 octets, of 40960/, /build:firmware/],
    ["loopback", { listen: broken("EPERM") }, /EPERM$/, /127\.0\.0\.1/],
    ["output folder", { writeOut: broken("EROFS") }, /EROFS$/, /chmod/],
    ["clock", { now: () => 0 }, /1970-01-01/, /clock/],
  ];
  for (const [name, probes, detail, fix] of failures) {
    it(`says how to mend ${name}: ${detail.source}`, async () => {
      const checks = await examine({ ...well, ...probes });
      const failed = checks.filter(({ ok }) => !ok);
      expect(failed).to.have.length(1);
      expect(failed[0]).to.include({ name });
      expect(failed[0]!.detail).to.match(detail);
      expect(failed[0]!.fix).to.match(fix);
    });
  }

  it("looks for the programs that set-up installs", () => {
    const setUp = readFileSync(new URL("../set-up.mjs", import.meta.url), "utf8");
    const list = /const TEST_TOOLS = \[([^;]+)\];/.exec(setUp)![1]!;
    const entries = [...list.matchAll(/\["([^"]+)", "([^"]+)"/g)].map(([, program, debian]) => [program, debian]);
    expect(entries).to.deep.equal(Object.entries(PROGRAMS));
  });

  it("names the microcontroller's tools that are missing, and the packages that have them", async () => {
    const checks = await examine({ ...well, mcuPrograms: async () => ["wasm2c", "qemu-system-arm", "dpkg-source"] });
    expect(checks.filter(({ ok }) => !ok)).to.deep.equal([
      {
        ...{ name: "microcontroller", ok: false, needed: false },
        detail: "arm-none-eabi-gcc, gdb-multiarch: not found; build:mcu, debug, bench mcu and --device qemu want them",
        fix: "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi gdb-multiarch",
      },
    ]);
    const setUp = readFileSync(new URL("../set-up.mjs", import.meta.url), "utf8");
    for (const [, program, debian] of /const MCU_TOOLS = \[([^;]+)\];/
      .exec(setUp)![1]!
      .matchAll(/\["([^"]+)", "([^"]+)"/g))
      expect(MCU_PROGRAMS).to.include({ [program!]: debian });
  });

  it("tells of what only tests want, and what brings it, and calls its absence no failure", async () => {
    const checks = await examine({ ...well, vectors: () => undefined, programs: async () => ["sox"] });
    const missing = checks.filter(({ ok }) => !ok);
    expect(missing.map(({ name, needed }) => [name, needed])).to.deep.equal([
      ["public vectors", false],
      ["other programs", false],
    ]);
    expect(missing[0]!.fix).to.contain("VECTORS_DIR");
    expect(missing[1]!.detail).to.contain(
      "sigrok-cli, zsh, fish, socat, tshark, chromium, pg_createcluster: not found",
    );
    expect(missing[1]!.fix).to.equal("apt-get install sigrok-cli zsh fish socat tshark chromium postgresql");
  });

  it("says whether there is a Bluetooth adapter, and what does without, and calls its absence no failure", async () => {
    const told = async (adapters: readonly string[] | undefined) =>
      (await examine({ ...well, adapters: () => adapters })).find(({ name }) => name === "bluetooth");
    expect(await told(["hci0", "hci1"])).to.include({ ok: true, needed: false, detail: "hci0, hci1" });
    expect(await told(undefined)).to.include({ ok: true, needed: false });
    const none = (await told([]))!;
    expect(none).to.include({ ok: false, needed: false });
    expect(none.detail).to.contain("no adapter");
    expect(none.fix).to.contain("--device tcp:PORT");
  });

  it("finds each program that is here, whatever it is asked for its version with", async function () {
    needs(this, "socat");
    expect(await probesOfThisMachine().programs()).to.include("socat");
  });

  it("says in its help which checks make it exit with 3: those that commands need", async () => {
    const { stdout } = await ecard(["doctor", "--help"]);
    const [, named] = /commands need: ([^.]+)\./.exec(stdout.replaceAll("\n", " "))!;
    const needed = (await examine(well)).filter((one) => one.needed).map(({ name }) => name);
    expect(named!.split(", ")).to.deep.equal(needed);
  });

  for (const [what, node, exit] of [
    ["fails", "18.0.0", 3],
    ["is there", undefined, 0],
  ] as const)
    it(`exits with ${exit} where all that commands need ${what === "fails" ? "is not there" : what}, whatever else is missing`, async () => {
      const stubs = [stub(process.versions, "node").value(node ?? process.versions.node)];
      const path = process.env.PATH;
      process.env.PATH = "/nowhere";
      try {
        const { code, stdout } = await ecard(["doctor"]);
        expect(stdout).to.match(/^- other programs: sox, .*not found/m);
        expect(stdout).to.match(/^ {4}if you want it: apt-get install sox/m);
        expect(stdout).to.match(/^- microcontroller: /m);
        expect(code).to.equal(exit);
      } finally {
        process.env.PATH = path;
        for (const one of stubs) one.restore();
      }
    });
});
