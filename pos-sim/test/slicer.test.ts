import { expect } from "chai";
import fc from "fast-check";
import { Slicer, zeroRuns } from "../src/reader/slicer.js";
import { reversals } from "../src/signal/stripe.js";
import { sliceSlowly } from "./f2f-twin.js";

const LEAD = 12;
const data = fc.array(fc.nat(1), { minLength: 1, maxLength: 300 });

/** Times of reversals of zeros and `bits`, with cells of `cell` that end `ratio` times as long. */
function timesOf(bits: readonly number[], cell: number, ratio = 1): Float64Array {
  const places = reversals([...new Array<number>(LEAD).fill(0), ...bits]);
  const all = places.at(-1)!;
  return Float64Array.from(places, (x) => cell * (x + ((ratio - 1) * x * x) / (2 * all)));
}

function slice(times: Float64Array): number[] {
  const [run] = zeroRuns(times, times.length, 1, 1e6);
  return [...new Slicer(times.length).slice(times, times.length, run!).bits];
}

describe("the bit slicer", () => {
  it("agrees with its slow twin on clean swipes, whatever the bits, cell and hand", () => {
    const cell = fc.double({ min: 5, max: 500, noNaN: true });
    const ratio = fc.double({ min: 0.5, max: 2, noNaN: true });
    fc.assert(
      fc.property(data, cell, ratio, (bits, width, hand) => {
        const times = timesOf(bits, width, hand);
        const intervals = Array.from(times.subarray(1), (time, i) => time - times[i]!);
        const fast = slice(times);
        expect(fast).to.deep.equal([...new Array<number>(LEAD).fill(0), ...bits]);
        // Where the hand is too quick for the napkin, there is nothing to agree with.
        if (bits.length > 60) expect(sliceSlowly(intervals)).to.deep.equal(fast);
      }),
    );
  });

  it("reads the same bits backwards from reversed times", () => {
    fc.assert(
      fc.property(data, (bits) => {
        const times = timesOf([...bits, ...new Array<number>(LEAD).fill(0)], 10);
        const end = times.at(-1)!;
        const mirrored = times.map((time) => end - time).reverse();
        expect(slice(mirrored)).to.deep.equal(slice(times).reverse());
      }),
    );
  });

  it("keeps the bits when every reversal is up to an eighth of a cell off, where the twin does not", () => {
    let twinFailed = 0;
    fc.assert(
      fc.property(
        fc.array(fc.nat(1), { minLength: 200, maxLength: 200 }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 425, maxLength: 425 }),
        (bits, moves) => {
          const times = timesOf(bits, 100).map((time, i) => time + 12.5 * moves[i]!);
          const sent = [...new Array<number>(LEAD).fill(0), ...bits];
          expect(slice(times)).to.deep.equal(sent);
          const twin = sliceSlowly(Array.from(times.subarray(1), (time, i) => time - times[i]!));
          if (JSON.stringify(twin) !== JSON.stringify(sent)) twinFailed++;
        },
      ),
      { seed: 5, numRuns: 60 },
    );
    expect(twinFailed).to.be.greaterThan(0);
  });

  it("stops where the cells stop, and keeps what came before", () => {
    const bits = [1, 0, 1, 1, 0, 0, 1];
    const times = timesOf(bits, 100);
    const gap = times.at(-1)! + 1000;
    const torn = Float64Array.from([...times, gap, gap + 30, gap + 400]);
    expect(slice(torn)).to.deep.equal([...new Array<number>(LEAD).fill(0), ...bits]);
  });

  it("needs six zeros to begin", () => {
    const runOf = (count: number) =>
      zeroRuns(
        Float64Array.from({ length: count + 1 }, (_, i) => 100 * i),
        count + 1,
        1,
        1000,
      );
    expect(runOf(5)).to.have.length(0);
    expect(runOf(6)).to.deep.equal([{ from: 0, to: 6, cell: 100 }]);
  });

  it("looks only for cells within its limits", () => {
    const times = Float64Array.from({ length: 20 }, (_, i) => 100 * i);
    expect(zeroRuns(times, 20, 101, 1000)).to.have.length(0);
    expect(zeroRuns(times, 20, 1, 99)).to.have.length(0);
  });
});
