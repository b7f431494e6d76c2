// Pulses that are gone between two of one sign: what is left tells of no reversal between them, whatever the times of extremes say.
import { expect } from "chai";
import { readSamples } from "../src/index.js";
import { match } from "../src/search/fit/matched.js";
import { passMetricsOf } from "../src/search/fit/metrics.js";
import { lorentzian } from "../src/search/fit/pulse.js";
import { weighed } from "../src/search/fit/weighed.js";
import { STEPS } from "../src/search/texts/chain.js";
import { normal } from "../src/signal/random.js";
import { reversals, trackBits } from "../src/signal/stripe.js";
import { synthesise } from "../src/synth/synth.js";

const RATE = 48_000;

describe("pulses that are gone between two of one sign", () => {
  /** All three amid the two ones of a nine are gone, of two nines: as 00, each would lack but one, parity and LRC are right likewise. */
  const without = (seed: number, cell: number) => {
    const { text: drawn } = synthesise(seed);
    const text = `;9999${drawn.slice(5)}`;
    const bits = [...new Array<number>(25).fill(0), ...trackBits(2, text), ...new Array<number>(25).fill(0)];
    const samples = new Float32Array(Math.ceil(250 * cell) + 4000);
    for (const [i, place] of reversals(bits).entries()) {
      if ([38, 48].some((at) => place > at && place < at + 2)) continue;
      const centre = 2000 + place * cell;
      for (let n = Math.ceil(centre - 6 * cell); n < centre + 6 * cell; n++)
        samples[n]! += (i % 2 === 0 ? 0.3 : -0.3) / (1 + ((n - centre) / (cell / 8)) ** 2);
    }
    const deviate = normal(seed);
    return samples.map((sample) => sample + 0.01 * deviate());
  };

  // The cheap path was certain of 00; a fast swipe's search was likely, a slow one's certain.
  for (const [what, cell] of [
    ["a fast swipe", 10],
    ["a slow swipe", 25.3],
    ["one as slow as are read", 90],
  ] as const) {
    it(`are known to be in doubt: ${what}`, () => {
      for (const seed of [131_000_000, 131_000_001, 131_000_002, 131_000_003]) {
        const { reads, candidates } = readSamples(without(seed, cell), RATE);
        expect(reads.length, `seed ${seed}`).to.equal(0);
        const [first, second] = candidates.map(({ probability }) => probability);
        expect(first! + second!, `seed ${seed}`).to.be.above(0.99);
        expect(second, `seed ${seed}`).to.be.above(0.01);
      }
    }).timeout(60_000);
  }
});

describe("a one whose middle is gone", () => {
  it("is weighed as such in a pass among several, too", () => {
    const cell = 14;
    const bits = [...new Array<number>(20).fill(0), 1, ...new Array<number>(20).fill(0)];
    const samples = new Float32Array((bits.length + 20) * cell);
    const bounds = Float64Array.from({ length: bits.length + 1 }, (_, k) => (k + 10) * cell);
    for (const [i, place] of reversals(bits).entries()) {
      if (place === 20.5) continue;
      const centre = (place + 10) * cell;
      for (let n = 0; n < samples.length; n++)
        samples[n]! += (i % 2 === 0 ? 0.3 : -0.3) / (1 + ((n - centre) / (cell / 8)) ** 2);
    }
    const [height, steps] = [0.3, 1].map((value) => new Float64Array(bounds.length).fill(value)) as [
      Float64Array,
      Float64Array,
    ];
    const grid = { bounds, height, steps, variance: 1e-3 };
    const pulse = lorentzian(0.25);
    const seen = weighed(grid, match(samples, grid, pulse), pulse, false);
    const { gain } = passMetricsOf(seen, "some");
    // The likelier way round of both.
    const ones = [0, 1].map((polarity) => 20 * STEPS + polarity * 4 + 1);
    const atEnd = (i: number) => seen.scale * (seen.end.along[i]! - seen.end.own[i]!);
    const i = ones.reduce((a, b) => (atEnd(a) > atEnd(b) ? a : b));
    expect(atEnd(i)).to.be.above(20);
    expect(gain[i]).to.be.within(atEnd(i) - 8, atEnd(i) + 1);
    expect(seen.noise[20]! - 4).to.be.below(atEnd(i) - 8);
  });
});
