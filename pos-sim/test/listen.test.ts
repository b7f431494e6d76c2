import { expect } from "chai";
import fc from "fast-check";
import {
  encodeWav,
  type Heard,
  type HeardAll,
  type ListenOptions,
  listen,
  PCM_FORMATS,
  type PcmFormat,
  PosError,
  Reader,
  swipeSignal,
  synthesise,
} from "../src/index.js";
import { TRACKS } from "./swipes.js";

const RATE = 8000;
const TEXT = TRACKS[2];
const SWIPE = swipeSignal({ track: 2, text: TEXT, ips: 20, sampleRateHz: RATE }).samples;

/** Samples as a format has them. */
const ENCODE: Readonly<Record<PcmFormat, (samples: Float32Array) => Uint8Array>> = {
  u8: (samples) => Uint8Array.from(samples, (x) => Math.round(x * 127) + 128),
  s16le: (samples) => new Uint8Array(Int16Array.from(samples, (x) => Math.round(x * 0x7fff)).buffer),
  s24le: (samples) =>
    Uint8Array.from([...samples].flatMap((x) => [0, 8, 16].map((shift) => Math.round(x * 0x7fffff) >> shift))),
  s32le: (samples) => new Uint8Array(Int32Array.from(samples, (x) => Math.round(x * 0x7fffffff)).buffer),
  f32le: (samples) => new Uint8Array(samples.slice().buffer),
};

async function* pieces(octets: Uint8Array, sizes: readonly number[] = [4096]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < octets.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield octets.subarray(at, at + size);
    at += size;
  }
}

async function all(source: AsyncIterable<Uint8Array>, options: Partial<ListenOptions> = {}): Promise<Heard[]> {
  const heard: Heard[] = [];
  for await (const one of listen(source, { format: "f32le", sampleRateHz: RATE, ...options })) heard.push(one);
  return heard;
}

const textsOf = (heard: readonly Heard[]) => heard.flatMap((one) => (one.kind === "read" ? [one.read.data] : []));
const endOf = (heard: readonly Heard[]) => heard.at(-1) as HeardAll;

function joined(...parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const pause = (seconds: number, value = 0) => new Float32Array(seconds * RATE).fill(value);

describe("listening to a head", () => {
  for (const format of PCM_FORMATS) {
    it(`reads ${format}, and tells at the end how much it heard`, async () => {
      const samples = joined(pause(1), SWIPE, pause(1));
      const heard = await all(pieces(ENCODE[format](samples)), { format });
      expect(textsOf(heard)).to.deep.equal([TEXT]);
      expect(endOf(heard)).to.deep.equal({
        ...{ kind: "end", reads: 1, seconds: samples.length / RATE, diagnosis: null, restOctets: 0 },
      });
    });
  }

  it("tells a read when it is over, and not when the samples are", async () => {
    const octets = ENCODE.f32le(joined(SWIPE, pause(600)));
    let given = 0;
    async function* counted() {
      for await (const piece of pieces(octets)) {
        given += piece.length;
        yield piece;
      }
    }
    const seen: number[] = [];
    for await (const one of listen(counted(), { format: "f32le", sampleRateHz: RATE })) {
      if (one.kind === "read") seen.push(given / 4 / RATE - one.read.endS);
    }
    expect(seen).to.have.length(1);
    expect(seen[0]).to.be.lessThan(1);
  });

  it("hears the same however the octets are cut, with numbers that are none among the samples", async () => {
    const noisy = synthesise(3, { sampleRateHz: RATE, cellUs: 500, snrDb: 1 }).samples;
    const broken = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, Number.NaN);
    const octets = ENCODE.f32le(joined(pause(1), broken, noisy, pause(1), broken, SWIPE, broken, pause(1)));
    const once = await all(pieces(octets));
    expect(textsOf(once)).to.include(TEXT);
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, async (cuts) => void expect(await all(pieces(octets, cuts))).to.deep.equal(once)),
      { numRuns: 20 },
    );
  });

  it("tells a swipe once that two heads hear, and each head's own", async () => {
    const other = swipeSignal({ track: 1, text: TRACKS[1], ips: 20, sampleRateHz: 3 * RATE }).samples;
    const one = swipeSignal({ track: 2, text: TEXT, ips: 20, sampleRateHz: 3 * RATE }).samples;
    const both = (a: Float32Array, b: Float32Array) =>
      Float32Array.from({ length: 2 * Math.max(a.length, b.length) }, (_, i) => (i % 2 ? b : a)[i >> 1] ?? 0);
    const options = { channels: 2, sampleRateHz: 3 * RATE };
    expect(textsOf(await all(pieces(ENCODE.f32le(both(one, one))), options))).to.deep.equal([TEXT]);
    const apart = await all(pieces(ENCODE.f32le(both(one, other))), options);
    expect(textsOf(apart).sort()).to.deep.equal([TRACKS[1], TEXT].sort());
  });

  it("tells once what two heads fail to read alike, with the first one's channel", async () => {
    const bad = SWIPE.slice();
    bad.fill(0, 700, 780);
    const all2 = [pause(1), bad, pause(9)].flatMap((part) => [...part].flatMap((sample) => [sample, sample]));
    const heard = await all(pieces(ENCODE.f32le(Float32Array.from(all2))), { channels: 2, sampleRateHz: RATE });
    const failed = heard.flatMap((one) => (one.kind === "failed" ? [one.failed] : []));
    expect(failed.map(({ channel, code }) => [channel, code])).to.deep.equal([[1, "LOST_SYNC"]]);
    expect(failed[0]!.sentence).to.include("In the signal");
  });

  it("tells what is likely and not sure, the likeliest first, and why nothing was read", async () => {
    const swipe = synthesise(2, { snrDb: -2 });
    const octets = ENCODE.f32le(swipe.samples);
    const heard = await all(pieces(octets), { sampleRateHz: swipe.sampleRateHz });
    expect(heard.map(({ kind }) => kind)).to.deep.equal(["candidates", "failed", "end"]);
    const [first] = heard as [Extract<Heard, { kind: "candidates" }>];
    expect(first.candidates[0]).to.include({ data: swipe.text, masked: false });
    expect(first.candidates.map(({ probability }) => probability)).to.satisfy((chances: number[]) =>
      chances.every((chance, i) => i === 0 || chance <= chances[i - 1]!),
    );
    expect(endOf(heard).diagnosis).to.have.property("code");
  });

  it("reads the track that is asked for, masked outside the test range", async () => {
    const stranger = swipeSignal({
      track: 2,
      text: ";4000001234567899=30121011777700000042?",
      ips: 20,
      sampleRateHz: RATE,
    });
    const octets = ENCODE.f32le(joined(stranger.samples, pause(1)));
    expect(textsOf(await all(pieces(octets)))).to.deep.equal([";400000******7899=3012101?"]);
    expect(endOf(await all(pieces(octets), { track: 1 })).diagnosis).to.include({ code: "OTHER_TRACK" });
  });

  it("says how many octets made no whole frame at the end", async () => {
    const octets = ENCODE.s16le(SWIPE);
    expect(endOf(await all(pieces(octets.subarray(0, 101)), { format: "s16le" }))).to.include({ restOctets: 1 });
    const heard = await all(pieces(octets.subarray(0, 107)), { format: "s16le", channels: 4 });
    expect(endOf(heard)).to.include({ restOctets: 3, seconds: 13 / RATE });
  });

  for (const [what, code, octets] of [
    ["nothing", "NO_SIGNAL", new Uint8Array(0)],
    ["half a sample", "NO_SIGNAL", Uint8Array.of(1, 2, 3)],
    ["silence", "NO_SIGNAL", new Uint8Array(4 * RATE)],
    ["samples that are no numbers", "NOT_NUMBERS", new Uint8Array(4 * RATE).fill(0xff)],
  ] as const) {
    it(`of ${what} ends with ${code}`, async () => {
      const heard = await all(pieces(octets));
      expect(heard).to.have.length(1);
      expect(endOf(heard).diagnosis).to.include({ code });
    });
  }

  for (const [what, code, octets, options] of [
    ["a rate of zero", "BAD_ARGUMENT", [], { sampleRateHz: 0 }],
    ["a rate that is no number", "BAD_ARGUMENT", [], { sampleRateHz: Number.NaN }],
    ["a rate of a gigahertz", "BAD_ARGUMENT", [], { sampleRateHz: 1e9 }],
    ["no channels", "BAD_ARGUMENT", [], { channels: 0 }],
    ["nine channels", "BAD_ARGUMENT", [], { channels: 9 }],
    ["a channel and a half", "BAD_ARGUMENT", [], { channels: 1.5 }],
    ["a format of its own", "BAD_ARGUMENT", [], { format: "toString" as PcmFormat }],
    ["a WAV file", "PCM_IS_WAV", encodeWav([SWIPE], RATE), {}],
  ] as const) {
    it(`refuses ${what}: ${code}`, async () => {
      const error = await all(pieces(Uint8Array.from(octets)), options).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(PosError).with.property("code", code);
    });
  }

  it("refuses a file that is not there", async () => {
    const error = await (async () => {
      for await (const _ of listen("/no/such/samples", { format: "u8", sampleRateHz: RATE }));
    })().catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "WAV_UNREADABLE" });
  });

  it("of samples without end stops at the signal, with what it heard, and lets its source go", async () => {
    const abort = new AbortController();
    let left = false;
    async function* endless() {
      try {
        for (;;) yield* pieces(ENCODE.f32le(joined(SWIPE, pause(1))));
      } finally {
        left = true;
      }
    }
    const heard: Heard[] = [];
    for await (const one of listen(endless(), { format: "f32le", sampleRateHz: RATE, signal: abort.signal })) {
      heard.push(one);
      if (heard.length === 3) abort.abort();
    }
    expect(heard.map(({ kind }) => kind)).to.deep.equal(["read", "read", "read", "end"]);
    expect(endOf(heard)).to.include({ reads: 3, diagnosis: null });
    expect(left).to.equal(true);
  });

  it("tells what samples hold that waited for a search, when it is stopped", async () => {
    const { samples, text } = synthesise(97_000_000, { snrDb: 3 });
    const abort = new AbortController();
    async function* stopped() {
      yield* pieces(ENCODE.f32le(joined(samples, pause(1))));
      abort.abort();
      yield new Uint8Array(4);
    }
    const heard = await all(stopped(), { sampleRateHz: 48_000, signal: abort.signal });
    expect(textsOf(heard)).to.deep.equal([text]);
    expect(endOf(heard)).to.include({ reads: 1, diagnosis: null });
  });
});

describe("a reader that is live", () => {
  it("keeps no read, and goes on where another one's store is full", () => {
    const reader = new Reader(RATE, { live: true });
    const block = joined(SWIPE, pause(0.1));
    let count = 0;
    for (let i = 0; i < 10_050; i++) count += reader.push(block).length;
    const { reads, diagnosis } = reader.finish();
    expect(count + reads.length).to.equal(10_050);
    expect(reads.length).to.be.at.most(1);
    expect(diagnosis).to.equal(null);
  });

  it("searches no longer than somebody waits", () => {
    const { samples, text } = synthesise(97_000_000, { snrDb: 3 });
    const readBy = (isLate: () => boolean) => {
      const reader = new Reader(48_000, { live: true });
      reader.push(samples);
      return reader.finish(isLate).reads.map(({ data }) => data);
    };
    expect(readBy(() => false)).to.deep.equal([text]);
    expect(readBy(() => true)).to.deep.equal([]);
  });

  it("says at any time why nothing was read so far", () => {
    const reader = new Reader(RATE, { live: true });
    expect(reader.diagnosis).to.include({ code: "NO_SIGNAL" });
    expect(reader.push(joined(SWIPE, pause(1)))).to.have.length(1);
    expect(reader.diagnosis).to.equal(null);
  });
});
