import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect } from "chai";
import { encodeWav, readSamples, readWavFile, swipeSignal, synthesise } from "../src/index.js";
import { TRACKS } from "./swipes.js";
import { codeOf, DEPTHS, peerFile, pieces } from "./wav-files.js";

describe("a recording", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "pos-sim-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function file(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  }

  it("of any rate that a swipe fits in is read, each read at its time", async () => {
    const text = ";9999991234567893=29111011234567890?";
    for (const [rate, ips] of [
      [2_000, 6],
      [3_000, 10],
      [1_000_000, 20],
      [2_500_000, 20],
    ] as const) {
      // Made at a rate that the stripe's model takes, and brought to the one that is tried: every nth sample, or each one n times.
      const made = rate < 4_000 ? rate * 8 : rate / 5;
      const swipe = swipeSignal({ track: 2, text, ips, sampleRateHz: made });
      const samples =
        rate < made
          ? swipe.samples.filter((_, n) => n % 8 === 0)
          : Float32Array.from({ length: swipe.samples.length * 5 }, (_, n) => swipe.samples[Math.floor(n / 5)]!);
      const { reads, durationS } = await readWavFile(await file("rate.wav", encodeWav([samples], rate)));
      expect(
        reads.map(({ data }) => data),
        `${rate} Hz`,
      ).to.deep.equal([text]);
      expect(durationS).to.be.closeTo(swipe.samples.length / made, 0.01);
      expect(reads[0]!.endS).to.be.lessThan(durationS);
      expect(reads[0]!.endS - reads[0]!.startS).to.be.closeTo(((text.length + 1) * 5) / 75 / ips, 0.01);
    }
  });

  it("of two channels that hear the same has each candidate once, and none beside a read of the other", async () => {
    const doubtful = synthesise(3, { snrDb: -3 }).samples;
    const one = readSamples(doubtful, 48_000).candidates;
    expect(one).to.not.have.length(0);
    const same = await readWavFile(await file("same.wav", encodeWav([doubtful, doubtful], 48_000)));
    expect(same.candidates.map(({ data }) => data)).to.deep.equal(one.map(({ data }) => data));
    const clean = synthesise(3, { snrDb: 20 }).samples;
    const beside = await readWavFile(await file("beside.wav", encodeWav([clean, doubtful], 48_000)));
    expect(beside.reads).to.have.length(1);
    expect(beside.candidates).to.deep.equal([]);
  });

  it("of every depth is read to the track, from a file and from a pipe", async () => {
    const { samples } = swipeSignal({ track: 2, text: TRACKS[2], ips: 20 });
    for (const depth of DEPTHS) {
      const bytes = peerFile([[...samples]], 44_100, depth);
      const path = await file(`${depth}.wav`, bytes);
      for (const source of [path, pieces(bytes, [1000, 1])]) {
        const { reads, format, durationS } = await readWavFile(source);
        expect(reads.map(({ data }) => data)).to.deep.equal([TRACKS[2]]);
        expect(format.bitsPerSample).to.equal(Number.parseInt(depth, 10));
        expect(durationS).to.be.closeTo(samples.length / 44_100, 1e-9);
      }
    }
  });

  it("in stereo gives each head's track, and a track on both sides once", async () => {
    const one = swipeSignal({ track: 1, text: TRACKS[1], ips: 20 }).samples;
    const two = swipeSignal({ track: 2, text: TRACKS[2], ips: 20 }).samples;
    const length = Math.max(one.length, two.length);
    const [left, right] = [new Float32Array(length), new Float32Array(length)];
    left.set(one);
    right.set(two);
    const heads = await readWavFile(pieces(encodeWav([left, right], 44_100)));
    expect(heads.reads.map(({ data }) => data).sort()).to.deep.equal([TRACKS[1], TRACKS[2]]);
    const doubled = await readWavFile(pieces(encodeWav([left, left], 44_100)));
    expect(doubled.reads.map(({ data }) => data)).to.deep.equal([TRACKS[1]]);
    const silent = await readWavFile(pieces(encodeWav([new Float32Array(length), right], 44_100)));
    expect(silent.reads).to.have.length(1);
  });

  it("in stereo tells a swipe once that both heads failed to read alike, and each head's own", async () => {
    const { samples, sampleRateHz } = swipeSignal({ track: 2, text: TRACKS[2], ips: 20 });
    const scratched = (from: number) => samples.map((sample, n) => (n > from && n < from + 400 ? 0 : sample));
    const both = await readWavFile(pieces(encodeWav([scratched(4000), scratched(4000)], sampleRateHz)));
    expect(both.failed.map(({ channel }) => channel)).to.deep.equal([1]);
    const each = await readWavFile(pieces(encodeWav([scratched(4000), scratched(3000)], sampleRateHz)));
    expect(each.failed.map(({ channel }) => channel).sort()).to.deep.equal([1, 2]);
    const one = await readWavFile(pieces(encodeWav([samples, scratched(4000)], sampleRateHz)));
    expect(one.reads.map(({ channel }) => channel)).to.deep.equal([1]);
    expect(one.failed.map(({ channel }) => channel)).to.deep.equal([2]);
  });

  it("is read from its path, with format and duration", async () => {
    const path = await file(
      "swipe.wav",
      encodeWav([swipeSignal({ track: 2, text: TRACKS[2], ips: 20 }).samples], 44_100),
    );
    const progress: (number | undefined)[] = [];
    const result = await readWavFile(path, { onProgress: (seconds, of) => progress.push(seconds, of) });
    expect(result.diagnosis).to.equal(null);
    expect(result.format).to.include({ sampleRateHz: 44_100, channels: 1 });
    expect(progress.slice(-2)).to.deep.equal([result.durationS, result.durationS]);
    expect(result.reads[0]).to.include({ track: 2, data: TRACKS[2], direction: "forward", lrc: true, masked: false });
  });

  it("of float samples is read whatever direct current lies on it", async () => {
    const { samples, sampleRateHz } = swipeSignal({ track: 2, text: TRACKS[2], ips: 20 });
    const noisy = synthesise(1, { snrDb: 1 });
    for (const direct of [0.5, -1.5, 10, -40, 1000]) {
      const on = (signal: Float32Array) => signal.map((sample) => sample + direct);
      const { reads } = await readWavFile(pieces(encodeWav([on(samples)], sampleRateHz, "float32")));
      expect(
        reads.map(({ data }) => data),
        `${direct}`,
      ).to.deep.equal([TRACKS[2]]);
      const found = readSamples(on(noisy.samples), noisy.sampleRateHz, { measures: true });
      expect(
        found.reads.map(({ data }) => data),
        `${direct}, in noise`,
      ).to.deep.equal([noisy.text]);
      if (Math.abs(direct) > 1) expect(found.reads[0]!.signal!.peakDb).to.be.below(0);
    }
    const still = readSamples(new Float32Array(48_000).fill(25), 48_000);
    expect(still.diagnosis).to.include({ code: "CONSTANT" });
    expect(still.diagnosis!.sentence).to.include("25.00 of full scale");
  });

  it("that is silent has a diagnosis instead of reads", async () => {
    const path = await file("silent.wav", encodeWav([new Float32Array(44_100)], 44_100));
    const { reads, diagnosis } = await readWavFile(path);
    expect(reads).to.deep.equal([]);
    expect(diagnosis).to.include({ code: "NO_SIGNAL" });
  });

  it("that does not exist, or is a folder, is WAV_UNREADABLE", async () => {
    expect(await codeOf(readWavFile(join(folder, "missing.wav")))).to.equal("WAV_UNREADABLE");
    expect(await codeOf(readWavFile(folder))).to.equal("WAV_UNREADABLE");
  });

  it("can be left in the middle", async () => {
    const controller = new AbortController();
    const endless = Readable.from(hours(1, 8000));
    const reading = readWavFile(endless, { signal: controller.signal, onProgress: () => controller.abort() });
    expect(await codeOf(reading)).to.equal("ABORTED");
    expect(endless.destroyed).to.equal(true);
  });

  it("of three hours takes no more memory than one of minutes", async () => {
    const before = process.memoryUsage();
    let most = 0;
    const watch = (): void => {
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      most = Math.max(most, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
    };
    const { reads, durationS } = await readWavFile(hours(3, 8000), {
      onProgress: (s) => void (Math.floor(s) % 600 === 0 && watch()),
    });
    expect(durationS).to.equal(3 * 3600);
    expect(reads).to.have.length(3 * 60);
    expect(most).to.be.lessThan(64 * 2 ** 20);
  });
});

/** A recording of hours, 8 bits, one swipe a minute over hiss, made as it is read. Its size is not known to its header. */
async function* hours(count: number, rate: number): AsyncGenerator<Uint8Array> {
  const head = Uint8Array.from(encodeWav([Float32Array.of(0)], rate).subarray(0, 44));
  const view = new DataView(head.buffer);
  view.setUint32(28, rate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  view.setUint32(40, 0xffff_ffff, true);
  yield head;
  const minute = new Uint8Array(60 * rate);
  let noise = 1;
  for (let i = 0; i < minute.length; i++) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
    minute[i] = 126 + (noise >>> 30);
  }
  swipeSignal({ track: 2, text: TRACKS[2], ips: 8, sampleRateHz: rate }).samples.forEach((x, i) => {
    minute[1000 + i]! += Math.round(x * 100);
  });
  for (let i = 0; i < count * 60; i++) yield minute;
}
