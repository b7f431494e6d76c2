import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { confidenceText, encodeWav, PosError, swipeSignal, synthesise, type TrackNumber } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { readRecordings } from "../src/index.js";
import { ecard, testFolder } from "./run-ecard.js";

const TRACK2 = ";9999991234567893=29111011234567890?";
const TRACK1 = "%B9999991234567893^EXAMPLE/ALEX^29111011234?";
/** A made-up number outside the test range. */
const STRANGER = "4000001234567899";

const AT = { ips: 12, sampleRateHz: 48_000 } as const;

function wav(track: TrackNumber, text: string, direction: "forward" | "reverse" = "forward"): Uint8Array {
  const { samples, sampleRateHz } = swipeSignal({ ...AT, track, text, direction });
  return encodeWav([samples], sampleRateHz);
}

describe("a read's confidence", () => {
  it("is told by how far it is from one", () => {
    expect(confidenceText(1 - 3e-6)).to.equal("1 - 3e-6");
    expect(confidenceText(1)).to.equal("over 1 - 1e-12");
  });
});

describe("ecard pos read", () => {
  const folder = testFolder();
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(folder(), name);
    writeFileSync(path, bytes);
    return path;
  };

  it("--json prints one line a file: file, reads, failed, diagnosis, and no other field", async () => {
    const good = file("good.wav", wav(2, TRACK2));
    const { code, facts, stderr } = await ecard(["pos", "read", good, "--json"]);
    expect(code).to.equal(0);
    expect(stderr).to.equal("");
    const [line, ...more] = facts();
    expect(more).to.deep.equal([]);
    const [read] = line!.reads as { confidence: number }[];
    expect(line).to.deep.equal({
      file: good,
      reads: [{ track: 2, data: TRACK2, direction: "forward", confidence: read!.confidence, lrc: true, channel: 1 }],
      failed: [],
      diagnosis: null,
    });
    expect(read!.confidence).to.be.within(0.9, 1);
  });

  it("tells the numbers of each read with --verbose, and says so on a terminal", async () => {
    const back = file("back.wav", wav(1, TRACK1, "reverse"));
    const { facts } = await ecard(["pos", "read", back, "--json", "-v"]);
    expect((facts()[0]!.reads as object[])[0]).to.include.keys("startS", "endS", "cellUs", "jitterPercent", "masked");
    const { stdout } = await ecard(["pos", "read", back]);
    expect(stdout).to.contain(`track 1 at`).and.contain(TRACK1).and.contain("reverse");
  });

  it("tells with --verbose how sure each character is, a digit under each; of a masked text nothing", async () => {
    const { samples, sampleRateHz } = synthesise(2, { snrDb: -4 });
    const noisy = file("noisy.wav", encodeWav([samples], sampleRateHz));
    const { stdout } = await ecard(["pos", "read", noisy, "-v"]);
    expect(stdout).to.match(/\n {4}least sure is character \d+, \d+ %; nines of each.*\n {4}(;9{6}.*)\n {4}\d{39}\n/);
    expect(stdout.match(/least sure/g)).to.have.length(1);
    expect(stdout.match(/\(masked\)/g)!.length).to.be.at.least(1);
    expect((await ecard(["pos", "read", noisy])).stdout).to.not.contain("least sure");
    const stranger = file("stranger.wav", wav(2, `;${STRANGER}=30121011777700000042?`));
    expect((await ecard(["pos", "read", stranger, "-v"])).stdout).to.not.contain("least sure");
  });

  it("tells numbers to what a head can tell apart, not to the last bit", async () => {
    const { facts } = await ecard(["pos", "read", file("good.wav", wav(2, TRACK2)), "--json", "-v"]);
    for (const value of Object.values((facts()[0]!.reads as Record<string, unknown>[])[0]!)) {
      if (typeof value === "number") expect(String(value)).to.match(/^[0-9]+(\.[0-9]{1,6})?$/);
    }
  });

  it("offers its tracks to whoever completes the line, and takes no other", async () => {
    const { stdout } = await ecard(["completion", "bash"]);
    expect(stdout).to.contain('--track) COMPREPLY=($(compgen -W "auto 1 2 3"');
  });

  it("reads a named pipe as its writer comes", async () => {
    const path = join(folder(), "pipe");
    expect(spawnSync("mkfifo", [path]).status).to.equal(0);
    const reading = ecard(["pos", "read", path, "--json"]);
    await writeFile(path, whole); // in another thread: it is blocked until the pipe is opened
    const { code, facts } = await reading;
    expect(code).to.equal(0);
    expect(facts()[0]).to.deep.include({ file: path, diagnosis: null });
  });

  it("is left at once while its source says nothing", async () => {
    const abort = new AbortController();
    const silent: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => new Promise(() => undefined),
      }),
    };
    const reading = (async () => {
      for await (const _ of readRecordings(["-"], { signal: abort.signal, stdin: silent }));
    })().catch((thrown: unknown) => thrown);
    setTimeout(() => abort.abort(), 5);
    expect(await reading).to.include({ name: "PosError", code: "ABORTED" });
  });

  it("reads on past a bad file among good ones, and ends with 1", async () => {
    const good = file("good.wav", wav(2, TRACK2));
    const bad = file("bad.wav", Buffer.from("this is no recording, whatever its name says"));
    const { code, facts } = await ecard(["pos", "read", "--json", good, bad, "/no/such.wav", good]);
    expect(code).to.equal(1);
    const lines = facts() as { file: string; reads: unknown[]; diagnosis: { code: string } | null }[];
    expect(lines.map((line) => [line.reads.length, line.diagnosis?.code ?? null])).to.deep.equal([
      [1, null],
      [0, "WAV_NOT_WAV"],
      [0, "WAV_UNREADABLE"],
      [1, null],
    ]);
    expect(lines.map((line) => line.file)).to.deep.equal([good, bad, "/no/such.wav", good]);
  });

  const whole = wav(2, TRACK2);
  const nothing: readonly (readonly [string, Uint8Array, string])[] = [
    ["empty", new Uint8Array(0), "WAV_EMPTY"],
    ["not a WAV file", Buffer.from("%PDF-1.7 and so on, and so on, and so on"), "WAV_NOT_WAV"],
    ["cut in its header", whole.slice(0, 30), "WAV_CUT"],
    ["silent", encodeWav([new Float32Array(48_000)], 48_000), "NO_SIGNAL"],
    ["noise", encodeWav([Float32Array.from({ length: 48_000 }, (_, i) => 0.4 * Math.sin(i * i * 0.37))], 48_000), ""],
  ];
  for (const [what, bytes, expected] of nothing) {
    it(`says why nothing was read, and ends with 1: ${what}`, async () => {
      const path = file("nothing.wav", bytes);
      const { code, facts } = await ecard(["pos", "read", path, "--json"]);
      expect(code).to.equal(1);
      expect(facts()).to.have.length(1);
      const { reads, diagnosis } = facts()[0] as { reads: unknown[]; diagnosis: { code: string; sentence: string } };
      expect(reads).to.deep.equal([]);
      if (expected !== "") expect(diagnosis.code).to.equal(expected);
      expect(diagnosis.sentence).to.match(/^[A-Z0-9]/);
      const text = await ecard(["pos", "read", path]);
      expect(text.code).to.equal(1);
      expect(text.stdout).to.match(/^[^\n]+: nothing read\. [^\n]+ \[[A-Za-z_-]+\]\n( {2}perhaps [^\n]+\n)*$/);
    });
  }

  it("cut behind whole swipes, gives them, and says that it is cut", async () => {
    const both = [swipeSignal({ ...AT, track: 1, text: TRACK1 }), swipeSignal({ ...AT, track: 2, text: TRACK2 })];
    const bytes = encodeWav([Float32Array.from(both.flatMap(({ samples }) => [...samples]))], AT.sampleRateHz);
    const cut = file("cut.wav", bytes.slice(0, bytes.length - both[1]!.samples.length));
    const { code, facts } = await ecard(["pos", "read", "--json", cut]);
    expect(code).to.equal(0);
    const { reads, diagnosis } = facts()[0] as { reads: { track: number }[]; diagnosis: { code: string } };
    expect(reads.map(({ track }) => track)).to.deep.equal([1]);
    expect(diagnosis.code).to.equal("WAV_CUT");
    expect((await ecard(["pos", "read", cut])).stdout).to.include("[WAV_CUT]");
  });

  it("cut within its only swipe: WAV_CUT, nothing read", async () => {
    const { code, facts } = await ecard(["pos", "read", "--json", file("half.wav", whole.slice(0, whole.length >> 1))]);
    expect(code).to.equal(1);
    expect(facts()[0]).to.have.deep.property("reads", []);
    expect(facts()[0]!.diagnosis).to.include({ code: "WAV_CUT" });
  });

  it("cut within a swipe, says so once, and not that the hand should have gone on", async () => {
    const cut = whole.slice(0, whole.length >> 1);
    const before = swipeSignal({ ...AT, track: 1, text: TRACK1 }).samples;
    const both = encodeWav(
      [Float32Array.of(...before, ...swipeSignal({ ...AT, track: 2, text: TRACK2 }).samples)],
      48_000,
    );
    for (const [bytes, reads] of [
      [cut, 0],
      [both.slice(0, both.length - whole.length / 2), 1],
    ] as const) {
      const { stdout } = await ecard(["pos", "read", file("half.wav", bytes)]);
      expect(stdout).to.match(
        /: (nothing read|1 read)\. The file is cut, or its header claims too much: \d+ of \d+ bytes of samples are missing\. It ends within the swipe that begins at \d\.\d{3} s\. Copy or record it again\. \[WAV_CUT\]\n/,
      );
      expect(stdout).to.not.match(/not read, |Swipe/);
      expect(stdout.split("\n")).to.have.length.at.least(2 + 2 * reads);
      const [fact] = (await ecard(["pos", "read", file("half.wav", bytes), "--json"])).facts();
      const [failed, ...more] = fact!.failed as { sentence: string; atS: number }[];
      expect(more).to.deep.equal([]);
      expect(failed!.sentence).to.include("the recording ends within the swipe").and.to.not.include("Swipe");
      expect(fact!.diagnosis).to.include({ atS: failed!.atS });
    }
  });

  it("cut within a swipe's first characters says the same, though so little is no failed swipe", async () => {
    const { samples, sampleRateHz } = synthesise(1);
    const { stdout } = await ecard([
      "pos",
      "read",
      file("early.wav", encodeWav([samples], sampleRateHz).slice(0, 3000)),
    ]);
    expect(stdout).to.match(/ missing\. It ends within a swipe\. Copy or record it again\. \[WAV_CUT\]\n$/);
  });

  it("with a header that claims more than there is, is read, and says so", async () => {
    const lies = Buffer.from(whole);
    lies.writeUInt32LE(0xffff_fff0, 40);
    const { code, stdout } = await ecard(["pos", "read", file("lies.wav", lies)]);
    expect(code).to.equal(0);
    expect(stdout).to.match(
      /: 1 read\. The file is cut, or its header claims too much: .* missing\. All that is there was searched\. \[WAV_CUT\]\n/,
    );
  });

  it("cut behind a swipe that failed: both are said, and what in the signal did it", async () => {
    const { samples, sampleRateHz } = synthesise(2, { dropouts: { count: 2, cells: 10 } });
    const bytes = encodeWav([Float32Array.from([...samples, ...new Float32Array(4800)])], sampleRateHz);
    const cut = file("cut.wav", bytes.slice(0, bytes.length - 2000));
    const { code, facts } = await ecard(["pos", "read", "--json", cut]);
    expect(code).to.equal(1);
    const { reads, failed, diagnosis } = facts()[0] as Record<"reads" | "failed", Record<string, unknown>[]> & {
      diagnosis: { code: string; sentence: string; atS: number };
    };
    expect(reads).to.deep.equal([]);
    expect(failed.map((one) => one.code)).to.deep.equal(["LOST_SYNC"]);
    expect(diagnosis).to.include({ code: "WAV_CUT", atS: failed[0]!.atS });
    expect(diagnosis.sentence).to.match(
      /^The file is cut, or its header claims too much: 2000 of [0-9]+ bytes of samples are missing\. The cells /,
    );
    const { stdout } = await ecard(["pos", "read", cut]);
    expect(stdout).to.include("The file is cut").and.include("no pulse for").and.include("[WAV_CUT]");
  });

  it("cut behind a read and a swipe that failed, gives both", async () => {
    const bad = synthesise(2, { dropouts: { count: 2, cells: 10 } });
    const pause = new Float32Array(24_000);
    const all = [...synthesise(1).samples, ...pause, ...bad.samples, ...pause];
    const bytes = encodeWav([Float32Array.from(all)], bad.sampleRateHz);
    const cut = file("cut.wav", bytes.slice(0, bytes.length - 2000));
    const { code, facts } = await ecard(["pos", "read", "--json", cut]);
    expect(code).to.equal(0);
    const { reads, failed, diagnosis } = facts()[0] as { reads: object[]; failed: object[]; diagnosis: object };
    expect([reads.length, failed.length]).to.deep.equal([1, 1]);
    expect(diagnosis).to.include({ code: "WAV_CUT" });
    expect((await ecard(["pos", "read", cut])).stdout)
      .to.include("not read, ")
      .and.include("The file is cut");
  });

  it("refuses standard input named twice", async () => {
    const { code, stderr } = await ecard(["pos", "read", "-", "-"], { stdin: whole });
    expect(code).to.equal(2);
    expect(stderr).to.include("[BAD_ARGUMENT]");
  });

  it("takes standard input as -", async () => {
    const { code, facts } = await ecard(["pos", "read", "-", "--json"], { stdin: whole });
    expect(code).to.equal(0);
    expect(facts()[0]).to.deep.include({ file: "-", diagnosis: null });
  });

  it("reads only the track asked for", async () => {
    const good = file("good.wav", whole);
    expect((await ecard(["pos", "read", "--track", "2", good])).code).to.equal(0);
    const { code, facts } = await ecard(["pos", "read", "--track", "1", good, "--json"]);
    expect(code).to.equal(1);
    expect(facts()[0]!.diagnosis).to.include({ code: "OTHER_TRACK" });
  });

  it("shows no number outside the test range, in no output", async () => {
    const paths = [
      file("s2.wav", wav(2, `;${STRANGER}=30121011777700000042?`)),
      file("s1.wav", wav(1, `%B${STRANGER}^DOE/JANE^30121011777700000042?`)),
      file("s3.wav", wav(3, `;01${STRANGER}=${"7".repeat(40)}?`)),
    ];
    for (const options of [[], ["--json"], ["-v"], ["--json", "-v"], ["-q"], ["--track", "2", "--json", "-v"]]) {
      const { stdout, stderr } = await ecard(["pos", "read", ...paths, ...options]);
      expect(stdout + stderr, options.join(" ")).not.to.contain("1234567");
      expect(stdout + stderr, options.join(" ")).not.to.contain("777777");
      expect(stdout, options.join(" ")).to.contain("400000******7899");
    }
  });

  it("is a call that a signal ends", async () => {
    const abort = new AbortController();
    const path = file("good.wav", whole);
    const seen: string[] = [];
    const error = await (async () => {
      for await (const { file: read } of readRecordings([path, path, path], { signal: abort.signal })) {
        seen.push(read);
        abort.abort();
      }
    })().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PosError).with.property("code", "ABORTED");
    expect(seen).to.have.length(1);
  });
});
