// CBOR twins: the card's reader and wire/'s, on the same bytes. RFC 8949 appendix A where deterministic, and whatever fast-check makes.

import { type CborValue, cborDecode, cborEncode, fromHex, WireError } from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { Probe } from "../support/probe.js";

/** RFC 8949 appendix A: the items of our profile, which both must take. */
const GOOD = [
  "00",
  "01",
  "0a",
  "17",
  "1818",
  "1819",
  "1864",
  "1903e8",
  "1a000f4240",
  "1b000000e8d4a51000",
  "20",
  "29",
  "3863",
  "40",
  "4401020304",
  "60",
  "6161",
  "6449455446",
  "80",
  "83010203",
  "8301820203820405",
  "a0",
  "a201020304",
  "a26161016162820203",
  "f6",
  "c249010000000000000000",
];

/** Not deterministic, not whole, or not ours: both must refuse. */
const BAD = [
  "",
  "1817",
  "190018",
  "1900ff",
  "1a0000ffff",
  "1b00000000ffffffff",
  "1c",
  "1f",
  "5f42010243030405ff",
  "7f657374726561646d696e67ff",
  "9fff",
  "bf61610161629f0203ffff",
  "81",
  "a1",
  "a101",
  "44010203",
  "6449",
  "0000",
  "8100ff",
  "f800",
];

const walk = (bytes: Uint8Array): boolean => {
  const probe = new Probe();
  return probe.call("cborWalk", probe.put(bytes), bytes.length) === 1;
};
const decodes = (bytes: Uint8Array): boolean => {
  try {
    cborDecode(bytes);
    return true;
  } catch (error) {
    expect(error).to.be.instanceOf(WireError);
    return false;
  }
};

/** Keys out of order, and twice: wire refuses them, and the card's readers ask for each key in its place (test/refusals/load.test.ts). */
const UNORDERED = ["a202010102", "a201020102"];

describe("CBOR, card and wire", () => {
  for (const hex of GOOD.slice(0, -1)) {
    it(`both take ${hex}`, () => {
      expect(walk(fromHex(hex)), "card").to.equal(true);
      expect(decodes(fromHex(hex)), "wire").to.equal(true);
    });
  }
  for (const hex of BAD) {
    it(`both refuse "${hex}"`, () => {
      expect(walk(fromHex(hex)), "card").to.equal(false);
      expect(decodes(fromHex(hex)), "wire").to.equal(false);
    });
  }

  it("wire refuses keys out of order, and keys twice", () => {
    for (const hex of UNORDERED) expect(decodes(fromHex(hex)), hex).to.equal(false);
  });

  const leaf: fc.Arbitrary<CborValue> = fc.oneof(
    fc.nat(),
    fc.integer({ min: -100_000, max: -1 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ maxLength: 20 }),
    fc.constant(null),
  );
  const value = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 6 }),
    fc
      .uniqueArray(fc.tuple(fc.integer({ min: -200, max: 200 }), leaf), { maxLength: 6, selector: ([key]) => key })
      .map((entries) => new Map(entries)),
  ) as fc.Arbitrary<CborValue>;

  it("the card walks whatever wire encodes, and nothing cut or longer", () => {
    fc.assert(
      fc.property(value, fc.nat(), (item, cut) => {
        const bytes = cborEncode(item);
        expect(walk(bytes)).to.equal(true);
        expect(walk(bytes.subarray(0, cut % bytes.length))).to.equal(false);
        expect(walk(Uint8Array.from([...bytes, 0]))).to.equal(false);
      }),
      { numRuns: 150 },
    );
  });
});
