// Images that are not as they must be: the loader refuses each by the code that the SDK has, and boots none.

import { type CardError, checkImage, imageDigest, type Loader } from "@enabling-card/sdk";
import { concat, FlashArea, type ImageError, ImageField, LoaderStart, LoaderVerdict } from "@enabling-card/wire";
import { expect } from "chai";
import { BOARD, LoaderCard, OTHER_SECRET, partsOf, ROOT, sealed } from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));
const GOOD = sealed(partsOf(2, 5, 900));

describe("an image that the loader gets", () => {
  let card: LoaderCard;
  let client: Loader;
  before(async () => {
    card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    card.start();
    card.start(LoaderStart.Listen);
    client = card.client();
  });

  const sdkCode = (image: Uint8Array): string => {
    try {
      checkImage(image, { publicKey: ROOT, counter: 5, board: BOARD });
      return "taken";
    } catch (error) {
      return (error as ImageError).code;
    }
  };
  /** What the card says of it, and that it boots what it did before. */
  async function cardCode(image: Uint8Array): Promise<string> {
    await client.erase();
    const code = await client.upload(image).then(
      () => "taken",
      (error: CardError | ImageError) => error.code,
    );
    if (code !== "taken") expect(await client.images()).to.have.length(1);
    return code;
  }
  const twins = async (image: Uint8Array, code?: string) => {
    const wanted = sdkCode(image);
    if (code) expect(wanted).to.equal(code);
    expect(await cardCode(image)).to.equal(wanted);
    return wanted;
  };

  it("is taken where it is as it must be", async () => {
    expect(await twins(GOOD)).to.equal("taken");
    expect(await twins(sealed(partsOf(2, 5, BOARD.slotSize - 1024 - 21 - 144)))).to.equal("taken");
  });

  it("is refused cut at every 64th octet, by the code that the SDK has", async () => {
    for (let length = 0; length < GOOD.length; length += 64)
      await twins(GOOD.subarray(0, length), length === 0 ? "IMAGE_EMPTY" : "IMAGE_CUT");
  });

  it("is refused with a TLV twice, though it says the same, by the code that the SDK has", async () => {
    const plain = GOOD.length - 144;
    const digest = GOOD.subarray(plain + 4, plain + 40);
    const twice = concat(GOOD, digest);
    new DataView(twice.buffer, twice.byteOffset).setUint16(plain + 2, 144 + digest.length, true);
    await twins(twice, "IMAGE_TLV_DUPLICATE");
  });

  it("is refused with any field of its header changed, by the code that the SDK has", async () => {
    const codes = new Set<string>();
    for (const [at, value] of [
      ...[0, 1, 2, 3].map((i) => [ImageField.Magic + i, 0x11]),
      ...[
        [8, 0],
        [8, 1],
        [9, 0],
        [9, 8],
        [10, 0],
        [10, 20],
        [10, 22],
        [11, 1],
      ],
      ...[
        [12, 0],
        [12, 0x83],
        [12, 0x85],
        [15, 0xff],
        [13, 0],
      ],
      ...[16, 17, 18, 19].map((i) => [i, 1]),
      ...[4, 5, 6, 7, 20, 21, 22, 23, 24, 25, 26, 27].map((i) => [i, 0xee]),
      ...[28, 31, 32, 63, 64, 1023].map((i) => [i, 0x80]),
    ] as [number, number][]) {
      const image = GOOD.slice();
      if (image[at] === value) continue;
      image[at] = value;
      const code = await twins(image);
      expect(code, `octet ${at}`).to.not.equal("taken");
      codes.add(code);
    }
    expect([...codes]).to.include.members([
      ...["IMAGE_MAGIC", "IMAGE_HEADER_SIZE", "IMAGE_FLAGS", "IMAGE_HEADER_PAD", "IMAGE_TLV_AREA_SIZE", "IMAGE_DIGEST"],
      ...["IMAGE_TLV_MISSING", "IMAGE_TLV_MAGIC", "IMAGE_CUT"],
    ]);
  });

  it("is refused with any octet of its TLVs changed, by the code that the SDK has", async () => {
    const codes = new Set<string>();
    for (let at = 1024 + 900; at < GOOD.length; at++)
      for (const bit of [1, 0x80]) {
        const image = GOOD.slice();
        image[at]! ^= bit;
        const code = await twins(image);
        expect(code, `octet ${at}`).to.not.equal("taken");
        codes.add(code);
      }
    expect([...codes]).to.include.members([
      ...["IMAGE_TLV_MAGIC", "IMAGE_TLV_UNKNOWN", "IMAGE_TLV_LENGTH", "IMAGE_DIGEST", "IMAGE_KEY_OTHER"],
      ...["IMAGE_SIGNATURE", "IMAGE_TLV_VALUE", "IMAGE_TLV_OVERRUN"],
    ]);
  }).timeout(60_000);

  for (const [what, image, code] of [
    ["another root's signature", sealed(partsOf(2, 5), OTHER_SECRET), "IMAGE_KEY_OTHER"],
    ["a lower counter", sealed(partsOf(2, 4)), "IMAGE_COUNTER_LOWER"],
    ["another board", sealed({ ...partsOf(2, 5), board: "an505" }), "IMAGE_BOARD_OTHER"],
    ["a board whose name only begins so", sealed({ ...partsOf(2, 5), board: "an3866" }), "IMAGE_BOARD_OTHER"],
    ["another load address", sealed({ ...partsOf(2, 5), loadAddress: 0x400 }), "IMAGE_ADDRESS"],
    ["something behind its end", concat(GOOD, Uint8Array.of(0)), "IMAGE_TRAILING"],
    ["more than the slot has room for", sealed(partsOf(2, 5, BOARD.slotSize)), "IMAGE_TOO_LARGE"],
  ] as const)
    it(`is refused with ${what}: ${code}`, async () => {
      await twins(image, code);
    });

  it("is refused where it is not the one that was announced", async () => {
    const body = (off: number, data: Uint8Array) =>
      new Map<string, number | Uint8Array>([
        ["off", off],
        ["len", GOOD.length],
        ["sha", imageDigest({ covered: ONE })],
        ["data", data],
      ]);
    const call = (off: number, data: Uint8Array) =>
      client.request({ operation: 2, group: 1, command: 1, body: body(off, data) }, { tries: 1 });
    let at = 0;
    let code = "taken";
    while (at < GOOD.length && code === "taken") {
      const data = GOOD.subarray(at, at + 500);
      at += data.length;
      code = await call(at - data.length, data).then(
        () => "taken",
        (error: ImageError) => error.code,
      );
    }
    expect(code).to.equal("IMAGE_DIGEST");
  });

  it("boots nothing of them", () => {
    card.install(FlashArea.Slot0, sealed(partsOf(2, 5), OTHER_SECRET));
    card.flash.areas[FlashArea.Slot1].fill(0xff);
    expect(card.start()).to.equal(LoaderVerdict.Serve);
  });
});
