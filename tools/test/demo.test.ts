import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWavFile } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { type DemoResult, runDemo } from "../src/index.js";
import { ecard, testFolder } from "./run-ecard.js";

describe("ecard demo", () => {
  const folder = testFolder();
  let result: DemoResult;
  before(async function () {
    this.timeout(60_000);
    result = await runDemo({ out: folder() });
  });

  it("pays once, and is refused three times on purpose", () => {
    expect(result.steps.map(({ step, outcome, code }) => [step, code ?? outcome])).to.deep.equal([
      ["set the table", "ok"],
      ["pair", "ok"],
      ["enrol", "ok"],
      ["grant", "ok"],
      ["load", "ok"],
      ["present", "ok"],
      ["swipe", "ok"],
      ["approve", "ok"],
      ["replay the swipe", "ATC_REPLAYED"],
      ["present again", "GRANT_USED"],
      ["load again", "GRANT_CHALLENGE_UNKNOWN"],
    ]);
    for (const { ms } of result.steps) expect(ms).to.be.within(0, 60_000);
  });

  it("writes five files, and what it wrote is what it said", () => {
    expect(readdirSync(folder()).sort()).to.deep.equal([
      "journey.json",
      "swipe.sr",
      "swipe.svg",
      "swipe.vcd",
      "swipe.wav",
    ]);
    expect(JSON.parse(readFileSync(join(folder(), "journey.json"), "utf8"))).to.deep.equal(result);
    expect(readFileSync(join(folder(), "swipe.svg"), "utf8")).to.match(/^(<\?xml[^>]*>\s*)?<svg /);
    expect(readFileSync(join(folder(), "swipe.vcd"), "utf8")).to.contain("$timescale");
  });

  it("ends with a command that can be run, and with -q begins with its results", async () => {
    const out = join(folder(), "a b");
    const { stdout } = await ecard(["demo", "--out", out]);
    expect(stdout.trimEnd().split("\n").at(-1)).to.equal(
      `read the recording again: npx ecard pos read '${join(out, "swipe.wav")}'`,
    );
    const quiet = await ecard(["demo", "-q", "--out", out]);
    expect(quiet.stdout)
      .to.match(/^step +outcome/)
      .and.not.contain("\n\n");
    rmSync(out, { recursive: true });
  });

  it("leaves a recording that ecard pos read reads", async () => {
    const { reads } = await readWavFile(join(folder(), "swipe.wav"));
    expect(reads.map(({ track, direction }) => `${track} ${direction}`)).to.deep.equal(
      result.tracks.map(({ track, direction }) => `${track} ${direction}`),
    );
    expect(reads.length).to.be.greaterThan(1);
    for (const { data } of reads) expect(data).to.contain("999999");
  });

  it("tells no whole number and no discretionary data, neither in journey.json nor on the terminal", async () => {
    const { reads } = await readWavFile(join(folder(), "swipe.wav"));
    const track2 = reads.find(({ track }) => track === 2)!.data;
    const [, pan, discretionary] = /^;([0-9]{16})=[0-9]{7}([0-9]+)\?$/.exec(track2)!;
    const json = readFileSync(join(folder(), "journey.json"), "utf8");
    for (const secret of [pan!, discretionary!]) expect(json).not.to.contain(secret);
    expect(json).to.contain(`999999******${pan!.slice(-4)}`);
    for (const options of [[], ["--json"], ["--trace"], ["--trace", "--json"]]) {
      const out = join(folder(), "again");
      const { code, stdout, stderr } = await ecard(["demo", "--out", out, ...options]);
      expect(code).to.equal(0);
      expect(stdout + stderr, options.join(" ")).not.to.match(/999999[0-9]{10}(?![0-9*])/);
      expect(stdout + stderr).not.to.contain("ECARD1:");
    }
  });

  it("fails with DEMO_FAILED where a part does not do what it must, and writes nothing", async () => {
    const out = mkdtempSync(join(tmpdir(), "ecard-demo-"));
    try {
      let later = 0;
      const failing = runDemo({
        out,
        stage: { issuer: { now: () => Math.floor(Date.now() / 1000) + later } },
        onStep: ({ step }) => {
          if (step === "present") later = 600; // the grant is over before the terminal asks
        },
      });
      const error = await failing.catch((thrown: unknown) => thrown);
      expect(error).to.include({ name: "CommandError", code: "DEMO_FAILED", exit: 1 });
      expect((error as Error).message)
        .to.contain("GRANT_EXPIRED")
        .and.contain("--trace");
      expect(readdirSync(out)).to.deep.equal([]);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });

  it("hands on what the card refuses", async () => {
    const battery = { capacityMj: 1 };
    const error = await runDemo({ out: folder(), stage: { card: { battery } } }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ name: "CardError", code: "BATTERY_LOW" });
  });

  it("stops where its signal says so", async () => {
    const abort = new AbortController();
    const steps: string[] = [];
    const running = runDemo({
      out: join(folder(), "never"),
      signal: abort.signal,
      onStep: ({ step }) => {
        steps.push(step);
        if (step === "pair") abort.abort();
      },
    });
    expect(await running.catch((thrown: unknown) => thrown)).to.have.property("name", "AbortError");
    expect(steps).to.deep.equal(["set the table", "pair"]);
    expect(readdirSync(folder())).not.to.include("never");
  });
});

describe("a folder that cannot be made", () => {
  it("is said, and ends the demonstration: FOLDER_FAILED, exit 3", async () => {
    const { code, stderr } = await ecard(["demo", "--out", "/proc/nowhere/demo"]);
    expect(code).to.equal(3);
    expect(stderr).to.include("[FOLDER_FAILED]");
  });

  for (const out of ["", "package.json", "package.json/demo"]) {
    it(`"${out}" is refused before the first step`, async () => {
      const { code, stderr, stdout } = await ecard(["demo", "--out", out]);
      expect(code).to.equal(3);
      expect(stderr).to.include("[FOLDER_FAILED]");
      expect(stdout).to.not.include("pair");
    });
  }
});
