import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sampleKeys, startIssuer } from "@enabling-card/issuer";
import { encodeWav, swipeSignal, synthesise } from "@enabling-card/pos-sim";
import { Card, IssuerClient, MemoryPairingStore } from "@enabling-card/sdk";
import { tcpTransport } from "@enabling-card/sdk/node";
import { expect } from "chai";
import { ecard, ended, jsonLines, spawnEcard, testFolder } from "./run-ecard.js";

const TEXT = ";9999991234567893=29111011234567890?";
const BIN = new URL("../bin/ecard.mjs", import.meta.url).pathname;
const RATE = 48_000;
const SECOND = new Float32Array(RATE);

function raw(text: string): Uint8Array {
  const { samples } = swipeSignal({ track: 2, text, ips: 12, sampleRateHz: RATE });
  return Buffer.from(Float32Array.of(...SECOND, ...samples, ...SECOND).buffer);
}

const LISTEN = ["pos", "listen", "-", "--format", "f32le"];

describe("ecard pos listen", () => {
  const folder = testFolder();
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  const start = (args: readonly string[]) => {
    const child = spawnEcard(args, { stdio: "pipe" });
    children.push(child);
    return child;
  };

  it("prints each read as it comes, with its time, and what it heard at the end", async () => {
    const { code, facts, stderr } = await ecard([...LISTEN, "--json"], { stdin: raw(TEXT) });
    expect(code).to.equal(0);
    expect(stderr).to.equal("");
    const [first, read, end, ...more] = facts();
    expect(more).to.deep.equal([]);
    expect(first).to.deep.equal({
      ...{ event: "listening", source: "-", rateHz: RATE, format: "f32le", channels: 1 },
    });
    const { confidence, startS, endS, ...rest } = read!;
    expect(rest).to.deep.equal({
      ...{ event: "read", track: 2, data: TEXT, direction: "forward", lrc: true, channel: 1, masked: false },
    });
    expect(confidence).to.be.within(0.99, 1);
    expect(startS).to.be.within(1, 1.2);
    expect(endS).to.be.within(startS as number, 1.6);
    expect(end).to.deep.equal({ event: "end", reads: 1, seconds: end!.seconds, diagnosis: null });
    const { stdout } = await ecard([...LISTEN, "-v"], { stdin: raw(TEXT) });
    expect(stdout).to.match(/1\.\d{3} s {2}track 2 forward {2};9999991234567893=29111011234567890\?\n.*jitter/);
    expect(stdout).to.match(/\n1 read in \d+\.\d s\n$/);
  });

  it("tells with --verbose how sure each character is, and candidates' odds as pos read does", async () => {
    const { samples } = synthesise(2, { snrDb: -4 });
    const stdin = Buffer.from(samples.buffer);
    const { stdout } = await ecard([...LISTEN, "-v"], { stdin });
    expect(stdout).to.match(
      / s {2}perhaps track 2, \d+ %: ;9{6}.*\n +least sure is character .*\n +;9{6}.*\n +\d{39}\n/,
    );
    const candidatesOf = async (...more: string[]) =>
      (await ecard([...LISTEN, "--json", ...more], { stdin })).facts().find(({ event }) => event === "candidates")!
        .candidates as { masked: boolean; characterConfidence?: number[] }[];
    expect((await candidatesOf())[0]).to.not.have.property("characterConfidence");
    for (const { masked, characterConfidence } of await candidatesOf("-v"))
      expect(characterConfidence).to.have.length(masked ? 0 : 39);
    const [, read] = (await ecard([...LISTEN, "--json", "-v"], { stdin: raw(TEXT) })).facts();
    expect(read!.characterConfidence).to.have.length(TEXT.length);
  });

  it("tells a swipe that it could not read while it listens on", async () => {
    const bad = swipeSignal({ track: 2, text: TEXT, ips: 12, sampleRateHz: RATE }).samples;
    bad.fill(0, 8000, 8600);
    const good = swipeSignal({ track: 2, text: TEXT, ips: 12, sampleRateHz: RATE }).samples;
    const stdin = Buffer.concat([SECOND, bad, SECOND, SECOND, good].map(({ buffer }) => Buffer.from(buffer)));
    const { code, facts } = await ecard([...LISTEN, "--json"], { stdin });
    expect(code).to.equal(0);
    const failed = facts().find(({ event }) => event === "failed")!;
    expect(failed).to.include({ channel: 1, code: "LOST_SYNC" });
    expect(failed.startS).to.be.closeTo(1.02, 0.01);
    expect(failed.sentence).to.include("In the signal: no pulse for 1");
    const { stdout } = await ecard(LISTEN, { stdin });
    expect(stdout).to.match(/ 1\.0\d\d s {2}not read: The cells cannot be followed .*\[LOST_SYNC\]\n/);
    expect(stdout).to.contain("1 read in");
  });

  it("says why nothing was read, and ends with 1", async () => {
    const { code, facts } = await ecard(["pos", "listen", "-", "--json"], { stdin: new Uint8Array(9601) });
    expect(code).to.equal(1);
    expect(facts().at(-1)).to.deep.include({ event: "end", reads: 0, seconds: 0.1, restOctets: 1 });
    expect(facts().at(-1)!.diagnosis).to.include({ code: "NO_SIGNAL" });
    const { stdout } = await ecard(["pos", "listen", "-"], { stdin: new Uint8Array(9601) });
    expect(stdout).to.contain("[NO_SIGNAL]").and.contain("the last 1 octets were no whole frame");
  });

  it("shows no number outside the test range, in no output", async () => {
    const stdin = raw(";4000001234567899=30121011777700000042?");
    for (const options of [[], ["--json"], ["-v"], ["-q"]]) {
      const { stdout, stderr } = await ecard([...LISTEN, ...options], { stdin });
      expect(stdout + stderr, options.join(" ")).not.to.match(/1234567|777777/);
      expect(stdout, options.join(" ")).to.contain("400000******7899");
    }
  });

  for (const [what, args, code] of [
    ["a rate of zero", ["--rate", "0"], "WRONG_USE"],
    ["a rate that is no number", ["--rate", "fast"], "WRONG_USE"],
    ["nine channels", ["--channels", "9"], "WRONG_USE"],
    ["a format that it does not know", ["--format", "mp3"], "WRONG_USE"],
    ["a WAV file, and names who reads it", [], "PCM_IS_WAV"],
  ] as const) {
    it(`refuses ${what}: ${code}, exit 2`, async () => {
      const { code: exit, stderr } = await ecard(["pos", "listen", "-", ...args], { stdin: encodeWav([SECOND], RATE) });
      expect(exit).to.equal(2);
      expect(stderr).to.contain(`[${code}]`);
      if (code === "PCM_IS_WAV") expect(stderr).to.contain("ecard pos read -");
    });
  }

  it("of a file that it cannot listen to says why, and nothing before", async () => {
    const path = join(folder(), "swipe.wav");
    await writeFile(path, encodeWav([SECOND], RATE));
    for (const [source, exit, why] of [
      [join(folder(), "none.raw"), 1, "there is no such file [WAV_UNREADABLE]"],
      [folder(), 1, "it is a folder [WAV_UNREADABLE]"],
      [path, 2, "read it with ecard pos read - [PCM_IS_WAV]"],
    ] as const) {
      const said = await ecard(["pos", "listen", source]);
      expect(said).to.include({ code: exit, stdout: "" });
      expect(said.stderr)
        .to.match(/^ecard: [^\n]*\n$/)
        .and.contain(why);
      const { stdout, stderr } = await ecard(["pos", "listen", source, "--json"]);
      expect(stdout + stderr).to.not.contain("listening");
    }
  });

  it("ends with 130 at Ctrl-C, and says what it heard", async () => {
    const child = start([...LISTEN, "--json"]);
    const end = ended(child);
    child.stdin!.write(raw(TEXT));
    for (let seen = ""; !seen.includes('"read"'); ) seen += String((await once(child.stdout!, "data"))[0]);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    expect(code).to.equal(130);
    expect(stderr).to.equal("");
    expect(jsonLines(stdout).at(-1)).to.deep.include({ event: "end", reads: 1, diagnosis: null });
  });

  it("of samples without end takes no more memory, and ends when nobody hears it any more", async function () {
    this.timeout(30_000);
    const child = start(["pos", "listen", "/dev/zero", "--json"]);
    const rss = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]) / 1024;
    await once(child.stdout!, "data");
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const early = rss();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(rss()).to.be.lessThan(early + 150);
    const line = `yes ${"x".repeat(1000)} | '${process.execPath}' '${BIN}' pos listen - | true; echo "\${PIPESTATUS[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8", timeout: 20_000 });
    expect(stderr).to.equal("");
    expect(stdout).to.match(/^141 1 0\n$/);
  });

  it("hears a named pipe", async () => {
    const pipe = join(folder(), "head.pipe");
    expect(spawnSync("mkfifo", [pipe]).status).to.equal(0);
    const listening = ecard(["pos", "listen", pipe, "--format", "f32le", "--json"]);
    await writeFile(pipe, raw(TEXT)); // in another thread: it is more than the pipe holds
    const { code, facts } = await listening;
    expect(code).to.equal(0);
    expect(facts()[1]).to.include({ event: "read", data: TEXT });
  });
});

describe("an emulated card's coil", () => {
  const folder = testFolder();
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  /** Lines of a stream as they come, and a wait for one. */
  function linesOf(stream: NodeJS.ReadableStream) {
    const lines: string[] = [];
    const reader = createInterface({ input: stream });
    reader.on("line", (line) => lines.push(line));
    return {
      lines,
      async find(pattern: RegExp): Promise<RegExpExecArray> {
        for (;;) {
          for (const line of lines) {
            const found = pattern.exec(line);
            if (found) return found;
          }
          const more = once(reader, "line").then(() => true);
          const over = once(reader, "close").then(() => false);
          if (!(await Promise.race([more, over]))) throw new Error(`no ${pattern} in ${lines.join("\n")}`);
        }
      },
    };
  }

  /** Has the process the file open? */
  function opens(pid: number, path: string): boolean {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(join(folder, fd)) === path;
      } catch {
        return false; // closed meanwhile
      }
    });
  }

  async function pay(port: number, pairingCode: string, makerRoot: string): Promise<void> {
    const service = await startIssuer({ keys: sampleKeys() });
    try {
      const phone = await Card.pair(tcpTransport({ port }), pairingCode, {
        store: new MemoryPairingStore(),
        phoneName: "Other process",
        makerRoot: Buffer.from(makerRoot, "hex"),
      });
      const client = new IssuerClient({ baseUrl: service.url });
      await client.enrol(phone.certificate, "Other process");
      const token = await client.createToken(phone.cardId, "EXAMPLE/ALEX");
      const bundle = await client.grant({
        cardId: phone.cardId,
        tokenRef: token.tokenRef,
        challenge: phone.info.challenge,
        checkpointSize: phone.info.checkpointSize,
        domain: { requestor: "test", merchant: "Corner Coffee", channel: 0, country: 276, maxAmount: 2000 },
        maxEmissions: 1,
        kind: "online",
      });
      await phone.load(bundle);
      await phone.present({ when: "now" });
      await phone.close();
    } finally {
      await service.close();
    }
  }

  it("is heard live: ecard emulate --coil - | ecard pos listen -", async function () {
    this.timeout(30_000);
    const line = `'${process.execPath}' '${BIN}' emulate --auto-press --show-code --coil - | '${process.execPath}' '${BIN}' pos listen - --format f32le --json`;
    const shell = spawn("bash", ["-c", line], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    children.push(shell);
    const heard = linesOf(shell.stdout);
    const said = linesOf(shell.stderr);
    const port = Number((await said.find(/ on 127\.0\.0\.1:(\d+)$/))[1]);
    const makerRoot = (await said.find(/^maker root (\w+)$/))[1]!;
    const pairingCode = (await said.find(/^pairing code (\S+)$/))[1]!;
    await pay(port, pairingCode, makerRoot);
    await heard.find(/"track":2,"data":";999999/);
    const end = once(shell, "close");
    process.kill(-shell.pid!, "SIGINT"); // the terminal's Ctrl-C: both hear it
    await end;
    const facts = jsonLines(`${heard.lines.join("\n")}\n`);
    const reads = facts.filter(({ event }) => event === "read");
    expect(reads.length).to.be.greaterThan(0);
    for (const read of reads) expect(read.data).to.match(/^[;%]B?999999/);
    expect(facts.at(-1)).to.deep.include({ event: "end", reads: reads.length, diagnosis: null });
  });

  it("goes to a pipe that somebody reads, beside --json", async function () {
    this.timeout(30_000);
    const pipe = join(folder(), "coil.pipe");
    expect(spawnSync("mkfifo", [pipe]).status).to.equal(0);
    const unheard = await ecard(["emulate", "--coil", pipe]);
    expect(unheard.code).to.equal(3);
    expect(unheard.stderr).to.contain("[COIL_UNHEARD]").and.contain(`ecard pos listen ${pipe}`);

    const listener = spawnEcard(["pos", "listen", pipe, "--format", "f32le", "--json"]);
    children.push(listener);
    const heard = linesOf(listener.stdout!);
    while (!opens(listener.pid!, pipe)) await new Promise((resolve) => setTimeout(resolve, 20));
    const card = spawnEcard(["emulate", "--auto-press", "--show-code", "--json", "--coil", pipe]);
    children.push(card);
    const facts = JSON.parse((await linesOf(card.stdout!).find(/^{"event":"listening".*/))[0]);
    await pay(facts.port, facts.pairingCode, facts.makerRoot);
    await heard.find(/"track":2,"data":";999999/);
    const ends = Promise.all([once(card, "close"), once(listener, "close")]);
    card.kill("SIGINT");
    // The pipe is at its end: so is the listener.
    const [[cardCode], [listenerCode]] = (await ends) as [number[], number[]];
    expect([cardCode, listenerCode]).to.deep.equal([130, 0]);
  });

  it("ends when nobody takes it, and says what it is written to is full", () => {
    const run = (line: string) => spawnSync("bash", ["-c", line], { encoding: "utf8", timeout: 20_000 });
    const emulate = `'${process.execPath}' '${BIN}' emulate -q`;
    const left = run(`${emulate} --coil - | head -c 4; echo "\${PIPESTATUS[@]}"`);
    expect(left.stdout).to.equal("\0\0\0\0" + "0 0\n");
    const full = run(`${emulate} --coil /dev/full`);
    expect(full.stderr).to.contain("[ENOSPC]");
    expect(full.status).to.equal(3);
  });

  it("has stdout to itself: no --json there, no terminal", async () => {
    const { code, facts } = await ecard(["emulate", "--coil", "-", "--json"]);
    expect(code).to.equal(2);
    expect(facts()).to.have.nested.property("[0].error.code", "WRONG_USE");
    const shown = await ecard(["emulate", "--coil", "-"], { tty: true });
    expect(shown.code).to.equal(2);
    expect(shown.stderr).to.contain("terminal");
  });
});
