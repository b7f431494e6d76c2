import {
  concat,
  decodeImage,
  encodeCovered,
  encodeImage,
  fromHex,
  ImageError,
  type ImageErrorCode,
  type ImageParts,
  toHex,
} from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import fc from "fast-check";
import { checkImage, imageDigest, imageKeyHash } from "../src/index.js";

// RFC 8032 7.1, test 1 and test 2.
const SECRET = fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
const OTHER_SECRET = fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
const KEY = ed25519.getPublicKey(SECRET);
/** Of the vector's digest: behind what it covers, the plain area's head and its own. */
const DIGEST_AT = 1024 + 20 + 21 + 4 + 4;
const BOARD = { name: "an505", loadAddress: 0x10000000, slotSize: 4096 };
const PARTS: ImageParts = {
  loadAddress: BOARD.loadAddress,
  version: { major: 1, minor: 2, revision: 3, build: 4 },
  counter: 7,
  board: BOARD.name,
  body: Uint8Array.from({ length: 20 }, (_, i) => i),
};
const DEMANDS = { publicKey: KEY, counter: 7, board: BOARD };

/** The image above from Python's struct, hashlib and its Ed25519 (OpenSSL), by docs/design.md and without a line of ours. */
const VECTOR = fromHex(
  "3db8f39600000010000415001400000000000000010203000400000000000000" +
    "00".repeat(1024 - 32) +
    "000102030405060708090a0b0c0d0e0f10111213" +
    "086915005000040007000000a0000500616e353035" +
    "07699000100020008f753ec76d82192381406c28d3cf2961fdb89bc24978edd589046669a6a02fa1" +
    "0100200006e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9" +
    "2400400095b52c0d4ba2758c55322a99314e998e41c88abaea4864da74be6f40a3205600" +
    "67c79599414d77e20b486b4041fa2083e0cc151af1129c95b427ad9583b92a01",
);

function signed(parts: Partial<ImageParts> = {}, secret = SECRET, publicKey = KEY): Uint8Array {
  const covered = encodeCovered({ ...PARTS, ...parts });
  const digest = imageDigest({ covered });
  return encodeImage(covered, {
    digest,
    signature: { keyHash: imageKeyHash(publicKey), octets: ed25519.sign(digest, secret) },
  });
}

function expectCode(work: () => unknown, code: ImageErrorCode): void {
  expect(work).to.throw(ImageError).with.property("code", code);
}

/** The codes that an octet out of its place may meet; anything but no code at all. */
function refusalOf(image: Uint8Array): string | undefined {
  try {
    checkImage(image, DEMANDS);
    return undefined;
  } catch (error) {
    expect(error).to.be.instanceOf(ImageError);
    return (error as ImageError).code;
  }
}

describe("checking an image", () => {
  it("takes what another hand made by MCUboot's documentation, and makes the same octets", () => {
    expect(toHex(signed())).to.equal(toHex(VECTOR));
    expect(checkImage(VECTOR, DEMANDS)).to.include({ counter: 7, board: "an505", loadAddress: 0x10000000 });
  });

  it("takes an image of a higher counter, and of any where none is demanded", () => {
    expect(checkImage(signed({ counter: 8 }), DEMANDS).counter).to.equal(8);
    expect(checkImage(signed({ counter: 0 }), { publicKey: KEY }).counter).to.equal(0);
  });

  it("takes an image that fills its slot, and none that is an octet larger", () => {
    const room = BOARD.slotSize - (VECTOR.length - PARTS.body.length);
    expect(checkImage(signed({ body: new Uint8Array(room) }), DEMANDS).body).to.have.length(room);
    expectCode(() => checkImage(signed({ body: new Uint8Array(room + 1) }), DEMANDS), "IMAGE_TOO_LARGE");
  });

  const unsigned = encodeImage(encodeCovered(PARTS), { digest: imageDigest({ covered: encodeCovered(PARTS) }) });
  const otherKey = ed25519.getPublicKey(OTHER_SECRET);
  const refused: readonly (readonly [what: string, image: Uint8Array, code: ImageErrorCode])[] = [
    ["without a signature", unsigned, "IMAGE_UNSIGNED"],
    ["signed with another key", signed({}, OTHER_SECRET, otherKey), "IMAGE_KEY_OTHER"],
    ["signed with another key under this one's name", signed({}, OTHER_SECRET), "IMAGE_SIGNATURE"],
    ["of a lower counter", signed({ counter: 6 }), "IMAGE_COUNTER_LOWER"],
    ["for another board", signed({ board: "an386" }), "IMAGE_BOARD_OTHER"],
    ["for another address", signed({ loadAddress: 0 }), "IMAGE_ADDRESS"],
    ["with another digest", changed(DIGEST_AT, 1), "IMAGE_DIGEST"],
    ["of no octets", new Uint8Array(0), "IMAGE_EMPTY"],
  ];
  for (const [what, image, code] of refused) {
    it(`refuses one ${what}: ${code}`, () => expectCode(() => checkImage(image, DEMANDS), code));
  }

  it("refuses a signature over the octets instead of their digest", () => {
    const covered = encodeCovered(PARTS);
    const octets = ed25519.sign(covered, SECRET);
    const image = encodeImage(covered, {
      digest: imageDigest({ covered }),
      signature: { keyHash: imageKeyHash(KEY), octets },
    });
    expectCode(() => checkImage(image, DEMANDS), "IMAGE_SIGNATURE");
  });

  it("refuses a public key that is none, and one of small order, by which anything would be signed", () => {
    expectCode(() => checkImage(VECTOR, { publicKey: KEY.subarray(1) }), "IMAGE_ARGUMENT_INVALID");
    const identity = Uint8Array.of(1, ...new Uint8Array(31));
    const forged = encodeImage(encodeCovered(PARTS), {
      digest: imageDigest({ covered: encodeCovered(PARTS) }),
      signature: { keyHash: imageKeyHash(identity), octets: concat(identity, new Uint8Array(32)) },
    });
    expectCode(() => checkImage(forged, { publicKey: identity }), "IMAGE_SIGNATURE");
  });

  it("believes nothing of an unsigned claim: a forged counter meets the digest first", () => {
    const image = changed(VECTOR.indexOf(0x50, 52) + 4, 0xff);
    expectCode(() => checkImage(image, DEMANDS), "IMAGE_DIGEST");
  });

  it("passes no changed octet of header, body, protected TLVs, digest, key's hash or signature", () => {
    for (let at = 0; at < VECTOR.length; at++)
      for (const flip of [0x01, 0x80]) expect(refusalOf(changed(at, flip)), `octet ${at}`).to.not.equal(undefined);
  });

  it("passes no covered octet that was changed, whoever made the digest anew", () => {
    const { covered, signature } = decodeImage(VECTOR);
    fc.assert(
      fc.property(fc.nat(covered.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, anew) => {
        const other = covered.slice();
        other[at]! ^= flip;
        const digest = anew ? imageDigest({ covered: other }) : decodeImage(VECTOR).digest;
        expect(refusalOf(encodeImage(other, { digest, signature: signature! }))).to.not.equal(undefined);
      }),
      { numRuns: 500 },
    );
  });

  it("is refused cut at every 64th octet", () => {
    const image = signed({ body: new Uint8Array(2000) });
    for (let length = 0; length < image.length; length += 64)
      expectCode(() => checkImage(image.subarray(0, length), DEMANDS), length === 0 ? "IMAGE_EMPTY" : "IMAGE_CUT");
  });

  it("of arbitrary octets never throws anything but its own error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        expect(refusalOf(bytes)).to.not.equal(undefined);
      }),
    );
  });
});

/** The vector with bits of one octet flipped. */
function changed(at: number, flip: number): Uint8Array {
  const image = VECTOR.slice();
  image[at]! ^= flip;
  return image;
}
