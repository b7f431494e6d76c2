// What cells show of damage, and what is held of those beside it, from made-up fits.
import { expect } from "chai";
import { damageIn } from "../src/search/fit/damage.js";
import { lossyGains } from "../src/search/fit/gains.js";
import type { Weighed } from "../src/search/fit/weighed.js";
import { LOSSY, LOSSY_STEPS, STEPS } from "../src/search/texts/chain.js";

/** A cell whose pulses are as they should be, and by how much more noise is. */
const GOOD = 50;
const FIT = 30;

/** Cells of which each fits noise by so much better than any pulses: its evidence; the good ones fit pulses. */
function cellsOf(evidence: readonly number[]): Weighed {
  const cells = evidence.length;
  const none = () => new Float64Array(cells * STEPS);
  const along = none().map((_, i) => (evidence[Math.floor(i / STEPS)]! > 0 ? -FIT : FIT));
  const far = none().fill(-1000);
  return {
    whole: { along, own: none(), lone: none().fill(1) },
    middle: { along: far, own: none(), lone: none() },
    end: { along: far, own: none(), lone: none() },
    noise: Float64Array.from(evidence, (lost) => (lost > 0 ? -FIT : FIT) + lost),
    squares: new Float64Array(cells),
    counts: new Float64Array(cells).fill(14),
    slow: new Float64Array(cells),
    quarter: 0.5,
    scale: 1,
    begin: new Float64Array(cells * 2),
    power: new Float64Array(cells).fill(1),
  };
}

const seen = (...evidence: readonly number[]) => damageIn(cellsOf([-GOOD, -GOOD, ...evidence, -GOOD, -GOOD]));

describe("damage in a swipe", () => {
  it("is seen in a cell that fits noise e^20 times better, and each more that follows is to add e^5", () => {
    expect(seen(21)).to.equal("seen");
    expect(seen(12, 12)).to.equal("unclear");
    expect(seen(13, 13)).to.equal("seen");
    expect(seen(13, 13, 3)).to.equal("unclear");
    expect(seen(13, 13, 5)).to.equal("seen");
  });

  it("is unclear, or hidden by noise, below that", () => {
    expect(seen(5)).to.equal("unclear");
    expect(seen(3)).to.equal("hidden");
    expect(seen(-3)).to.equal("hidden");
    expect(seen(-5)).to.equal("unseen");
  });

  it("is none before the first cell that is as it should be", () => {
    expect(damageIn(cellsOf([40, -3, -GOOD, -GOOD]))).to.equal("unseen");
    expect(damageIn(cellsOf([-3, -GOOD, -GOOD]))).to.equal("unseen");
    expect(damageIn(cellsOf([-GOOD, -3, -GOOD]))).to.equal("hidden");
  });

  it("takes one pulse of a one beside a cell that has lost its own, and seldom elsewhere", () => {
    const evidence = new Array<number>(12).fill(-GOOD);
    evidence[5] = 60;
    const gains = lossyGains(cellsOf(evidence));
    /** A one whose end is lost, behind a zero. */
    const half = (k: number) => gains[k * LOSSY.states * LOSSY_STEPS + 4]!;
    for (const k of [4, 6, 7]) expect(half(k) - half(1), `cell ${k}`).to.be.closeTo(5, 1e-9);
    for (const k of [0, 2, 3, 8, 9]) expect(half(k) - half(1), `cell ${k}`).to.be.closeTo(0, 1e-9);
  });
});
