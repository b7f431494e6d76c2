// Recordings that lie: WAV files with headers of any kind, and raw samples of any octets in any format, in chunks of any size. Each is read
// or refused with a code, the same however it is cut, and within its time.

import {
  encodeWav,
  type Heard,
  type ListenOptions,
  listen,
  PCM_FORMATS,
  PosError,
  readWavFile,
  swipeSignal,
  wavBlocks,
} from "@enabling-card/pos-sim";
import fc from "fast-check";

/** A case takes a few milliseconds; one that takes so long goes on for ever. */
const LONGEST_MS = 10_000;
/** Frames that a block may have. */
const BLOCK_MAX = 16_384;

const SWIPE = swipeSignal({ track: 2, text: ";9999990000000013=2911101?", ips: 15, sampleRateHz: 8000 }).samples;
const LOUD = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e38, -1e6, 1, -0);

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);
const octets = (maxLength: number) => fc.uint8Array({ maxLength });
const size = fc.constantFrom(0, 1, 2, 7, 16, 18, 40, 64, 0x7fff_ffff, 0xffff_fff0, 0xffff_ffff);
const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 });
const u16 = fc.constantFrom(0, 1, 2, 3, 4, 8, 9, 12, 16, 24, 32, 64, 0xfffe, 0xffff);
const odd = fc.constantFrom(0, 1, 299, 300, 768_000, 200_000_000, 0xffff_ffff);
const rate = fc.oneof({ arbitrary: fc.constantFrom(8000, 44_100, 48_000), weight: 3 }, { arbitrary: odd, weight: 1 });

const format = fc
  .tuple(
    fc.constantFrom(1, 1, 1, 1, 1, 3, 3, 0xfffe, 2, 7),
    fc.constantFrom(1, 1, 2, 8),
    rate,
    fc.constantFrom(8, 16, 16, 24, 32, 32, 64),
  )
  .map(([tag, channels, hz, bits]) =>
    le([2, tag], [2, channels], [4, hz], [4, 0], [2, (channels * bits) / 8], [2, bits]),
  );
const oddFormat = fc
  .tuple(u16, u16, rate, u16, u16, octets(12))
  .map(([tag, channels, hz, frame, bits, rest]) =>
    joined(le([2, tag], [2, channels], [4, hz], [4, 0], [2, frame], [2, bits]), rest),
  );
const chunk = fc
  .tuple(
    fc.constantFrom("data", "data", "fmt ", "LIST", "ds64", "\0\xff\x80a"),
    fc.oneof({ arbitrary: octets(64), weight: 4 }, { arbitrary: format, weight: 1 }),
    fc.option(size, { freq: 3 }),
  )
  .map(([id, body, lie]) => joined(text(id), le([4, lie ?? body.length]), body));
const head = fc
  .tuple(
    fc.constantFrom(...times(8, "RIFF"), "RF64", "RIFX", "LIFF"),
    size,
    fc.constantFrom(...times(9, "WAVE"), "AVI "),
  )
  .map(([riff, length, kind]) => joined(text(riff), le([4, length]), text(kind)));
const madeUp = fc
  .tuple(
    head,
    fc.oneof({ arbitrary: format, weight: 6 }, { arbitrary: oddFormat, weight: 1 }),
    fc.array(chunk, { maxLength: 4 }),
  )
  .map(([start, fmt, chunks]) => joined(start, text("fmt "), le([4, fmt.length]), fmt, ...chunks));

/** A whole file, a few of its octets changed. */
function bent(whole: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(Math.min(100, whole.length)), fc.nat(255));
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce((file, [at, octet]) => file.fill(octet, at, at + 1), whole.slice()));
}

const file = fc
  .tuple(
    fc.oneof(
      { arbitrary: madeUp, weight: 3 },
      { arbitrary: bent(encodeWav([SWIPE.subarray(0, 60)], 8000)), weight: 1 },
    ),
    fc.option(fc.nat(200), { freq: 3 }),
  )
  .map(([bytes, end]) => bytes.subarray(0, end ?? bytes.length));

/** Headers and samples alone: a case takes microseconds. */
export const wav = fc.asyncProperty(file, cuts, async (bytes, sizes) => {
  const started = performance.now();
  const [one, other] = [await samplesOf(bytes, [bytes.length + 1]), await samplesOf(bytes, sizes)];
  if (one !== other) throw new Error(`${one} as a whole, ${other} in pieces`);
  inTime(started);
});

/** The same, to the reads: a case takes a millisecond. */
export const recordings = fc.asyncProperty(
  fc.oneof(file, bent(encodeWav([SWIPE], 8000))),
  cuts,
  async (bytes, sizes) => {
    const started = performance.now();
    const outcome = async (pieceSizes: readonly number[]) =>
      JSON.stringify(await readWavFile(pieces(bytes, pieceSizes)).catch(codeOf));
    const [one, other] = [await outcome([bytes.length + 1]), await outcome(sizes)];
    if (one !== other) throw new Error(`${one} as a whole, ${other} in pieces`);
    inTime(started);
  },
);

/** Pieces of a swipe, of noise, and of what is no number, one behind the other. */
const signal = fc
  .array(
    fc.oneof(
      fc.tuple(fc.nat(SWIPE.length), fc.nat(SWIPE.length)).map(([from, to]) => SWIPE.subarray(from, to)),
      fc.constant(SWIPE),
      fc.nat(2000).map((length) => new Float32Array(length)),
      octets(800).map((bytes) => Float32Array.from(bytes, (octet) => octet / 128 - 1)),
      fc.nat(LOUD.length).map((from) => LOUD.subarray(from)),
    ),
    { maxLength: 5 },
  )
  .map((parts) => Float32Array.from(parts.flatMap((part) => [...part])));

const any = <T>(value: T) => fc.constant(value);
/** Octets, and what they are taken for: what they are, or anything. */
const input = fc.oneof(
  { arbitrary: fc.tuple(octets(3000), fc.constantFrom(...PCM_FORMATS)), weight: 2 },
  { arbitrary: fc.tuple(signal.map(floats), any("f32le" as const)), weight: 4 },
  { arbitrary: fc.tuple(signal.map(shorts), any("s16le" as const)), weight: 2 },
);

export const pcm = fc.asyncProperty(
  input,
  fc.record({
    sampleRateHz: fc.oneof(
      { arbitrary: any(8000), weight: 12 },
      { arbitrary: fc.constantFrom(300, 12_345.6, 48_000, 800_000, 2e8), weight: 1 },
    ),
    channels: fc.constantFrom(1, 1, 1, 1, 1, 2, 3, 8),
    track: fc.constantFrom("auto" as const, 1 as const, 2 as const, 3 as const),
  }),
  cuts,
  async ([bytes, format], options, sizes) => {
    const started = performance.now();
    const one = await heardIn(bytes, { format, ...options }, [bytes.length + 1]);
    const other = await heardIn(bytes, { format, ...options }, sizes);
    if (one !== other) throw new Error(`${one} as a whole, ${other} in pieces`);
    inTime(started);
  },
);

function floats(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer);
}

/** What is no number is silence. */
function shorts(samples: Float32Array): Uint8Array {
  return encodeWav([samples.map((x) => (Number.isFinite(x) ? x : 0))], 8000).subarray(44);
}

async function heardIn(bytes: Uint8Array, options: ListenOptions, sizes: readonly number[]): Promise<string> {
  const all: Heard[] = [];
  for await (const heard of listen(pieces(bytes, sizes), options)) all.push(heard);
  const end = all.at(-1)!;
  if (end.kind !== "end") throw new Error("no end is told");
  for (const heard of all) {
    const spans = heard.kind === "read" ? [heard.read] : heard.kind === "candidates" ? heard.candidates : [];
    for (const { startS, endS, data } of spans) {
      if (!(startS >= -0.1 && startS < endS && endS <= end.seconds + 0.1))
        throw new Error(`read at ${startS} to ${endS}`);
      if (!/^[;%].*\?$/.test(data)) throw new Error("a read without its sentinels");
    }
    if (heard.kind === "read" && !(heard.read.confidence > 0.99999)) throw new Error("a read that is not certain");
  }
  if ((end.reads === 0) !== (end.diagnosis !== null)) throw new Error("a diagnosis beside reads, or none without");
  return JSON.stringify(all);
}

/** A digest of the samples, or the code of the refusal. */
async function samplesOf(bytes: Uint8Array, sizes: readonly number[]): Promise<string> {
  let sum = 0;
  let count = 0;
  try {
    for await (const { channels } of wavBlocks(pieces(bytes, sizes))) {
      if (channels[0]!.length > BLOCK_MAX) throw new Error(`a block of ${channels[0]!.length} frames`);
      for (const samples of channels) {
        for (const sample of samples) {
          count++;
          if (Number.isFinite(sample)) sum = (sum + sample * count) % 1e9;
        }
      }
    }
  } catch (error) {
    return `${codeOf(error)} after ${count}: ${sum}`;
  }
  if (count > bytes.length) throw new Error("more samples than octets");
  return `${count}: ${sum}`;
}

function codeOf(error: unknown): string {
  if (error instanceof PosError && error.message !== "") return error.code;
  throw error;
}

function inTime(started: number): void {
  const took = performance.now() - started;
  if (took > LONGEST_MS) throw new Error(`it took ${took} ms`);
}

async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const next = at + sizes[i % sizes.length]!;
    yield bytes.subarray(at, next);
    at = next;
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function text(characters: string): Uint8Array {
  return Buffer.from(characters, "latin1");
}

/** Numbers of 2 or 4 octets, little-endian. */
function le(...fields: readonly (readonly [width: 2 | 4, value: number])[]): Uint8Array {
  return joined(
    ...fields.map(([width, value]) => {
      const field = Buffer.alloc(width);
      field.writeUIntLE(value, 0, width);
      return field;
    }),
  );
}
