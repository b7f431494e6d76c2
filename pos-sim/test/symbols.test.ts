import { expect } from "chai";
import fc from "fast-check";
import { findFrames } from "../src/reader/symbols.js";
import { trackBits } from "../src/signal/stripe.js";
import { legalText, TRACKS } from "./swipes.js";

const zeros = (count: number): number[] => new Array<number>(count).fill(0);
const stripe = (bits: readonly number[], before = 22, after = 10): Uint8Array =>
  Uint8Array.from([...zeros(before), ...bits, ...zeros(after)]);
/** Bits of track 2 with some of them turned over. */
function flipped(...places: number[]): number[] {
  const bits = trackBits(2, TRACKS[2]);
  for (const place of places) bits[place]! ^= 1;
  return bits;
}

describe("trackBits", () => {
  it("lays characters as the standard has them: least bit first, odd parity last, LRC with a parity of its own", () => {
    expect(trackBits(2, ";0?").join("")).to.equal("11010 00001 11111 00100".replaceAll(" ", ""));
    expect(trackBits(1, "%?").join("")).to.equal("1010001 1111100 0101100".replaceAll(" ", ""));
  });

  it("refuses a character that its track does not have", () => {
    expect(() => trackBits(2, ";A?"))
      .to.throw()
      .with.property("code", "BAD_ARGUMENT");
    expect(() => trackBits(1, "%a?"))
      .to.throw()
      .with.property("code", "BAD_ARGUMENT");
  });
});

describe("characters in bits", () => {
  for (const track of [1, 2, 3] as const) {
    it(`are found again, whatever legal text is on track ${track}, from either end`, () => {
      fc.assert(
        fc.property(legalText[track], (text) => {
          const bits = stripe(trackBits(track, text));
          expect(findFrames(bits, 1).frames.map(({ data }) => data)).to.deep.equal([text]);
          expect(findFrames(Uint8Array.from(bits).reverse(), -1).frames.map(({ data }) => data)).to.deep.equal([text]);
        }),
      );
    });
  }

  it("are several frames where several stand", () => {
    const bits = stripe([...trackBits(1, TRACKS[1]), ...zeros(53), ...trackBits(2, TRACKS[2])]);
    const frames = findFrames(bits, 1).frames.map(({ data, from }) => ({ data, from }));
    expect(frames).to.deep.include({ data: TRACKS[1], from: 22 });
    expect(frames).to.deep.include({ data: TRACKS[2], from: 22 + (TRACKS[1].length + 1) * 7 + 53 });
  });

  it("are refused with one bit wrong anywhere, and the place of a wrong parity is named", () => {
    const count = trackBits(2, TRACKS[2]).length;
    for (let bit = 0; bit < count; bit++) {
      const { frames, failed } = findFrames(stripe(flipped(bit)), 1);
      expect(frames).to.have.length(0);
      const character = Math.floor(bit / 5) + 1;
      // In the start sentinel nothing is found; in the end sentinel and LRC the mistake shows there or at the end.
      if (character > 1 && character < TRACKS[2].length) expect(failed).to.include({ fault: "PARITY", character });
    }
  });

  it("are refused by the LRC when two bits of a character hide from its parity", () => {
    for (let character = 1; character < TRACKS[2].length - 1; character++) {
      const { frames, failed } = findFrames(stripe(flipped(character * 5, character * 5 + 1)), 1);
      expect(frames).to.have.length(0);
      expect(failed?.character).to.be.greaterThan(character + 1);
    }
    expect(findFrames(stripe(flipped(60, 61)), 1).failed).to.include({ fault: "LRC", character: TRACKS[2].length + 1 });
  });

  it("are refused when the LRC's own parity is wrong", () => {
    const bits = trackBits(2, TRACKS[2]);
    expect(findFrames(stripe(flipped(bits.length - 1)), 1).failed).to.include({ fault: "LRC" });
  });

  it("have no end sentinel where the bits run out", () => {
    const bits = Uint8Array.from([...zeros(22), ...trackBits(2, TRACKS[2]).slice(0, 52)]);
    expect(findFrames(bits, 1).failed).to.include({ fault: "NO_END_SENTINEL", character: 11 });
  });

  it("need four zeros before them", () => {
    expect(findFrames(stripe(trackBits(2, TRACKS[2]), 4), 1).frames).to.have.length(1);
    expect(findFrames(stripe(trackBits(2, TRACKS[2]), 3), 1).frames).to.have.length(0);
  });

  it("that are few count only where they stand alone", () => {
    const few = trackBits(2, ";1?");
    expect(findFrames(stripe(few, 22, 22), 1).frames.map(({ data }) => data)).to.deep.equal([";1?"]);
    expect(findFrames(stripe(few, 8, 22), 1).frames).to.have.length(0);
    expect(findFrames(Uint8Array.from([...zeros(22), ...few, 0, 0, 1, 0, 0]), 1).frames).to.have.length(0);
    // A card's last characters, cut from the rest and read backwards.
    expect(findFrames(Uint8Array.from([...zeros(22), ...few]), 1).frames).to.have.length(0);
  });

  it("that are few want so many zeros behind them that accident has thirty bits to hit", () => {
    for (const [track, text, zerosBehind] of [
      [2, ";?", 15],
      [2, ";1?", 14],
      [2, ";123456789?", 6],
      [2, ";1234567890?", 5],
      [1, "%?", 9],
      [1, "%B12?", 6],
    ] as const) {
      const bits = trackBits(track, text);
      expect(findFrames(stripe(bits, 22, zerosBehind), 1).frames.map(({ data }) => data)).to.deep.equal([text]);
      expect(findFrames(stripe([...bits, ...zeros(zerosBehind - 1), 1], 22, 22), 1).frames, text).to.have.length(0);
    }
  });

  it("never hang or throw, whatever the bits", () => {
    const bits = fc.array(fc.nat(1), { maxLength: 600 }).map((array) => Uint8Array.from(array));
    fc.assert(
      fc.property(bits, fc.constantFrom(1 as const, -1 as const), (array, way) => {
        for (const { data } of findFrames(array, way).frames) expect(data.at(-1)).to.equal("?");
      }),
      { numRuns: 500 },
    );
  });
});
