// How much of what moved a swipe's pulses its writer did, who moved those of its other passes by the same: measured on the samples of one pass.
import { expect } from "chai";
import { seedsIn } from "../src/search/acquire/acquire.js";
import { Rates } from "../src/search/acquire/around.js";
import { draftsOf } from "../src/search/draft.js";
import { STRIPE } from "../src/search/fit/pulse.js";
import { type Fitted, fittedBySamples } from "../src/search/fitted.js";
import { joined } from "../src/search/passes/join.js";
import { synthesise } from "../src/synth/synth.js";

/** The first stretch that is followed by its samples. */
function fitted(seed: number, snrDb: number, normal: number): Fitted {
  const { samples } = synthesise(seed, { snrDb, jitter: { normal } });
  const rates = new Rates(samples);
  for (const one of seedsIn(samples, 260)) {
    const followed = draftsOf(rates, one, STRIPE).find((draft) => draft.followed !== undefined)?.followed;
    if (followed !== undefined) return fittedBySamples(followed);
  }
  throw new Error("Nothing was followed");
}

function mean(snrDb: number, normal: number): number {
  const seeds = [1, 2, 3, 4, 5, 6];
  return seeds.reduce((sum, seed) => sum + fitted(seed, snrDb, normal).view().writer, 0) / seeds.length;
}

describe("a writer's share in what moved the pulses", () => {
  it("is none where noise alone did it, however loud it is", () => {
    for (const snrDb of [-2, 0, 3, 6, 10])
      for (const seed of [1, 2, 3, 4, 5, 6]) expect(fitted(seed, snrDb, 0).view().writer).to.equal(0);
  });

  // The same jitter is a smaller share beside more noise.
  for (const [snrDb, normal, share] of [
    [10, 0.03, 0.67],
    [10, 0.06, 0.82],
    [6, 0.06, 0.72],
    [3, 0.06, 0.58],
    [0, 0.06, 0.33],
    [6, 0.1, 0.81],
    [0, 0.1, 0.57],
  ] as const) {
    it(`is ${share} of the variance at jitter of ${100 * normal} % and ${snrDb} dB`, () => {
      expect(mean(snrDb, normal)).to.be.closeTo(share, 0.06);
    });
  }

  it("counts once, however many passes are joined, and noise in each", () => {
    const view = fitted(1, 6, 0.06).view();
    const metrics = view.passBy(false);
    const pass = (writer: number) => ({
      bits: view.reading.bits,
      forward: metrics,
      reverse: view.passBy(true),
      writer,
    });
    const gains = (writer: number): Float64Array =>
      joined(pass(writer), [pass(writer), pass(writer)])!.metricsBy(false).gain;
    const alone = metrics.gain;
    const times = (writer: number): number => {
      const together = gains(writer);
      let [sum, square] = [0, 0];
      for (let i = 0; i < alone.length; i++) {
        sum += together[i]! * alone[i]!;
        square += alone[i]! ** 2;
      }
      return sum / square;
    };
    // Three passes have w + (1 - w) / 3 of the variance of one.
    for (const writer of [0, 0.25, 0.5, 0.75, 1]) {
      expect(times(writer)).to.be.closeTo(1 / (writer + (1 - writer) / 3), 1e-9);
    }
  });
});
