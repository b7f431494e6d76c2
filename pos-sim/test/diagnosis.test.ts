import { expect } from "chai";
import { type Diagnosis, disturb, Reader, readSamples, type Signal, swipeSignal, synthesise } from "../src/index.js";
import { normal } from "../src/signal/random.js";
import { trackBits } from "../src/signal/stripe.js";
import { TRACKS } from "./swipes.js";

const swipe = { track: 2, text: TRACKS[2], ips: 20 } as const;
const BITS = trackBits(2, TRACKS[2]);

function spoiled(...flipped: number[]): number[] {
  const bits = [...BITS];
  for (const place of flipped) bits[place]! ^= 1;
  return bits;
}

function diagnosis({ samples, sampleRateHz }: Signal, options = {}): Diagnosis {
  const result = readSamples(samples, sampleRateHz, options);
  expect(result.reads).to.deep.equal([]);
  return result.diagnosis!;
}

const tone = (hz: number, level: number): Signal => ({
  samples: Float32Array.from({ length: 88_200 }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / 44_100)),
  sampleRateHz: 44_100,
});

const still = (level: number): Signal => ({ samples: new Float32Array(44_100).fill(level), sampleRateHz: 44_100 });

const alternating = (level: number): Signal => ({
  samples: new Float32Array(44_100).map((_, i) => (i % 20 < 10 ? level : -level)),
  sampleRateHz: 44_100,
});

const cutAt = (bits: number, direction: "forward" | "reverse" = "forward"): Signal =>
  swipeSignal({ ...swipe, bits: BITS.slice(0, bits), direction });

const ZEROS = new Array<number>(1000).fill(0);
const ONES_AMONG = ZEROS.map((_, i) => (i > 300 && i < 305 ? 1 : 0));

/** Of half a second, silence beside it. */
const beep = (hz: number, shape: (x: number) => number): Signal => ({
  samples: Float32Array.from({ length: 44_100 }, (_, i) =>
    i > 10_000 && i < 32_000 ? 0.4 * shape(Math.sin((2 * Math.PI * hz * i) / 44_100)) : 0,
  ),
  sampleRateHz: 44_100,
});

const twice = ({ samples, sampleRateHz }: Signal): Signal => {
  const both = new Float32Array(2 * samples.length);
  both.set(samples);
  both.set(samples, samples.length);
  return { samples: both, sampleRateHz };
};

describe("a recording without a read says why", () => {
  const half = swipeSignal(swipe);
  const scratched = swipeSignal(swipe);
  scratched.samples.fill(0, 4000, 4400);
  const cases: [string, Signal, Partial<Diagnosis>, object?][] = [
    ["silence", { samples: new Float32Array(44_100), sampleRateHz: 44_100 }, { code: "NO_SIGNAL" }],
    ["nothing at all", { samples: new Float32Array(0), sampleRateHz: 44_100 }, { code: "NO_SIGNAL" }],
    ["what is no number", still(Number.NaN), { code: "NOT_NUMBERS" }],
    ["infinities", still(Number.POSITIVE_INFINITY), { code: "NOT_NUMBERS" }],
    ["infinities of both signs", alternating(Number.POSITIVE_INFINITY), { code: "NOT_NUMBERS" }],
    ["a constant voltage", still(0.5), { code: "CONSTANT" }],
    ["a constant voltage below zero", still(-0.02), { code: "CONSTANT" }],
    ["hiss", disturb(tone(10_000, 0.001), { snrDb: 0 }), { code: "NO_SIGNAL" }],
    ["mains hum", tone(50, 0.5), { code: "NO_CLOCK" }],
    ["noise", disturb(tone(5000, 0.01), { snrDb: -20 }), { code: "NO_CLOCK" }],
    ["zeros alone", disturb(swipeSignal({ ...swipe, bits: ZEROS }), { snrDb: 30 }), { code: "ZEROS_ALONE" }],
    ["few zeros alone", disturb(swipeSignal({ ...swipe, bits: ZEROS.slice(0, 100) }), {}), { code: "ZEROS_ALONE" }],
    ["ones alone", swipeSignal({ ...swipe, bits: ZEROS.map(() => 1) }), { code: "ZEROS_ALONE" }],
    ["zeros with four ones among them", swipeSignal({ ...swipe, bits: ONES_AMONG }), { code: "NO_CLOCK" }],
    ["a tone that begins and ends", beep(1667, (x) => x), { code: "NO_CLOCK" }],
    ["a square one", beep(1667, Math.sign), { code: "NO_CLOCK" }],
    ["a swipe at 2 ips", swipeSignal({ ...swipe, ips: 2 }), { code: "TOO_SLOW" }],
    ["a swipe at 0.6 ips", swipeSignal({ ...swipe, ips: 0.6 }), { code: "TOO_SLOW" }],
    ["a swipe at 250 ips", swipeSignal({ ...swipe, ips: 250 }), { code: "TOO_FAST" }],
    [
      "a gain that leaves nothing",
      disturb(swipeSignal({ ...swipe, bits: spoiled(37) }), { gain: 200 }),
      { code: "CLIPPED" },
    ],
    ["a wrong bit in character 8", swipeSignal({ ...swipe, bits: spoiled(37) }), { code: "PARITY", character: 8 }],
    [
      "the same, swiped backwards",
      swipeSignal({ ...swipe, bits: spoiled(37), direction: "reverse" }),
      { code: "PARITY", character: 8 },
    ],
    ["two wrong bits that hide", swipeSignal({ ...swipe, bits: spoiled(60, 61) }), { code: "LRC", character: 40 }],
    [
      "a wrong LRC",
      swipeSignal({ ...swipe, bits: spoiled(BITS.length - 5, BITS.length - 4) }),
      { code: "LRC", character: 40 },
    ],
    // The parity bit, its only one, of the first of five noughts.
    [
      "a nought that lost its one, noughts behind it",
      swipeSignal({ ...swipe, bits: spoiled(154) }),
      { code: "PARITY", character: 31 },
    ],
    ["cut data, zeros behind it, and another swipe", twice(cutAt(80)), { code: "NO_END_SENTINEL", character: 17 }],
    ["data cut between characters, zeros behind it", cutAt(80), { code: "NO_END_SENTINEL", character: 17 }],
    ["data cut in a character", cutAt(82), { code: "NO_END_SENTINEL", character: 17 }],
    ["the same, swiped backwards", cutAt(82, "reverse"), { code: "NO_END_SENTINEL", character: 17 }],
    ["half a swipe", { ...half, samples: half.samples.subarray(0, 5000) }, { code: "NO_END_SENTINEL" }],
    ["a scratch", scratched, { code: "LOST_SYNC" }],
    ["no start sentinel", swipeSignal({ ...swipe, bits: BITS.slice(5) }), { code: "NO_START_SENTINEL" }],
    ["another track than wanted", swipeSignal(swipe), { code: "OTHER_TRACK" }, { track: 1 }],
  ];
  for (const [what, signal, expected, options] of cases) {
    it(`${what}: ${expected.code}`, () => {
      const found = diagnosis(signal, options);
      expect(found).to.include(expected);
      expect(found.sentence).to.match(/^[A-Z0-9].*[.]$/);
    });
  }

  it("white noise, however long, is neither too fast nor a swipe without its start", function () {
    this.timeout(60_000);
    for (const seed of [2, 4, 5, 6, 7, 8]) {
      const next = normal(seed);
      const samples = Float32Array.from({ length: 60 * 44_100 }, () => 0.2 * next());
      expect(diagnosis({ samples, sampleRateHz: 44_100 }).code, `seed ${seed}`).to.equal("NO_CLOCK");
    }
  });

  it("of zeros alone says how many, how long and where", () => {
    const zeros = ZEROS.slice(0, 200);
    const { samples, passes } = synthesise(1);
    const cell = 14.4;
    const pulses = new Float32Array(samples.length);
    for (let k = 0; k <= zeros.length; k++)
      for (let n = 0; n < pulses.length; n++)
        pulses[n]! += (k % 2 === 0 ? 0.4 : -0.4) / (1 + ((n - passes[0]!.bounds[0]! - k * cell) / (cell / 8)) ** 2);
    const next = normal(5);
    const found = diagnosis({ samples: pulses.map((sample) => sample + 0.004 * next()), sampleRateHz: 48_000 });
    expect(found.sentence).to.match(
      /^Nothing but zeros: 200 cells of 300 us from 0[.]02[01] s on, or half as many ones/,
    );
    expect(found.atS).to.be.closeTo(passes[0]!.bounds[0]! / 48_000, 0.0002);
  });

  it("of less than any swipe lasts says so, and not that it is quiet", () => {
    const { samples } = swipeSignal(swipe);
    for (const short of [new Float32Array(100), samples.slice(0, 100)]) {
      const { code, sentence } = diagnosis({ samples: short, sampleRateHz: 44_100 });
      expect(code).to.equal("NO_SIGNAL");
      expect(sentence).to.include("2.3 ms").and.include("sample rate").and.not.include("gain");
    }
  });

  it("of a swipe of which no text is likely says so, and what its signal has, and not that there is none", () => {
    for (const seed of [1, 3]) {
      const { samples } = synthesise(seed, { jitter: { normal: 0.18 }, snrDb: 30 });
      const { candidates, failed, diagnosis: said } = readSamples(samples, 48_000, { measures: true });
      expect(candidates.length).to.be.greaterThan(0);
      expect(failed).to.deep.equal([]);
      expect(said).to.include({ code: "UNCERTAIN" });
      expect(said!.sentence).to.match(/no text is likely: the likeliest at [0-9.]+ %\..*In the signal: worst cell/);
    }
  });

  it("of data without a zero before them says that they were followed from amid them on", () => {
    const { samples } = synthesise(3, { leadingZeros: 0, trailingZeros: 0 });
    const { diagnosis: said } = readSamples(samples, 48_000, { measures: true });
    expect(said!.signal!.weaknesses.map(({ code }) => code)).to.deep.equal(["ZEROS"]);
    expect(said!.sentence).to.contain("no run of zeros was found before the data");
  });

  it("of data that fall below the noise says so among what may be", () => {
    const { samples, passes } = synthesise(1, { snrDb: 30 });
    const clean = synthesise(1).samples;
    const { bounds } = passes[0]!;
    const lost = samples.map((sample, n) => (n > bounds[130]! ? sample - 0.95 * clean[n]! : sample));
    const said = readSamples(lost, 48_000, { measures: true }).diagnosis!;
    expect(said.code).to.equal("NO_END_SENTINEL");
    expect(said.sentence).to.contain("its level fell below the noise");
  });

  it("never speaks of -0 dB", () => {
    const next = normal(3);
    const samples = Float32Array.from({ length: 44_100 }, () => Math.max(-0.97, Math.min(0.97, 0.3 * next())));
    expect(diagnosis({ samples, sampleRateHz: 44_100 }).sentence).to.include(" 0 dB of full scale");
  });

  it("says from which speed on it reads", () => {
    expect(diagnosis(swipeSignal({ ...swipe, ips: 2 })).sentence).to.contain("slower than 2.5 inches a second");
    expect(readSamples(swipeSignal({ ...swipe, ips: 2.7 }).samples, 44_100).reads).to.have.length(1);
  });

  it("with more reads than are kept says so, beside those that are", function () {
    this.timeout(60_000);
    const one = swipeSignal({ track: 2, text: ";9999991234567893=?", ips: 50, sampleRateHz: 44_100 }).samples;
    const reader = new Reader(44_100);
    for (let i = 0; i < 10_001; i++) reader.push(one);
    const { reads, diagnosis: said } = reader.finish();
    expect(reads).to.have.length(10_000);
    expect(said).to.include({ code: "TOO_MANY_READS" });
    expect(said!.atS).to.be.closeTo((10_000 * one.length) / 44_100, 0.1);
  });

  it("and where, in seconds", () => {
    const { atS } = diagnosis(swipeSignal({ ...swipe, bits: spoiled(37) }));
    // 20 ms of silence, 22 zeros, seven characters of five bits.
    expect(atS).to.be.closeTo(0.02 + (22 + 35) / 75 / 20, 1e-3);
  });
});
