// Parts of the engineer's page that need no browser: what edges say, where an image is bent, what swipes cost.
import { decodeImage, type ImageError, type ImageErrorCode } from "@enabling-card/wire";
import { expect } from "chai";
import { partsOf, sealed } from "../../test/support/loader-card.js";
import { currentOf, measurePass } from "../src/engineer/edges.js";
import { energyOf } from "../src/engineer/energy.js";
import { placeOf } from "../src/engineer/image-place.js";

/** Edges of intervals, us. */
function edgesOf(...intervalsUs: readonly number[]): number[] {
  const edges = [5_000];
  for (const us of intervalsUs) edges.push(edges[edges.length - 1]! + us * 1000);
  return edges;
}
const times = (count: number, us: number): number[] => Array.from({ length: count }, () => us);

describe("what the edges of a pass say", () => {
  it("is its cells: one length where both tracks have it, two where each has its own, forward and backward", () => {
    const ones = (cell: number) => times(20, cell / 2);
    const even = edgesOf(...times(25, 400), ...ones(400), ...times(53, 400), ...ones(400), ...times(25, 400));
    expect(measurePass(even).runs.map(({ cellNs, intervals }) => [cellNs, intervals])).to.deep.equal([
      [400_000, even.length - 1],
    ]);
    const there = [...times(30, 190), ...ones(190), ...times(53, 530), ...ones(530), ...times(25, 530)];
    expect(measurePass(edgesOf(...there)).runs.map(({ cellNs }) => cellNs)).to.deep.equal([190_000, 530_000]);
    const back = measurePass(edgesOf(...there.toReversed())).runs;
    expect(back.map(({ cellNs }) => cellNs)).to.deep.equal([530_000, 190_000]);
    expect(back.every(({ worstNs, rmsNs }) => worstNs === 0 && rmsNs === 0)).to.equal(true);
  });

  it("is how far an interval is off a cell, or half of one", () => {
    const { runs, intervals } = measurePass(edgesOf(...times(20, 400), 412, 388, 197, 203, ...times(20, 400)));
    expect(intervals.slice(20, 24).map(({ kind, offNs }) => [kind, offNs])).to.deep.equal([
      ["cell", 12_000],
      ["cell", -12_000],
      ["half", -3_000],
      ["half", 3_000],
    ]);
    expect(runs[0]).to.include({ cellNs: 400_000, worstNs: 12_000 });
    expect(runs[0]!.rmsNs).to.be.closeTo(Math.sqrt((2 * 12_000 ** 2 + 2 * 3_000 ** 2) / 44), 1e-6);
  });

  it("is nothing of less than two edges", () => {
    for (const edges of [[], [7]]) expect(measurePass(edges)).to.deep.equal({ runs: [], intervals: [] });
  });

  it("is drawn as the current's direction: none before the first edge, and none behind the last", () => {
    const { samples, sampleRateHz, startS } = currentOf(edgesOf(400, 200, 200));
    const at = (us: number) => samples[Math.round((us / 1e6 + 5e-6 - startS) * sampleRateHz)];
    expect([at(-100), at(100), at(500), at(700), at(900)]).to.deep.equal([0, 1, -1, 1, 0]);
  });
});

describe("where an image is bent", () => {
  const good = sealed(partsOf(1, 1));
  const codeOf = (bytes: Uint8Array): ImageErrorCode => {
    try {
      decodeImage(bytes);
    } catch (error) {
      return (error as ImageError).code;
    }
    return "IMAGE_DIGEST";
  };
  const said = (bytes: Uint8Array) => placeOf(bytes, codeOf(bytes));

  it("is the octet, of every octet of header and lists that a card looks at", () => {
    const bodyEnd = 1024 + 6000;
    // The header's fields, its padding, heads of both lists and of each TLV.
    const heads = [0, 4, 11, 23, 35, 79].map((at) => bodyEnd + at).filter((at) => at < good.length);
    for (const at of [8, 16, 28, 32, 500, 1023, ...heads]) {
      const bytes = good.slice();
      bytes[at]! ^= 0x80;
      const code = codeOf(bytes);
      const [, named] = /^Octet (\d+) /.exec(said(bytes) ?? "") ?? [];
      if (code === "IMAGE_DIGEST") expect(said(bytes)).to.match(/^Octets 0 to 7044 do not make the digest/);
      else expect(Math.abs(Number(named) - at), `octet ${at}, ${code}`).to.be.at.most(4);
    }
  });

  it("is never outside of the file, whatever is bent or cut, and is said without a fault", () => {
    for (let at = 0; at < good.length; at += 1) {
      if (at > 40 && at < 1020) continue;
      if (at > 1030 && at < 7020) continue;
      for (const bytes of [good.with(at, good[at]! ^ 0xff), good.slice(0, at)]) {
        const [, named] = /^Octet (\d+)/.exec(said(bytes) ?? "") ?? [];
        if (named !== undefined) expect(Number(named), `octet ${at}`).to.be.within(0, bytes.length);
      }
    }
  });
});

describe("what swipes cost", () => {
  const seen = (energyMj: number, chargeMj: number) => ({
    ...{ atMs: 0, durationNs: 0, passes: [], energyMj },
    battery: { chargeMj, capacityMj: 162_000, reserveMj: 3_240, coilMw: 450, idleMw: 0.06 },
  });

  it("is their average, and how many are left above the reserve", () => {
    expect(energyOf([seen(100, 162_000), seen(200, 161_700)])).to.deep.equal({
      ...{ averageMj: 150, swipesLeft: Math.floor((161_700 - 3_240) / 150), idleDays: 161_700 / 0.06 / 86_400 },
    });
  });

  it("is no swipe more in the reserve", () => {
    expect(energyOf([seen(100, 3_000)]).swipesLeft).to.equal(0);
  });
});
