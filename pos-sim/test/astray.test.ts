import { expect } from "chai";
import { astrayMetrics } from "../src/search/fit/astray.js";
import { match } from "../src/search/fit/matched.js";
import { lorentzian } from "../src/search/fit/pulse.js";
import { weighed } from "../src/search/fit/weighed.js";
import { ASTRAY, BEFORE, ENDS, STEPS } from "../src/search/texts/chain.js";
import { synthesise } from "../src/synth/synth.js";

describe("what cells say where reversals may be elsewhere", () => {
  const { samples, passes } = synthesise(5, { snrDb: 25 });
  const bounds = Float64Array.from(passes[0]!.bounds);
  const [height, steps] = [0.3, 1].map((value) => new Float64Array(bounds.length).fill(value)) as [
    Float64Array,
    Float64Array,
  ];
  const grid = { bounds, height, steps, variance: 1e-4 };
  const pulse = lorentzian(0.25);

  for (const reverse of [false, true]) {
    it(`is what all others say of a zero whose reversals are in their places${reverse ? ", in reverse" : ""}`, () => {
      const seen = weighed(grid, match(samples, grid, pulse), pulse, reverse);
      const { gain } = astrayMetrics(samples, grid, pulse, seen.scale, reverse);
      for (let k = 0; k < bounds.length - 1; k++) {
        for (const from of [0, 1, 2, 3]) {
          const [polarity, before] = [from >> 1, from & 1];
          const i = k * STEPS + from * 2;
          const there = seen.scale * (seen.whole.along[i]! - seen.whole.own[i]!);
          const state = polarity * BEFORE + before;
          // But for the odds that its one pulse is gone, e^-3.5: a swipe in place is no likelier where some may be lost.
          const expected = there + Math.log1p(-Math.exp(-3.5));
          expect(gain[(k * ASTRAY.states + state) * ENDS * 2]).to.be.closeTo(expected, 1e-6, `cell ${k}, from ${from}`);
        }
      }
    });
  }
});
