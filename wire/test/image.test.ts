// The layout of MCUboot images: what is encoded comes back, and whatever is not as it must be has a code of its own.

import { expect } from "chai";
import fc from "fast-check";
import {
  concat,
  decodeImage,
  encodeCovered,
  encodeImage,
  formatImageVersion,
  IMAGE_ERROR_CODES,
  IMAGE_HEADER_SIZE,
  ImageError,
  type ImageErrorCode,
  ImageField,
  type ImageParts,
  parseImageVersion,
  toHex,
} from "../index.js";

const PARTS: ImageParts = {
  loadAddress: 0x10000000,
  version: { major: 1, minor: 2, revision: 3, build: 4 },
  counter: 7,
  board: "an505",
  body: Uint8Array.from({ length: 20 }, (_, i) => i),
};
const DIGEST = new Uint8Array(32).fill(0xd1);
const SIGNATURE = { keyHash: new Uint8Array(32).fill(0x4e), octets: new Uint8Array(64).fill(0x51) };
const COVERED = encodeCovered(PARTS);
const IMAGE = encodeImage(COVERED, { digest: DIGEST, signature: SIGNATURE });
const BODY_END = IMAGE_HEADER_SIZE + PARTS.body.length;

function expectCode(work: () => unknown, code: ImageErrorCode): void {
  expect(work).to.throw(ImageError).with.property("code", code);
}

const le16 = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value & 0xff, value >> 8]));
const tlv = (type: number, value: Uint8Array, length = value.length) => concat(le16(type, length), value);
const area = (magic: number, tlvs: readonly Uint8Array[], size?: number) =>
  concat(le16(magic, size ?? 4 + concat(...tlvs).length), ...tlvs);

/** An image laid out by hand, with the areas given. */
function laid(shielded: Uint8Array, plain: Uint8Array, protectedSize = shielded.length): Uint8Array {
  const head = COVERED.slice(0, BODY_END);
  head.set(le16(protectedSize), ImageField.ProtectedSize);
  return concat(head, shielded, plain);
}

const COUNTER = tlv(0x50, Uint8Array.of(7, 0, 0, 0));
const BOARD = tlv(0xa0, new TextEncoder().encode("an505"));
const SHIELDED = area(0x6908, [COUNTER, BOARD]);
const HASH = tlv(0x10, DIGEST);
const KEY = tlv(0x01, SIGNATURE.keyHash);
const SIGNED = tlv(0x24, SIGNATURE.octets);
const PLAIN = area(0x6907, [HASH, KEY, SIGNED]);

describe("a firmware image", () => {
  it("has the octets that MCUboot's documentation gives it", () => {
    // Made by Python's struct from docs/design.md, without this codec.
    expect(toHex(COVERED)).to.equal(
      "3db8f39600000010000415001400000000000000010203000400000000000000" + // header
        "00".repeat(1024 - 32) +
        "000102030405060708090a0b0c0d0e0f10111213" + // body
        "0869150050000400" +
        "07000000" + // security counter
        "a0000500616e353035", // board
    );
    expect(IMAGE).to.deep.equal(laid(SHIELDED, PLAIN));
    expect(toHex(PLAIN.subarray(0, 8))).to.equal("0769900010002000");
  });

  it("comes back as it was put together, signed or not", () => {
    const u32 = fc.nat(0xffff_ffff);
    fc.assert(
      fc.property(
        fc.record({
          loadAddress: u32,
          version: fc.record({ major: fc.nat(255), minor: fc.nat(255), revision: fc.nat(65_535), build: u32 }),
          counter: u32,
          board: fc.stringMatching(/^[a-z0-9]{1,16}$/),
          body: fc.uint8Array({ minLength: 1, maxLength: 300 }),
        }),
        fc.boolean(),
        (parts, signed) => {
          const covered = encodeCovered(parts);
          const seal = { digest: DIGEST, ...(signed && { signature: SIGNATURE }) };
          const { tlvs, covered: back, ...rest } = decodeImage(encodeImage(covered, seal));
          expect(rest).to.deep.equal({ ...parts, ...seal });
          expect(back).to.deep.equal(covered);
          expect(tlvs.map(({ type }) => type)).to.deep.equal(
            signed ? [0x50, 0xa0, 0x10, 0x01, 0x24] : [0x50, 0xa0, 0x10],
          );
        },
      ),
    );
  });

  it("is read where it lies inside a larger array", () => {
    const padded = concat(new Uint8Array(5).fill(0xff), IMAGE, new Uint8Array(7).fill(0xff));
    expect(decodeImage(padded.subarray(5, 5 + IMAGE.length)).board).to.equal("an505");
  });

  it("is refused cut at any octet", () => {
    const long = encodeImage(encodeCovered({ ...PARTS, body: new Uint8Array(1000) }), {
      digest: DIGEST,
      signature: SIGNATURE,
    });
    expectCode(() => decodeImage(long.subarray(0, 0)), "IMAGE_EMPTY");
    for (let length = 1; length < long.length; length++)
      expectCode(() => decodeImage(long.subarray(0, length)), "IMAGE_CUT");
  });

  const headers: readonly (readonly [what: string, at: number, octets: readonly number[], code: ImageErrorCode])[] = [
    ["another magic", ImageField.Magic, [0x3c], "IMAGE_MAGIC"],
    ["a longer header", ImageField.HeaderSize, [64], "IMAGE_HEADER_SIZE"],
    ["a header of no octets", ImageField.HeaderSize, [0, 0], "IMAGE_HEADER_SIZE"],
    ["no protected TLVs", ImageField.ProtectedSize, [0], "IMAGE_TLV_MISSING"],
    ["a shorter protected area than there is", ImageField.ProtectedSize, [SHIELDED.length - 1], "IMAGE_TLV_AREA_SIZE"],
    ["a longer protected area than there is", ImageField.ProtectedSize, [SHIELDED.length + 1], "IMAGE_TLV_AREA_SIZE"],
    ["no body", ImageField.BodySize, [0], "IMAGE_BODY_EMPTY"],
    ["a shorter body than there is", ImageField.BodySize, [19], "IMAGE_TLV_MAGIC"],
    ["a longer body than there is", ImageField.BodySize, [21], "IMAGE_TLV_MAGIC"],
    ["a body that ends behind the image", ImageField.BodySize, [0xff, 0xff, 0xff, 0xff], "IMAGE_CUT"],
    ["the flag of encryption", ImageField.Flags, [4], "IMAGE_FLAGS"],
    ["the flag of an image that does not boot", ImageField.Flags, [0x10], "IMAGE_FLAGS"],
    ["a flag of the highest octet", ImageField.Flags + 3, [0x80], "IMAGE_FLAGS"],
    ["something in the padding", ImageField.Pad, [1], "IMAGE_HEADER_PAD"],
    ["something behind the fields", 32, [1], "IMAGE_HEADER_PAD"],
    ["something before the body", 1023, [0x80], "IMAGE_HEADER_PAD"],
  ];
  for (const [what, at, octets, code] of headers) {
    it(`is refused with ${what} in its header: ${code}`, () => {
      const image = IMAGE.slice();
      image.set(octets, at);
      expectCode(() => decodeImage(image), code);
    });
  }

  const areas: readonly (readonly [what: string, image: Uint8Array, code: ImageErrorCode])[] = [
    ["the protected magic wrong", laid(area(0x6907, [COUNTER, BOARD]), PLAIN), "IMAGE_TLV_MAGIC"],
    ["the plain magic wrong", laid(SHIELDED, area(0x6908, [HASH])), "IMAGE_TLV_MAGIC"],
    ["a protected area smaller than its head", laid(area(0x6908, [], 3), PLAIN), "IMAGE_TLV_AREA_SIZE"],
    ["a plain area smaller than its head", laid(SHIELDED, area(0x6907, [], 0)), "IMAGE_TLV_AREA_SIZE"],
    [
      "a protected area that reaches into the plain one",
      laid(area(0x6908, [COUNTER, BOARD], SHIELDED.length + 4), PLAIN, SHIELDED.length),
      "IMAGE_TLV_AREA_SIZE",
    ],
    ["a plain area that ends behind the image", laid(SHIELDED, area(0x6907, [HASH], 0xffff)), "IMAGE_CUT"],
    ["octets behind the plain area", laid(SHIELDED, concat(PLAIN, Uint8Array.of(0xff))), "IMAGE_TRAILING"],
    [
      "a protected TLV that runs over its area's end",
      laid(area(0x6908, [COUNTER, tlv(0xa0, Uint8Array.of(0x61), 2)]), PLAIN),
      "IMAGE_TLV_OVERRUN",
    ],
    [
      "a plain TLV that runs over its area's end",
      laid(SHIELDED, area(0x6907, [tlv(0x10, DIGEST, 33)])),
      "IMAGE_TLV_OVERRUN",
    ],
    ["half a TLV head at the end", laid(SHIELDED, area(0x6907, [HASH, le16(1)])), "IMAGE_TLV_OVERRUN"],
    ["the counter twice", laid(area(0x6908, [COUNTER, BOARD, COUNTER]), PLAIN), "IMAGE_TLV_DUPLICATE"],
    ["the digest twice", laid(SHIELDED, area(0x6907, [HASH, HASH, KEY, SIGNED])), "IMAGE_TLV_DUPLICATE"],
    ["the signature twice", laid(SHIELDED, area(0x6907, [HASH, KEY, SIGNED, SIGNED])), "IMAGE_TLV_DUPLICATE"],
    [
      "a protected TLV that nobody knows",
      laid(area(0x6908, [COUNTER, BOARD, tlv(0x60, Uint8Array.of(1))]), PLAIN),
      "IMAGE_TLV_UNKNOWN",
    ],
    [
      "a protected TLV of a known type and something in its upper octet",
      laid(area(0x6908, [COUNTER, tlv(0x1a0, Uint8Array.of(0x61))]), PLAIN),
      "IMAGE_TLV_UNKNOWN",
    ],
    ["the digest among the protected", laid(area(0x6908, [COUNTER, BOARD, HASH]), PLAIN), "IMAGE_TLV_UNKNOWN"],
    ["the counter among the plain", laid(SHIELDED, area(0x6907, [HASH, COUNTER])), "IMAGE_TLV_UNKNOWN"],
    [
      "a signature of another kind",
      laid(SHIELDED, area(0x6907, [HASH, KEY, tlv(0x22, SIGNATURE.octets)])),
      "IMAGE_TLV_UNKNOWN",
    ],
    ["a counter of two octets", laid(area(0x6908, [tlv(0x50, Uint8Array.of(7, 0)), BOARD]), PLAIN), "IMAGE_TLV_LENGTH"],
    ["a board without a name", laid(area(0x6908, [COUNTER, tlv(0xa0, new Uint8Array(0))]), PLAIN), "IMAGE_TLV_LENGTH"],
    [
      "a board's name of 17 octets",
      laid(area(0x6908, [COUNTER, tlv(0xa0, new Uint8Array(17).fill(0x61))]), PLAIN),
      "IMAGE_TLV_LENGTH",
    ],
    ["a board's name that is none", laid(area(0x6908, [COUNTER, tlv(0xa0, le16(0x0a1b))]), PLAIN), "IMAGE_TLV_VALUE"],
    ["a digest of 31 octets", laid(SHIELDED, area(0x6907, [tlv(0x10, DIGEST.subarray(1))])), "IMAGE_TLV_LENGTH"],
    [
      "a key's hash of 33 octets",
      laid(SHIELDED, area(0x6907, [HASH, tlv(0x01, new Uint8Array(33)), SIGNED])),
      "IMAGE_TLV_LENGTH",
    ],
    [
      "a signature of 63 octets",
      laid(SHIELDED, area(0x6907, [HASH, KEY, tlv(0x24, new Uint8Array(63))])),
      "IMAGE_TLV_LENGTH",
    ],
    ["no counter", laid(area(0x6908, [BOARD]), PLAIN), "IMAGE_TLV_MISSING"],
    ["no board", laid(area(0x6908, [COUNTER]), PLAIN), "IMAGE_TLV_MISSING"],
    ["no digest", laid(SHIELDED, area(0x6907, [KEY, SIGNED])), "IMAGE_TLV_MISSING"],
    ["a signature, and not by whom", laid(SHIELDED, area(0x6907, [HASH, SIGNED])), "IMAGE_TLV_MISSING"],
    ["a key's hash, and no signature", laid(SHIELDED, area(0x6907, [HASH, KEY])), "IMAGE_TLV_MISSING"],
  ];
  for (const [what, image, code] of areas) {
    it(`is refused with ${what}: ${code}`, () => expectCode(() => decodeImage(image), code));
  }

  it("of arbitrary octets never throws anything but its own error", () => {
    const nearly = fc
      .array(fc.tuple(fc.nat(IMAGE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const image = IMAGE.slice();
        for (const [at, octet] of changes) image[at] = octet;
        return image;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), nearly), (bytes) => {
        try {
          decodeImage(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(ImageError);
          expect(IMAGE_ERROR_CODES.map(({ code }) => code)).to.include((error as ImageError).code);
        }
      }),
      { numRuns: 2000 },
    );
  });

  const unmade: readonly (readonly [what: string, change: Partial<ImageParts>, code: ImageErrorCode])[] = [
    ["nothing", { body: new Uint8Array(0) }, "IMAGE_BODY_EMPTY"],
    ["a version that has no room", { version: { ...PARTS.version, major: 256 } }, "IMAGE_VERSION_INVALID"],
    ["a counter that has no room", { counter: 2 ** 32 }, "IMAGE_ARGUMENT_INVALID"],
    ["a counter that is no whole number", { counter: 0.5 }, "IMAGE_ARGUMENT_INVALID"],
    ["an address below zero", { loadAddress: -1 }, "IMAGE_ARGUMENT_INVALID"],
    ["a board's name that is too long", { board: "a".repeat(17) }, "IMAGE_ARGUMENT_INVALID"],
    ["a board's name with a gap", { board: "an 505" }, "IMAGE_ARGUMENT_INVALID"],
  ];
  for (const [what, change, code] of unmade) {
    it(`is not made of ${what}: ${code}`, () => expectCode(() => encodeCovered({ ...PARTS, ...change }), code));
  }
});

describe("an image's version", () => {
  it("is read as it is written", () => {
    for (const text of ["0.0.0+0", "1.2.3+4", "255.255.65535+4294967295"])
      expect(formatImageVersion(parseImageVersion(text))).to.equal(text);
    expect(parseImageVersion("1.2.3")).to.deep.equal({ major: 1, minor: 2, revision: 3, build: 0 });
  });

  it("is refused where it is none, or has no room", () => {
    for (const text of ["", "1", "1.2", "1.2.3+", "01.2.3", "1.2.3.4", "v1.2.3", "1.2.3+4 ", "-1.2.3", "1.2.3+4+5"])
      expectCode(() => parseImageVersion(text), "IMAGE_VERSION_INVALID");
    for (const text of ["256.0.0", "0.256.0", "0.0.65536", "0.0.0+4294967296"])
      expectCode(() => parseImageVersion(text), "IMAGE_VERSION_INVALID");
  });
});
