import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect } from "chai";
import fc from "fast-check";
import wavefile from "wavefile";
import { encodeWav, PosError, readWavFile, swipeSignal, wavBlocks } from "../src/index.js";
import { TRACKS } from "./swipes.js";

const { WaveFile } = wavefile;
const DEPTHS = ["8", "16", "24", "32", "32f", "64"] as const;

/** Bytes as a pipe brings them: in pieces of the given sizes, in turn. */
async function* pieces(bytes: Uint8Array, sizes: readonly number[] = [1 << 16]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function samplesOf(bytes: Uint8Array, sizes?: readonly number[]): Promise<number[][]> {
  const channels: number[][] = [];
  for await (const block of wavBlocks(pieces(bytes, sizes))) {
    block.channels.forEach((samples, c) => {
      channels[c] ??= [];
      for (const sample of samples) channels[c].push(sample);
    });
  }
  return channels;
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PosError)) throw error ?? new Error("nothing was thrown");
  return error.code;
}

/** A file by wavefile from samples of -1 to 1. */
function peerFile(channels: number[][], rate: number, depth: string): Uint8Array {
  const bits = Number.parseInt(depth, 10);
  const float = depth === "32f" || depth === "64";
  const scaled = channels.map((channel) =>
    Float64Array.from(channel, (x) =>
      float ? x : depth === "8" ? Math.round(x * 127) + 128 : Math.round(x * (2 ** (bits - 1) - 1)),
    ),
  );
  const wav = new WaveFile();
  wav.fromScratch(channels.length, rate, depth, channels.length === 1 ? scaled[0]! : scaled);
  return wav.toBuffer();
}

describe("the WAV reader", () => {
  const recording = fc.record({
    depth: fc.constantFrom(...DEPTHS),
    rate: fc.constantFrom(8000, 22_050, 44_100, 48_000, 96_000, 192_000),
    frames: fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }), {
      minLength: 1,
      maxLength: 50,
    }),
    channels: fc.integer({ min: 1, max: 8 }),
    sizes: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }),
  });

  it("reads what npm wavefile writes: every depth, rate and number of channels, in pieces of any size", async () => {
    await fc.assert(
      fc.asyncProperty(recording, async ({ depth, rate, frames, channels, sizes }) => {
        const planes = Array.from({ length: channels }, (_, c) => frames.map((frame) => frame[c]!));
        const got = await samplesOf(peerFile(planes, rate, depth), sizes);
        const step = depth === "8" ? 1 / 64 : depth === "16" ? 1e-4 : 1e-6;
        expect(got).to.have.length(channels);
        got.forEach((plane, c) => {
          expect(plane).to.have.length(frames.length);
          plane.forEach((x, i) => void expect(x).to.be.closeTo(planes[c]![i]!, step));
        });
      }),
    );
  });

  it("is read by npm wavefile what it writes, in both encodings", () => {
    const planes = [Float32Array.of(0, 0.5, -0.5, 0.999, -1), Float32Array.of(0.25, -0.25, 2, -2, 0)];
    for (const [kind, clipped] of [
      ["int16", 1],
      ["float32", 2],
    ] as const) {
      const wav = new WaveFile(encodeWav(planes, 44_100, kind));
      const raw = wav.getSamples(false) as unknown as Float64Array[];
      const scale = kind === "int16" ? 0x8000 : 1;
      raw.forEach((plane, c) => {
        planes[c]!.forEach((x, i) => {
          expect(plane[i]! / scale).to.be.closeTo(Math.max(-clipped, Math.min(clipped, x)), 1e-4);
        });
      });
    }
  });

  it("refuses to write nothing, and channels that differ in length", () => {
    expect(() => encodeWav([], 44_100)).to.throw(PosError);
    expect(() => encodeWav([new Float32Array(1), new Float32Array(2)], 44_100)).to.throw(PosError);
  });

  const plain = encodeWav([Float32Array.of(0.5, -0.5, 0.25)], 44_100);
  /** `plain` with other bytes at a place. */
  const patched = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = Uint8Array.from(plain);
    copy.set(bytes, at);
    return copy;
  };
  const chunk = (id: string, ...body: number[]): number[] => [
    ...Buffer.from(id),
    body.length,
    0,
    0,
    0,
    ...body,
    ...(body.length % 2 ? [0] : []),
  ];
  const withChunks = (before: number[], after: number[] = []): Uint8Array => {
    const bytes = Uint8Array.from([...plain.subarray(0, 36), ...before, ...plain.subarray(36), ...after]);
    new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true);
    return bytes;
  };

  const tolerated: [string, Uint8Array, number[]][] = [
    [
      "chunks of odd size before and after the samples",
      withChunks(chunk("LIST", 1, 2, 3), chunk("cue ", 7)),
      [0.5, -0.5, 0.25],
    ],
    [
      "a data size of zero from a writer that never came back",
      Uint8Array.from([...patched(4, 36, 0, 0, 0).subarray(0, 40), 0, 0, 0, 0, ...plain.subarray(44)]),
      [0.5, -0.5, 0.25],
    ],
    ["a data size of zero in a file whose own size is right", patched(40, 0, 0, 0, 0), [0.5, -0.5, 0.25]],
    ["a data size of 0xffffffff", patched(40, 255, 255, 255, 255), [0.5, -0.5, 0.25]],
    ["a stream that ends inside a frame", patched(40, 255, 255, 255, 255).subarray(0, 49), [0.5, -0.5]],
  ];
  for (const [what, bytes, samples] of tolerated) {
    it(`takes ${what}`, async () => expect(await samplesOf(bytes)).to.deep.equal([samples]));
  }

  it("takes WAVE_FORMAT_EXTENSIBLE and RF64", async () => {
    const u32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];
    const fmt = [
      0xfe,
      0xff,
      1,
      0,
      ...u32(48_000),
      ...u32(96_000),
      2,
      0,
      16,
      0,
      22,
      0,
      16,
      0,
      ...u32(4),
      1,
      0,
      ...new Array<number>(14).fill(0),
    ];
    const ds64 = [...u32(0), ...u32(0), ...u32(4), ...u32(0), ...u32(2), ...u32(0), ...u32(0)];
    const head = [
      ...Buffer.from("RF64"),
      ...u32(0xffff_ffff),
      ...Buffer.from("WAVE"),
      ...chunk("ds64", ...ds64),
      ...chunk("fmt ", ...fmt),
    ];
    const bytes = Uint8Array.from([
      ...head,
      ...Buffer.from("data"),
      ...u32(0xffff_ffff),
      0,
      64,
      0,
      192,
      ...chunk("LIST", 1),
    ]);
    expect(await samplesOf(bytes)).to.deep.equal([[0.5, -0.5]]);
  });

  const refusals: [string, Uint8Array, string][] = [
    ["an empty file", new Uint8Array(0), "WAV_EMPTY"],
    ["a file without samples", withChunks([], []).subarray(0, 36), "WAV_EMPTY"],
    [
      "a data chunk of nothing, with another behind it",
      (() => {
        const bytes = Uint8Array.from([...plain.subarray(0, 40), 0, 0, 0, 0, ...chunk("LIST", 1, 2)]);
        new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true);
        return bytes;
      })(),
      "WAV_EMPTY",
    ],
    ["a text", Buffer.from("Dear reader, this is not a recording."), "WAV_NOT_WAV"],
    ["one byte", Uint8Array.of(82), "WAV_NOT_WAV"],
    ["another RIFF file", patched(8, 65, 86, 73, 32), "WAV_NOT_WAV"],
    ["a header cut in two", plain.subarray(0, 8), "WAV_CUT"],
    ["a file cut in its format", plain.subarray(0, 30), "WAV_CUT"],
    ["a file cut in a chunk header", plain.subarray(0, 40), "WAV_CUT"],
    ["a file cut before its format", plain.subarray(0, 12), "WAV_CUT"],
    ["samples that are cut", plain.subarray(0, 48), "WAV_CUT"],
    ["samples cut inside a frame", plain.subarray(0, 49), "WAV_CUT"],
    ["big-endian WAV", patched(3, 88), "WAV_UNSUPPORTED"],
    ["u-law", patched(20, 7), "WAV_UNSUPPORTED"],
    ["12 bits a sample", patched(34, 12), "WAV_UNSUPPORTED"],
    ["16-bit float", patched(20, 3), "WAV_UNSUPPORTED"],
    ["no channel", patched(22, 0), "WAV_UNSUPPORTED"],
    ["9 channels", patched(22, 9), "WAV_UNSUPPORTED"],
    ["frames that do not fit", patched(32, 3), "WAV_UNSUPPORTED"],
    ["a rate of zero", patched(24, 0, 0), "WAV_UNSUPPORTED"],
    ["a rate of 4 GHz", patched(24, 255, 255, 255, 255), "WAV_UNSUPPORTED"],
    [
      "a format chunk of 8 bytes",
      Uint8Array.from([...plain.subarray(0, 12), ...chunk("fmt ", 1, 0, 1, 0, 1, 2, 3, 4), ...plain.subarray(36)]),
      "WAV_UNSUPPORTED",
    ],
    [
      "samples before their format",
      Uint8Array.from([...plain.subarray(0, 12), ...plain.subarray(36)]),
      "WAV_UNSUPPORTED",
    ],
    ["an extensible format without extension", patched(20, 0xfe, 0xff), "WAV_UNSUPPORTED"],
  ];
  for (const [what, bytes, code] of refusals) {
    it(`refuses ${what}: ${code}`, async () => expect(await codeOf(readWavFile(pieces(bytes)))).to.equal(code));
  }

  it("ends every file that is cut or altered with a code or a result, never otherwise", async () => {
    const cuts = Array.from({ length: plain.length }, (_, end) => plain.subarray(0, end));
    for (const bytes of cuts) expect(await codeOf(readWavFile(pieces(bytes)))).to.match(/^WAV_/);
    await fc.assert(
      fc.asyncProperty(fc.nat(plain.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = patched(at, byte);
        await readWavFile(pieces(bytes, [7])).catch((error: unknown) => void expect(error).to.be.instanceOf(PosError));
      }),
      { numRuns: 500 },
    );
  });
});

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
