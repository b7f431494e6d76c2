// The encoder of our own against cbor2, octet for octet.

import { expect } from "chai";
import fc from "fast-check";
import { type CborValue, cborDecode, cborEncode, cborTag, encodeSlow } from "../cbor.js";
import { encodeFast } from "../cbor-encode.js";

const hex = (octets: Uint8Array | undefined) => octets && Buffer.from(octets).toString("hex");

/** Whole numbers about the ends of each form. */
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 0xffff_ffff, 0x1_0000_0000, -1, -24, -25, -256, -257, -65_537),
);
const octets = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 250, maxLength: 700 }));
const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    number,
    fc.string({ unit: "grapheme" }),
    octets,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 30 }),
    fc.tuple(fc.nat(70_000), tie("value")).map(([tag, contents]) => cborTag(1000 + tag, contents)),
    fc
      .uniqueArray(fc.tuple(fc.oneof(number, fc.uint8Array({ maxLength: 5 })), tie("value")), {
        maxLength: 30,
        selector: ([key]) => (typeof key === "number" ? String(key) : hex(key)),
      })
      .map((entries) => new Map(entries)),
  ),
}));

describe("our CBOR encoder", () => {
  it("writes what cbor2 writes, of whatever is made of numbers, texts, octets, arrays, maps and tags", () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(hex(cborEncode(one))).to.equal(hex(encodeSlow(one)));
      }),
      { numRuns: 1000 },
    );
  });

  it("knows what our objects are made of itself", () => {
    const object = new Map<number, CborValue>([
      [4, Buffer.from("abc")],
      [-1, ["text", null, true]],
      [1, new Map([[24, cborTag(18, [new Uint8Array(300), 0x1_0000_0000])]])],
    ]);
    expect(hex(encodeFast(object))).to.equal(hex(encodeSlow(object)));
    expect(cborDecode(cborEncode(object))).to.be.instanceOf(Map);
  });

  it("leaves to cbor2 what it does not know: fractions, minus zero, big numbers, halves of pairs", () => {
    for (const one of [1.5, -0, 2 ** 53, Number.NaN, 10n, "\u{1f4b3}", [1, [2.5]], new Map([[1, 0.1]])]) {
      expect(encodeFast(one), String(one)).to.equal(undefined);
      expect(hex(cborEncode(one))).to.equal(hex(encodeSlow(one)));
    }
  });
});
