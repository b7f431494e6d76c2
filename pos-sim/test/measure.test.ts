import { expect } from "chai";
import { type Conditions, Reader, readSamples, type SignalMeasures, swipeSignal, synthesise } from "../src/index.js";
import { trackBits } from "../src/signal/stripe.js";
import { TRACKS } from "./swipes.js";

/** The measures of the only read, or of the attempt that failed. */
function signalOf(conditions: Conditions, seed = 1): SignalMeasures {
  const { samples, sampleRateHz } = synthesise(seed, conditions);
  const { reads, diagnosis } = readSamples(samples, sampleRateHz, { measures: true });
  return (reads[0]?.signal ?? diagnosis?.signal)!;
}

const codes = ({ weaknesses }: SignalMeasures): string[] => weaknesses.map(({ code }) => code);

describe("the signal of a swipe", () => {
  it("that is clean has nothing weak, and measures as it was made", () => {
    const signal = signalOf({});
    expect(signal.weaknesses).to.deep.equal([]);
    expect(signal.speed.meanIps).to.be.closeTo(1 / (75 * 300e-6), 0.05);
    expect(signal.cellUs).to.be.closeTo(300, 0.1);
    expect(signal.cellSamples).to.be.closeTo(14.4, 0.01);
    expect(signal.jitter!.reversalsPercent).to.be.below(0.5);
    expect(signal).to.include({ leadingZeros: 25, trailingZeros: 25, clippedPercent: 0 });
    expect(signal.dropouts).to.deep.equal([]);
    expect(signal).to.not.have.property("snrDb");
  });

  it("is measured only when asked for", () => {
    const { samples, sampleRateHz } = synthesise(1);
    const result = readSamples(samples, sampleRateHz);
    expect(result).to.have.all.keys("reads", "candidates", "failed", "diagnosis");
    expect(result.reads[0]).to.not.have.any.keys("signal", "profile", "cells");
  });

  for (const per of [2, 3, 6]) {
    it(`has its jitter told: ${per} %`, () => {
      const { jitter } = signalOf({ jitter: { normal: per / 100 }, snrDb: 40 });
      expect(jitter!.reversalsPercent).to.be.closeTo(per, 0.7);
      // A cell ends at two reversals; half a cell is half as long.
      expect(jitter!.cells.rmsPercent).to.be.closeTo(per * Math.SQRT2, 0.2 * per);
      expect(jitter!.subintervals!.rmsPercent).to.be.closeTo(2 * per * Math.SQRT2, 0.4 * per);
    });
  }

  it("has its jitter told without bias, though the clock follows it a little", () => {
    const seeds = Array.from({ length: 16 }, (_, i) => i + 1);
    const all = seeds.map((seed) => signalOf({ jitter: { normal: 0.03 }, sampleRateHz: 96_000 }, seed));
    const mean = all.reduce((sum, { jitter }) => sum + jitter!.reversalsPercent, 0) / seeds.length;
    // Neighbours' pulses hold a peak back by some 2 %.
    expect(mean).to.be.within(2.88, 3.02);
  });

  it("has a clock that lost pulses do not move", () => {
    const { samples, sampleRateHz } = swipeSignal({ track: 2, text: TRACKS[2], ips: 20 });
    const cell = sampleRateHz / (20 * 75);
    samples.fill(0, Math.floor(882 + 60.3 * cell), Math.ceil(882 + 61.7 * cell));
    const { signal } = readSamples(samples, sampleRateHz, { measures: true }).reads[0]!;
    expect(signal!.dropouts).to.have.length(1);
    expect(codes(signal!)).to.deep.equal(["DROPOUT"]);
    expect(signal!.jitter!.reversalsPercent).to.be.below(0.25);
  });

  it("has no dropouts where pulses lie elsewhere, or drown in noise", () => {
    for (const seed of [1, 2, 3, 4]) {
      expect(signalOf({ snrDb: 0 }, seed).dropouts, `seed ${seed}`).to.deep.equal([]);
      expect(signalOf({ jitter: { normal: 0.1 } }, seed).dropouts, `seed ${seed}`).to.deep.equal([]);
    }
  });

  it("has its jitter told of a hand that hurries and slows down, too", () => {
    for (const speed of [{ hand: true }, { ratio: 3 }, { ratio: 0.3 }] as const) {
      expect(signalOf({ speed, jitter: { normal: 0.03 } }).jitter!.reversalsPercent).to.be.closeTo(3, 0.5);
      expect(signalOf({ speed }).jitter!.reversalsPercent).to.be.below(0.6);
    }
  });

  it("has its worst cell against both limits, and at its character", () => {
    const { samples, sampleRateHz, passes } = synthesise(3);
    // The reversal that begins the first cell of character 9 comes 12 % of a cell late.
    const late = moved(samples, passes[0]!.bounds[25 + 40]!, 0.12 * 14.4);
    const { cells } = readSamples(late, sampleRateHz, { measures: true }).reads[0]!.signal!.jitter!;
    expect(cells.worstPercent).to.be.closeTo(12, 1.5);
    expect(cells.worstOfNewPercent).to.be.closeTo(10 * cells.worstPercent, 1e-6);
    expect(cells.worstOfUsedPercent).to.be.closeTo(cells.worstPercent / 0.15, 1e-6);
    expect(cells.worstCharacter).to.be.within(8, 9);
    const back = readSamples(late.toReversed(), sampleRateHz, { measures: true }).reads[0]!;
    expect(back.direction).to.equal("reverse");
    expect(back.signal!.jitter!.cells.worstCharacter).to.be.within(8, 9);
  });

  it("is weak where a cell is outside a new card's limit, in words", () => {
    const signal = signalOf({ jitter: { normal: 0.04 } });
    expect(codes(signal)).to.include("JITTER");
    const { sentence, character } = signal.weaknesses.find(({ code }) => code === "JITTER")!;
    expect(sentence).to.match(
      /^worst cell [0-9]+ % off, [0-9]+ % of a new card's limit, [0-9]+ % of a used card's, at character [0-9]+$/,
    );
    expect(character).to.be.within(1, 40);
    expect(codes(signalOf({ jitter: { normal: 0.01 } }))).to.deep.equal([]);
  });

  it("has no jitter told where a cell has too few samples", () => {
    const signal = signalOf({ track: 1, cellUs: 100 });
    expect(signal).to.not.have.property("jitter");
    expect(codes(signal)).to.deep.equal(["SPEED"]);
  });

  it("has its level in dB of full scale", () => {
    for (const level of [0.5, 0.1, 0.01]) {
      const { peakDb, swingDb } = signalOf({ level });
      // Neighbours' pulses of the other sign take a tenth off.
      expect(peakDb).to.be.closeTo(20 * Math.log10(level), 1);
      expect(swingDb).to.be.within(peakDb - 4, peakDb);
    }
    expect(codes(signalOf({ level: 0.008 }))).to.deep.equal(["LEVEL"]);
    expect(codes(signalOf({ level: 0.02 }))).to.deep.equal([]);
  });

  it("has its speeds, whichever way it was swiped", () => {
    for (const direction of ["forward", "reverse"] as const) {
      const { samples, sampleRateHz } = swipeSignal({ track: 2, text: TRACKS[2], ips: 8, acceleration: 3, direction });
      const { speed } = readSamples(samples, sampleRateHz, { measures: true }).reads[0]!.signal!;
      // The data lies between 22 and 24 zeros of 8 + and 24 - inches a second.
      expect(speed.slowestIps).to.be.within(8, 13);
      expect(speed.fastestIps).to.be.within(20, 24);
      expect(speed.meanIps).to.be.within(14, 18);
    }
    const { speed } = signalOf({ speed: { ratio: 5 } });
    expect(speed.fastestIps / speed.slowestIps).to.be.within(2, 3);
  });

  it("is weak where readers would not follow its speed", () => {
    expect(codes(signalOf({ cellUs: 200, sampleRateHz: 96_000 }))).to.deep.equal(["SPEED"]);
    expect(codes(signalOf({ cellUs: 4800 }))).to.deep.equal(["SPEED"]);
    expect(codes(signalOf({ speed: { ratio: 9 }, cellUs: 500, leadingZeros: 11 }))).to.deep.equal(["SPEED"]);
  });

  it("has the speed of its own track's density", () => {
    expect(signalOf({ track: 1 }).speed.meanIps).to.be.closeTo(1 / (210 * 300e-6), 0.05);
    expect(signalOf({ track: 3 }).speed.meanIps).to.be.closeTo(1 / (210 * 300e-6), 0.05);
  });

  it("has its flat tops counted", () => {
    for (const clip of [0.3, 0.6]) {
      const { samples, passes } = synthesise(1, { level: 0.3 });
      const bounds = passes[0]!.bounds;
      const frame = samples.subarray(Math.floor(bounds[25]!), Math.ceil(bounds[225]!));
      const flat = frame.filter((sample) => Math.abs(sample) >= clip * 0.3).length;
      const signal = signalOf({ clip });
      expect(signal.clippedPercent).to.be.closeTo((100 * flat) / frame.length, 3);
      expect(codes(signal)).to.include("CLIPPING");
    }
    expect(codes(signalOf({ clip: 2 }))).to.deep.equal([]);
  });

  it("has its zeros counted in the order of reading, and too few are weak", () => {
    const few = { leadingZeros: 7, trailingZeros: 19 };
    expect(signalOf(few)).to.include(few);
    expect(signalOf({ ...few, direction: "reverse" })).to.include(few);
    expect(codes(signalOf(few))).to.deep.equal(["ZEROS"]);
    expect(codes(signalOf({ leadingZeros: 22, trailingZeros: 1 }))).to.deep.equal(["ZEROS"]);
    expect(signalOf({ leadingZeros: 100 }).leadingZeros).to.equal(64);
  });

  for (const snrDb of [30, 20, 6]) {
    it(`has its signal to noise: ${snrDb} dB`, () => {
      const signal = signalOf({ snrDb });
      expect(signal.snrDb).to.be.closeTo(snrDb, 1.5);
      expect(codes(signal).includes("NOISE")).to.equal(snrDb === 6);
    });
  }

  it("takes hum and wander for what they are: no noise", () => {
    expect(signalOf({ hum: { height: 0.3, hz: 50 }, snrDb: 25 }).snrDb).to.be.closeTo(25, 2);
    expect(codes(signalOf({ wander: { height: 0.5, hz: 2 } }))).to.deep.equal([]);
  });

  it("has its dropouts, where and how long", () => {
    const { samples, sampleRateHz, passes } = synthesise(2, { snrDb: 25 });
    const bounds = passes[0]!.bounds;
    samples.fill(0, Math.ceil(bounds[26]! - 4), Math.ceil(bounds[29]! - 4));
    const { reads, diagnosis } = readSamples(samples, sampleRateHz, { measures: true });
    const signal = reads[0]?.signal ?? diagnosis!.signal!;
    const [gap, ...more] = signal.dropouts;
    expect(more).to.deep.equal([]);
    expect(gap!.lengthUs).to.be.within(900, 1700);
    expect(signal.weaknesses[0]!.code).to.equal("DROPOUT");
  });

  it("has a lowest pulse, and one that is nearly gone is weak", () => {
    const { samples, sampleRateHz, passes } = synthesise(2);
    const at = passes[0]!.bounds[100]!;
    for (let n = Math.round(at) - 4; n <= at + 4; n++) samples[n]! *= 0.25;
    const signal = readSamples(samples, sampleRateHz, { measures: true }).reads[0]!.signal!;
    expect(signal.lowestPulsePercent).to.be.within(10, 34);
    expect(codes(signal)).to.deep.equal(["WEAK"]);
    expect(signalOf({}).lowestPulsePercent).to.be.above(75);
  });
});

describe("a recording without a read names what in the signal did it", () => {
  const BITS = trackBits(2, TRACKS[2]);
  const swipe = { track: 2, text: TRACKS[2], ips: 20 } as const;
  const made = (conditions: Conditions, seed = 1) => synthesise(seed, conditions);
  const scratched = swipeSignal(swipe);
  scratched.samples.fill(0, 4000, 4400);

  const cases: [string, { samples: Float32Array; sampleRateHz: number }, string, string, number?][] = [
    ["a scratch", scratched, "LOST_SYNC", "DROPOUT", 17],
    ["dropouts", made({ dropouts: { count: 2, cells: 10 }, snrDb: 25 }), "LOST_SYNC", "DROPOUT", 12],
    ["noise", made({ snrDb: -4 }), "UNCERTAIN", "NOISE"],
    ["jitter", made({ jitter: { normal: 0.15 } }, 2), "UNCERTAIN", "JITTER"],
    ["missing zeros", made({ leadingZeros: 1, trailingZeros: 1 }), "NO_START_SENTINEL", "ZEROS"],
    ["a slow hand", made({ cellUs: 9000 }), "TOO_SLOW", "SPEED"],
    ["a fast hand", swipeSignal({ ...swipe, ips: 250 }), "TOO_FAST", "SPEED"],
    [
      "a quiet swipe that is cut",
      swipeSignal({ ...swipe, bits: BITS.slice(0, 80), level: 0.009 }),
      "NO_END_SENTINEL",
      "LEVEL",
    ],
  ];
  for (const [what, { samples, sampleRateHz }, code, cause, character] of cases) {
    it(`${what}: ${code}, ${cause}`, () => {
      const { reads, diagnosis } = readSamples(samples, sampleRateHz, { measures: true });
      expect(reads).to.deep.equal([]);
      expect(diagnosis!.code).to.equal(code);
      const weak = diagnosis!.signal!.weaknesses.find((one) => one.code === cause)!;
      expect(weak, codes(diagnosis!.signal!).join()).to.not.equal(undefined);
      expect(diagnosis!.sentence).to.include(`In the signal: `).and.include(weak.sentence);
      if (character !== undefined) expect(weak.character).to.equal(character);
    });
  }

  it("the end of a swipe that is cut: neither a dropout nor zeros that are missed", () => {
    const { samples, sampleRateHz } = swipeSignal(swipe);
    samples.fill(0, 5000);
    const { diagnosis } = readSamples(samples, sampleRateHz, { measures: true });
    expect(diagnosis!.code).to.equal("NO_END_SENTINEL");
    expect(diagnosis!.signal).to.deep.include({ dropouts: [], weaknesses: [], trailingZeros: 0 });
  });

  it("the silence between two swipes: no dropout", () => {
    const bits = BITS.map((bit, i) => (i === 37 ? 1 - bit : bit));
    const { samples, sampleRateHz } = swipeSignal({ ...swipe, bits });
    const both = new Float32Array(2 * samples.length);
    both.set(samples);
    both.set(samples, samples.length - 1500); // 6 ms apart
    const { diagnosis } = readSamples(both, sampleRateHz, { measures: true });
    expect(diagnosis!.code).to.equal("PARITY");
    expect(diagnosis!.signal!.dropouts).to.deep.equal([]);
  });

  it("a wrong bit: nothing in the signal", () => {
    const bits = BITS.map((bit, i) => (i === 37 ? 1 - bit : bit));
    const { samples, sampleRateHz } = swipeSignal({ ...swipe, bits });
    const { diagnosis } = readSamples(samples, sampleRateHz, { measures: true });
    expect(diagnosis).to.include({ code: "PARITY", character: 8 });
    expect(diagnosis!.signal!.weaknesses).to.deep.equal([]);
    expect(diagnosis!.sentence).to.include("may have been written so");
    expect(diagnosis!.signal).to.include({ leadingZeros: 22 });
  });

  it("a level of the whole, where nothing could be followed", () => {
    const samples = Float32Array.from({ length: 44_100 }, (_, i) => 0.1 * Math.sin((2 * Math.PI * 50 * i) / 44_100));
    const { diagnosis } = readSamples(samples, 44_100, { measures: true });
    expect(diagnosis!.code).to.equal("NO_CLOCK");
    expect(diagnosis!.sentence).to.include("-20 dB of full scale");
  });
});

/** Samples around `at` slide by `by`, those farther than half a cell stay. */
function moved(samples: Float32Array, at: number, by: number): Float32Array {
  const reach = 6;
  return samples.map((sample, n) => {
    const distance = Math.abs(n - at - by);
    if (distance > reach) return sample;
    const shift = by * Math.min(1, (reach - distance) / (reach / 2));
    const place = n - shift;
    const low = Math.floor(place);
    return samples[low]! + (place - low) * (samples[low + 1]! - samples[low]!);
  });
}

describe("zeros before the data", () => {
  it("begin with the first pulse, and not with a peak of noise a cell before it", () => {
    for (const conditions of [{ snrDb: 40 }, { snrDb: 30, cellUs: 1000 }, { snrDb: 20, pulse: { pw50: 0.4 } }])
      for (let seed = 500; seed < 510; seed++)
        expect(signalOf(conditions, seed), `${seed}`).to.include({ leadingZeros: 25, trailingZeros: 25 });
    for (let seed = 500; seed < 510; seed++)
      expect(signalOf({ snrDb: 30, leadingZeros: 5 }, seed).leadingZeros).to.equal(5);
  });
});

describe("a swipe whose samples are no numbers", () => {
  it("has no level that is told", () => {
    const { samples, sampleRateHz } = synthesise(97_100_000);
    const reader = new Reader(sampleRateHz, { measures: "failed" });
    reader.push(samples.map((sample) => sample * 1e300));
    const { failed } = reader.finish();
    expect(failed).to.have.length(1);
    expect(failed[0]!.sentence).to.not.include("Infinity");
    expect(failed[0]!.signal).to.equal(undefined);
  });
});
