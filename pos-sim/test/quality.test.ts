// What the cheap path holds against a frame whose times are in order: swings unlike those around them.
import { expect } from "chai";
import { isEven } from "../src/reader/quality.js";

const COUNT = 100;

/** All alike but for some. */
function swings(others: Readonly<Record<number, number>> = {}): Float32Array {
  return Float32Array.from({ length: COUNT }, (_, i) => 0.3 * (others[i] ?? 1));
}
const even = (others: Readonly<Record<number, number>>, from = 20, to = 80): boolean =>
  isEven(swings(others), COUNT, from, to);

describe("the swings of a frame", () => {
  // Of 25 of them the one in question is one: 1.6 of their mean is 1.64 of the others, and 0.45 is 0.44.
  for (const [height, isAlike] of [
    [1, true],
    [1.5, true],
    [1.62, true],
    [1.66, false],
    [2.5, false],
    [0.46, true],
    [0.42, false],
    [0, false],
  ] as const) {
    it(`are ${isAlike ? "" : "not "}even where one has ${height} of the others' height, wherever it is`, () => {
      for (const place of [20, 21, 50, 79, 80]) expect(even({ [place]: height }), `swing ${place}`).to.equal(isAlike);
    });
  }

  // Where pulses between two of one sign are gone, noise or what is left of these two makes an extreme between them.
  for (const [height, isAlike] of [
    [1, true],
    [0.7, true],
    [0.67, false],
    [0.5, false],
  ] as const) {
    it(`are ${isAlike ? "" : "not "}even where two in a row have ${height} of the others' height, wherever they are`, () => {
      for (const place of [20, 50, 79])
        expect(even({ [place]: height, [place + 1]: height }), `swing ${place}`).to.equal(isAlike);
    });
  }

  it("are even where two in a row are low and cells are too short for a search: nobody else would read it", () => {
    const low = swings({ 50: 0.6, 51: 0.6 });
    expect(isEven(low, COUNT, 20, 80, false)).to.equal(true);
    expect(isEven(low, COUNT, 20, 80, true)).to.equal(false);
  });

  it("are even where one is low and its neighbours make up for it, as an uneven stripe's", () => {
    expect(even({ 50: 0.6, 52: 0.6, 54: 0.6 })).to.equal(true);
  });

  it("are judged among those of the recording, but none of these by themselves", () => {
    for (const place of [19, 81]) expect(even({ [place]: 3 }), `swing ${place}`).to.equal(true);
    expect(even({ 0: 3 }, 0, COUNT - 1)).to.equal(false);
    expect(even({ [COUNT - 1]: 3 }, 0, COUNT - 1)).to.equal(false);
  });

  it("are even where they grow threefold over the swipe, as the hand does", () => {
    const grown = Float32Array.from({ length: COUNT }, (_, i) => 0.1 * 3 ** (i / COUNT));
    expect(isEven(grown, COUNT, 0, COUNT - 1)).to.equal(true);
  });
});
