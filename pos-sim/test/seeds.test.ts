// Where the search begins, and what it does not even begin with.
import { expect } from "chai";
import { drawn } from "../src/bench/drawn.js";
import { disturb, readSamples, swipeSignal } from "../src/index.js";
import { seedsIn } from "../src/search/acquire/acquire.js";
import { mayBeZeros } from "../src/search/acquire/zeros.js";
import { likelyFormats, mayGoOn } from "../src/search/texts/parity.js";
import { normal, uniform } from "../src/signal/random.js";
import { trackBits } from "../src/signal/stripe.js";
import { synthesise } from "../src/synth/synth.js";

const CELL = 14.4;

/** Two seconds of hiss with so many cells of a wave in the middle. */
function burst(cells: number, wave: (cells: number) => number, hiss = 0.05): Float32Array {
  const next = normal(3);
  const middle = 48_000;
  return Float32Array.from({ length: 2 * middle }, (_, n) => {
    const place = (n - middle) / CELL;
    return 0.5 * (Math.abs(place) < cells / 2 ? wave(place) : 0) + hiss * next();
  });
}

/** Pulses by turns up and down, a quarter of a cell wide. */
function zeros(cells: number): number {
  let sum = 0;
  for (let k = Math.round(cells) - 6; k <= Math.round(cells) + 6; k++)
    sum += (k % 2 === 0 ? 1 : -1) / (1 + (8 * (cells - k)) ** 2);
  return sum;
}
const tone = (cells: number): number => Math.cos(Math.PI * cells);
const near = (samples: Float32Array) => seedsIn(samples, 260).filter(({ cell }) => Math.abs(cell / CELL - 1) < 0.05);

describe("seeds", () => {
  it("are runs of zeros, at their cell, far below the noise", () => {
    const swipe = swipeSignal({ track: 2, text: ";9999991234567893?", ips: 44.45, sampleRateHz: 48_000, level: 0.3 });
    const { samples } = disturb(swipe, { snrDb: -4, seed: 4 });
    const [first] = seedsIn(samples, 200);
    expect(first!.cell).to.be.closeTo(14.4, 0.3);
  });

  it("are not in white noise", () => {
    const next = normal(7);
    expect(seedsIn(Float32Array.from({ length: 96_000 }, next), 200).length).to.be.at.most(3);
  });

  it("are pulses by turns, and not a tone of the same length and pitch", () => {
    expect(near(burst(20, zeros))).to.have.length.greaterThan(0);
    expect(near(burst(20, tone))).to.deep.equal([]);
    // Square, its third harmonic upside down; and with an octave that zeros have not.
    expect(near(burst(20, (cells) => Math.sign(tone(cells))))).to.deep.equal([]);
    expect(near(burst(20, (cells) => zeros(cells) + 0.5 * Math.cos(2 * Math.PI * cells)))).to.deep.equal([]);
    expect(mayBeZeros(burst(20, zeros), 48_000, CELL)).to.equal(true);
    expect(mayBeZeros(burst(20, tone), 48_000, CELL)).to.equal(false);
  });

  it("are not pulses that go on for seconds, as a hum's do", () => {
    expect(near(burst(200, zeros))).to.have.length.greaterThan(0);
    expect(near(burst(20_000, zeros))).to.deep.equal([]);
  });

  it("are in a short swipe that is half zeros, with nothing around it", () => {
    const { conditions } = drawn(1_001_088, 1);
    const { samples, sampleRateHz, text } = synthesise(1_001_088, conditions);
    expect(readSamples(samples, sampleRateHz).reads.map(({ data }) => data)).to.deep.equal([text]);
  });
});

describe("parity", () => {
  const text = trackBits(2, ";9999991234567893=30121011777700000042?");
  const lead = new Array<number>(25).fill(0);
  const random = (seed: number, length: number): number[] => {
    const next = uniform(seed);
    return Array.from({ length }, () => (next() < 0.4 ? 1 : 0));
  };

  it("tells a track's format, wherever it begins, and of noise that it has none, most times", () => {
    for (let shift = 0; shift < 5; shift++) {
      const bits = Uint8Array.from([...lead.slice(shift), ...text, ...lead]);
      expect(likelyFormats(bits)).to.deep.equal([5]);
    }
    const one = trackBits(1, "%B9999991234567893^A/B^30121011777700000042?");
    expect(likelyFormats(Uint8Array.from([...lead, ...one, ...lead]))).to.deep.equal([7]);
    const noise = Array.from(
      { length: 200 },
      (_, seed) => likelyFormats(Uint8Array.from(random(seed + 1, 100))).length,
    );
    expect(noise.filter((count) => count > 0).length).to.be.within(1, 40);
  });

  it("is found in a swipe with bits that were misread, and with noise followed on both sides", () => {
    const next = uniform(9);
    const misread = text.map((bit) => (next() < 0.02 ? 1 - bit : bit));
    expect(likelyFormats(Uint8Array.from([...random(1, 80), ...lead, ...misread, ...random(2, 80)]))).to.include(5);
  });

  it("is not kept by ones alone, by zeros alone, or by too few characters", () => {
    expect(likelyFormats(new Uint8Array(250).fill(1))).to.deep.equal([]);
    expect(likelyFormats(new Uint8Array(250))).to.deep.equal([]);
    const few = Uint8Array.from([...lead, ...text.slice(0, 35)]);
    expect(likelyFormats(few)).to.deep.equal([]);
    expect(mayGoOn(few)).to.equal(true);
    expect(mayGoOn(new Uint8Array(250).fill(1))).to.equal(false);
  });
});

describe("the shape of pulses", () => {
  it("is none that falls between two samples, as it would fit anything", () => {
    const { conditions } = drawn(1_000_244, 1);
    const { samples, sampleRateHz, text } = synthesise(1_000_244, conditions);
    expect(readSamples(samples, sampleRateHz).reads.map(({ data }) => data)).to.deep.equal([text]);
  });
});

describe("jitter at the end of a swipe", () => {
  it("is not that of the noise behind it, which was followed too", () => {
    // Uniform by 10 %, three times as fast at the end, 15 dB: of this one, 280 cells of noise were followed.
    const conditions = {
      snrDb: 15,
      jitter: { uniform: 0.1 },
      speed: { ratio: 3 },
      wander: { height: 0.3, hz: 2 },
    } as const;
    const { samples, sampleRateHz, text } = synthesise(1_000_098, conditions);
    expect(readSamples(samples, sampleRateHz).reads.map(({ data }) => data)).to.deep.equal([text]);
  });
});
