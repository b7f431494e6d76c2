// ecard flash and ecard serial as a shell has them; the card is the loader's module, behind a pseudo-terminal where a port is named.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { QEMU_FLASH } from "@enabling-card/emulator";
import { FlashArea, LoaderVerdict } from "@enabling-card/wire";
import { expect } from "chai";
import { type SinonStub, stub } from "sinon";
import { LoaderCard, partsOf, sealed, versionIn } from "../../test/support/loader-card.js";
import { isDead, qemuOf } from "../../test/support/qemu-of.js";
import { paceOf } from "../src/commands/flash.js";
import { lockMemory } from "../src/flash/memory-lock.js";
import { CommandError } from "../src/index.js";
import { needs } from "./programs.js";
import { ecard, ended, spawnEcard, testFolder } from "./run-ecard.js";

const PTY = fileURLToPath(new URL("pseudo-terminal.py", import.meta.url));
const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 6));

describe("ecard flash", () => {
  const folder = testFolder();
  const file = (name: string, octets: Uint8Array) => {
    writeFileSync(join(folder(), name), octets);
    return join(folder(), name);
  };

  it("flashes the card behind a serial port, with what it does in lines", async function () {
    this.timeout(30_000);
    needs(this, "python3");
    const card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    card.start();
    const python = spawn("python3", [PTY], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      const [name] = (await once(python.stdout, "data")) as [Buffer];
      const line = card.line();
      line.onOctets((octets) => python.stdin.write(octets));
      python.stdout.on("data", (octets: Buffer) => void line.write(Uint8Array.from(octets)));
      const { code, stdout, stderr } = await ecard(["flash", file("two.img", TWO), "--port", name.toString().trim()]);
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      expect(stdout).to.match(/two\.img: version 2\.0\.0\+0 runs on an386, confirmed$/m);
      expect(stdout.split("\n").map((row) => row.trim().split(" ")[0])).to.include.members([
        ...["checked", "connected", "sent", "testing", "confirmed"],
      ]);
      expect(card.start()).to.equal(LoaderVerdict.Boot);
      expect(versionIn(card.flash.areas[FlashArea.Slot0])).to.equal(2);
    } finally {
      python.kill();
    }
  });

  it("tells the time that is left by what this call has sent, and none before it knows", () => {
    const resumed = { sent: 90_000, total: 100_000, resumed: 80_000, rate: 1000 };
    expect(paceOf({ ...resumed, leftS: 10 })).to.equal("octets, 1.0 kB/s, 10 s left");
    expect(paceOf({ ...resumed, sent: 80_000, rate: 0 })).to.equal("octets, 0.0 kB/s");
  });

  it("that has no adapter names ways that it takes", async () => {
    // Where there is one, it has nobody to flash.
    if (existsSync("/sys/class/bluetooth") && readdirSync("/sys/class/bluetooth").length > 0) return;
    const { code, stderr } = await ecard(["flash", file("one.img", ONE), "--device", "ble"]);
    expect(stderr).to.contain("--device ble:PATH of a controller, --port, or --device qemu [BLUETOOTH_UNAVAILABLE]");
    expect(stderr).to.not.contain("tcp:");
    expect(code).to.equal(3);
  });

  for (const [what, options, exit, said] of [
    ["names two", ["--port", "/dev/null", "--device", "qemu"], 2, "[WRONG_USE]"],
    ["wants a port's flash kept", ["--port", "/dev/null", "--memory", "card.flash"], 2, "[WRONG_USE]"],
    ["names a port and a card of the air", ["--port", "/dev/null", "--ble", "ecard"], 2, "[WRONG_USE]"],
    ["names QEMU and a card of the air", ["--device", "qemu", "--ble", "ecard"], 2, "[WRONG_USE]"],
    [
      "names no device that there is",
      ["--device", "tcp:1"],
      2,
      "give qemu, ble, or ble:PATH of a controller [WRONG_USE]",
    ],
    ["wants the flash of the air kept", ["--device", "ble", "--memory", "card.flash"], 2, "[WRONG_USE]"],
    ["names a port that is not there", ["--port", "/dev/no-such-port"], 3, "[PORT_UNUSABLE]"],
    ["names a key that is none", ["--device", "qemu", "--key", PTY], 2, "[KEY_INVALID]"],
  ] as const)
    it(`is refused where it ${what}`, async () => {
      const { code, stderr } = await ecard(["flash", file("good.img", TWO), ...options]);
      expect(stderr).to.contain(said);
      expect(code).to.equal(exit);
    });

  it("opens no port for what is no image", async () => {
    const { code, stderr } = await ecard([
      "flash",
      file("no.img", ONE.subarray(0, 3000)),
      "--port",
      "/dev/no-such-port",
    ]);
    expect(stderr).to.contain("[IMAGE_CUT]");
    expect(code).to.equal(1);
  });
});

describe("a file that keeps a card's flash", () => {
  const folder = testFolder();
  const own = () => join(folder(), "card.flash");
  /** Of a process that has ended, and was waited for. */
  const gone = () => spawnSync(process.execPath, ["-e", ""]).pid;
  const lines = (text: string) => writeFileSync(`${own()}.lock`, text);

  it("is one call's at a time, which says who has it", () => {
    const release = lockMemory(own());
    expect(() => lockMemory(own()))
      .to.throw(CommandError, `in use by process ${process.pid}`)
      .with.property("code", "MEMORY_IN_USE");
    release();
    lockMemory(own())();
    expect(existsSync(`${own()}.lock`)).to.equal(false);
  });

  it("is taken over from a process that is gone, or whose number another one has", () => {
    for (const left of [{ pid: gone() }, { pid: process.pid, begun: "1" }]) {
      lines(JSON.stringify(left));
      lockMemory(own())();
    }
  });

  it("is nobody's to take while it cannot be read, until that is old", () => {
    for (const text of ["", "{", "{}", '{"pid":-1}', '{"pid":"x"}']) {
      lines(text);
      expect(() => lockMemory(own()), text).to.throw(CommandError, "in use by another call");
      utimesSync(`${own()}.lock`, 1, 1);
      lockMemory(own())();
    }
  });

  it("is refused to a call while another has it", async function () {
    this.timeout(30_000);
    const release = lockMemory(own());
    const image = join(folder(), "one.img");
    writeFileSync(image, ONE);
    for (const args of [["flash", image], ["logs"]]) {
      const { code, stderr } = await ecard([...args, "--device", "qemu", "--memory", own()]);
      expect(stderr).to.contain("[MEMORY_IN_USE]");
      expect(code).to.equal(3);
    }
    release();
  });

  it("is written where the terminal is closed amid the call", async function () {
    this.timeout(60_000);
    needs(this, "qemu-system-arm");
    const call = spawnEcard(["logs", "--device", "qemu", "--memory", own()]);
    await qemuOf(call.pid!);
    // What there is to be kept is there when the image has spoken.
    await once(call.stdout!, "data");
    call.kill("SIGHUP");
    const [code] = await once(call, "exit");
    expect(code).to.equal(130);
    expect(readFileSync(own())).to.have.length(QEMU_FLASH.size);
    expect(statSync(own()).mode & 0o777, "it holds the card's keys").to.equal(0o600);
    rmSync(own());
  });

  it("says how QEMU is had where there is none", async function () {
    this.timeout(30_000);
    const env = { ...process.env, PATH: "/nonexistent" };
    const { code, stderr } = await ended(spawnEcard(["logs", "--device", "qemu"], { env }));
    expect(stderr).to.match(/qemu-system-arm is missing: apt-get install qemu-system-arm.*\[QEMU_FAILED\]\n$/);
    expect(code).to.not.equal(0);
  });

  it("is free again when its process was killed, and QEMU has not outlived it", async function () {
    this.timeout(60_000);
    needs(this, "qemu-system-arm");
    const first = spawnEcard(["logs", "--device", "qemu", "--memory", own()]);
    const qemu = await qemuOf(first.pid!);
    first.kill("SIGKILL");
    await once(first, "exit");
    // Gone, or dead and not yet waited for by whoever has it now.
    while (!isDead(qemu)) await delay(20);
    lockMemory(own())();
  });
});

describe("a serial port that nobody names", () => {
  const folder = testFolder();
  let list: SinonStub | undefined;
  afterEach(() => list?.restore());
  const ports = async (...paths: readonly string[]) => {
    const { SerialPort } = await import("serialport");
    const facts = { manufacturer: "Nobody", vendorId: "1209", productId: "0001" };
    list = stub(SerialPort, "list").resolves(paths.map((path) => ({ path, ...facts }) as never));
  };
  const [ONE_ABSENT, TWO_ABSENT] = ["/dev/no-such-port-1", "/dev/no-such-port-2"];
  const image = () => {
    writeFileSync(join(folder(), "good.img"), TWO);
    return join(folder(), "good.img");
  };

  it("is the only one that there is", async () => {
    await ports(ONE_ABSENT);
    for (const args of [["flash", image()], ["logs"]]) {
      const { code, stderr } = await ecard(args);
      expect(stderr).to.contain(`The serial port ${ONE_ABSENT} cannot be used`);
      expect(code).to.equal(3);
    }
  });

  it("is picked by its number at a terminal", async () => {
    await ports(ONE_ABSENT, TWO_ABSENT);
    const typed = { tty: true, typed: true, stdin: Buffer.from("2\n") };
    for (const args of [["flash", image()], ["logs"]]) {
      const { stdout, stderr } = await ecard(args, typed);
      expect(stdout).to.match(/^ {3}1 {2}\/dev\/no-such-port-1 +1209:0001 +Nobody$/m);
      expect(stderr).to.contain(`The serial port ${TWO_ABSENT} cannot be used`);
    }
    const { code, stdout } = await ecard(["serial"], typed);
    expect(code).to.equal(0);
    expect(stdout.trim().split("\n").at(-1)).to.equal(TWO_ABSENT);
    const none = await ecard(["serial"], { ...typed, stdin: Buffer.from("7\n") });
    expect(none.stdout).to.contain("1 to 2");
  });

  it("of several is nobody's to guess in a pipe, which has the list", async () => {
    await ports(ONE_ABSENT, TWO_ABSENT);
    for (const args of [["flash", image()], ["logs"]]) {
      const { code, stderr } = await ecard(args, { stdin: Buffer.from("1\n") });
      expect(stderr).to.contain(`name one with --port (${ONE_ABSENT}, ${TWO_ABSENT}) [PORT_AMBIGUOUS]`);
      expect(code).to.equal(2);
    }
    const { stdout } = await ecard(["serial"]);
    expect(stdout.trim().split("\n")).to.have.length(2);
    expect((await ecard(["serial", "--json"], { tty: true, typed: true })).facts()).to.deep.equal(
      [ONE_ABSENT, TWO_ABSENT].map((path) => ({ path, manufacturer: "Nobody", usbVendorId: 0x1209, usbProductId: 1 })),
    );
  });

  it("is missed where there is none", async () => {
    await ports();
    const { code, stderr } = await ecard(["logs"]);
    expect(stderr).to.contain("[PORT_ABSENT]");
    expect(code).to.equal(3);
  });
});

describe("ecard serial", () => {
  it("lists ports, or says what is missing", async () => {
    const { code, stdout, stderr } = await ecard(["serial"]);
    if (code === 0) expect(stdout).to.match(/^(no serial ports|\/dev\/\S+.*|COM\d+.*)$/m);
    else {
      expect(code).to.equal(3);
      expect(stderr).to.match(/^ecard: The system does not list its serial ports .*\[SERIAL_UNAVAILABLE\]\n$/);
    }
  });
});
