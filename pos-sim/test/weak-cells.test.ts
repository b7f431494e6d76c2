// Cells whose pulses are weak, and a level that falls or rises within a swipe.
import { expect } from "chai";
import { codes, made, signalOf, weakened, weaknesses } from "./weakness-support.js";

describe("weak cells", () => {
  for (const [cells, share] of [
    [40, 0.3],
    [20, 0.2],
    [10, 0.1],
    [5, 0.1],
  ] as const) {
    it(`are told as such: ${cells} at ${100 * share} %, where they are`, () => {
      const [first, ...more] = weaknesses(weakened(2, 90, cells, share));
      expect(more).to.deep.equal([]);
      expect(first!.code).to.equal("WEAK");
      const said =
        /^pulses of only ([0-9]+) % of the usual height for ([0-9.]+) ms \(([0-9]+) cells\) from ([0-9.]+) s on, at character 1[345]$/;
      const [, height, , length, at] = said.exec(first!.sentence)!;
      expect(Number(height)).to.be.closeTo(100 * share, 4);
      expect(Number(length)).to.be.closeTo(cells, 2);
      // 16 cells at most before 20 ms of silence and 90 cells.
      expect(Number(at)).to.be.within(0.047 - 16 * 0.0003, 0.0475);
    });
  }

  it("of a read have their own place", () => {
    const signal = signalOf(weakened(1, 90, 6, 0.45));
    const [gap, ...more] = signal.dropouts;
    expect(more).to.deep.equal([]);
    expect(gap!.atS).to.be.closeTo(0.047, 0.0005);
    expect(gap!.pulsePercent).to.be.closeTo(45, 6);
    expect(signal.weaknesses.map(({ code }) => code)).to.deep.equal(["WEAK"]);
  });

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`to the end are a level that falls: to how much, and where, seed ${seed}`, () => {
      const from = 60 + 12 * seed;
      const { levelStep, weaknesses: told } = signalOf(weakened(seed, from, 1000, 0.3));
      expect(levelStep!.pulsePercent).to.be.closeTo(30, 3);
      expect(levelStep!.character).to.be.closeTo((from - 25) / 5 + 1, 1);
      expect(levelStep!.atS).to.be.closeTo(0.02 + from * 0.0003, 16 * 0.0003);
      expect(told[0]!.code).to.equal("WEAK");
      const said = "the level falls to # % of what it was, from # s on, at character #";
      expect(told[0]!.sentence.replaceAll(/[.0-9]+/g, "#")).to.equal(said);
    });
  }

  it("up to somewhere are a level that rises", () => {
    const [first, ...more] = weaknesses(weakened(3, 0, 120, 0.45));
    expect(more).to.deep.equal([]);
    expect(first!.sentence).to.match(
      /^the level was 4[3-7] % of what it is, from 0[.]05[0-9] s on, at character (19|20)$/,
    );
  });

  it("are no other level where the hand hurries, ones are many, or a few cells are weak", () => {
    for (const conditions of [{ speed: { ratio: 3 } }, { pulse: { pw50: 0.45 }, cellUs: 130 }, { cellUs: 150 }])
      for (const seed of [1, 2, 3]) expect(signalOf(made(conditions, seed)).levelStep).to.equal(undefined);
    expect(signalOf(weakened(1, 90, 6, 0.45)).levelStep).to.equal(undefined);
  });

  it("are none where the hand is slow, or hurries", () => {
    for (const speed of [{ ratio: 3 }, { ratio: 0.3 }, { hand: true }] as const)
      for (const seed of [1, 2, 3]) expect(codes(made({ speed, snrDb: 40 }, seed))).to.not.include("WEAK");
  });
});
