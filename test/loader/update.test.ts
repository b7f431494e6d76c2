// A new image on its way: uploaded, tried, confirmed or gone back from, by the SDK's client and the loader's own module.

import { SlotFlash } from "@enabling-card/emulator";
import { imageDigest, type Loader } from "@enabling-card/sdk";
import {
  crc16,
  decodeImage,
  FlashArea,
  LoaderStart,
  LoaderVerdict,
  SECTOR_SIZE,
  SmpGroup,
  SmpImage,
  SmpOperation,
  type SmpValue,
} from "@enabling-card/wire";
import { expect } from "chai";
import {
  BOARD,
  codeOf,
  LoaderCard,
  OTHER_SECRET,
  partsOf,
  SECTORS,
  sealed,
  versionIn,
} from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 5, 9000));
const HASH = { one: imageDigest(decodeImage(ONE)), two: imageDigest(decodeImage(TWO)) };

describe("an update by the loader", () => {
  let card: LoaderCard;
  let client: Loader;
  const slot0 = () => versionIn(card.flash.areas[FlashArea.Slot0]);
  const slot1 = () => versionIn(card.flash.areas[FlashArea.Slot1]);
  beforeEach(async () => {
    card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    expect(card.start(LoaderStart.Listen)).to.equal(LoaderVerdict.Serve);
    client = card.client();
  });

  it("answers an echo, and says what it takes", async () => {
    expect(await client.echo("Grüße")).to.equal("Grüße");
    const { board, counter } = await client.facts();
    expect(board).to.deep.equal(BOARD);
    expect(counter, "of the image that runs").to.equal(5);
  });

  it("lists the image that runs", async () => {
    const [one, ...others] = await client.images();
    expect(others).to.deep.equal([]);
    expect(one).to.deep.equal({
      ...{ slot: 0, version: "1.0.0", hash: HASH.one },
      ...{ pending: false, confirmed: true, active: true, permanent: false },
    });
  });

  it("tries a new image once, and goes back where nobody confirms it", async () => {
    await client.upload(TWO);
    const [, waiting] = await client.test(HASH.two);
    expect(waiting).to.include({ slot: 1, version: "2.0.0", pending: true, confirmed: false, permanent: false });
    await client.reset();
    expect(card.verdict).to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(2);
    expect(card.start(), "started again without a word").to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(1);
    expect(card.start(), "and for good").to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(1);
    card.start(LoaderStart.Listen);
    expect((await client.images()).map(({ slot, confirmed }) => [slot, confirmed])).to.deep.equal([
      [0, true],
      [1, false],
    ]);
  });

  it("keeps an image that is confirmed while it is tried, and takes nothing lower from then on", async () => {
    const higher = sealed(partsOf(3, 8));
    await client.upload(higher);
    await client.test(imageDigest(decodeImage(higher)));
    await client.reset();
    expect(slot0()).to.equal(3);
    card.start(LoaderStart.Listen);
    const [running, before] = await client.images();
    expect(running).to.include({ version: "3.0.0", active: true, confirmed: false });
    expect(before).to.include({ version: "1.0.0", confirmed: true });
    expect((await client.facts()).counter, "not before it is confirmed").to.equal(5);
    const [confirmed] = await client.confirm();
    expect(confirmed).to.include({ version: "3.0.0", confirmed: true });
    await client.reset();
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(3);
    card.start(LoaderStart.Listen);
    expect((await client.facts()).counter).to.equal(8);
    expect(await codeOf(client.upload(TWO))).to.equal("IMAGE_COUNTER_LOWER");
    expect(await codeOf(client.confirm(HASH.one)), "the one before, too").to.be.oneOf([
      "LOADER_IMAGE_ABSENT",
      "IMAGE_COUNTER_LOWER",
    ]);
  });

  it("swaps at once for good where it is told so", async () => {
    await client.upload(TWO);
    const [, waiting] = await client.confirm(HASH.two);
    expect(waiting).to.include({ pending: true, permanent: true });
    await client.reset();
    card.start();
    expect([slot0(), slot1()]).to.deep.equal([2, 1]);
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(2);
  });

  it("knows where it is however often its records have changed sectors", async () => {
    await client.upload(TWO);
    for (let round = 1; round <= 45; round++) {
      await client.test(HASH.two);
      await client.reset();
      expect(slot0(), `round ${round}`).to.equal(2);
      expect(card.start(), `round ${round}`).to.equal(LoaderVerdict.Boot);
      expect(slot0(), `round ${round}`).to.equal(1);
      card.start(LoaderStart.Listen);
    }
  }).timeout(20_000);

  describe("and its records", () => {
    /** firmware/loader/state.ts: octets of a record, of which a CRC covers the first; its phase, sectors and step lie at these. */
    const [RECORD, COVERED, PHASE, STEPS] = [16, 12, 8, 10];
    let areas: ReturnType<typeof card.flash.snapshot>;
    let last: number;
    beforeEach(async () => {
      await client.upload(TWO);
      const before = card.flash.areas[FlashArea.State].slice();
      await client.test(HASH.two);
      areas = card.flash.snapshot();
      last = areas[FlashArea.State].findIndex((octet, i) => octet !== before[i]);
      last -= last % RECORD;
      expect(last).to.be.lessThan(SECTOR_SIZE);
    });
    /** The image that runs after a start with these octets as a record at `at`. */
    const runsWith = async (at: number, octets: Uint8Array) => {
      card = await LoaderCard.create(new SlotFlash(areas));
      card.flash.areas[FlashArea.State].set(octets, at);
      expect(card.start()).to.equal(LoaderVerdict.Boot);
      return versionIn(card.flash.areas[FlashArea.Slot0]);
    };
    const record = () => areas[FlashArea.State].slice(last, last + RECORD);

    it("count where they are whole alone: with any bit of it turned, or octets of its middle missing, the last one is none", async () => {
      expect(await runsWith(last, record()), "as it is: marked for a test").to.equal(2);
      for (let bit = 0; bit < 8 * RECORD; bit++) {
        const torn = record();
        torn[bit >> 3]! ^= 1 << (bit & 7);
        expect(await runsWith(last, torn), `bit ${bit}`).to.equal(1);
      }
      for (let from = 0; from < RECORD; from++)
        for (const missing of [2, 4, 8]) {
          const torn = record().fill(0xff, from, Math.min(RECORD, from + missing));
          if (record().every((octet, i) => octet === torn[i])) continue;
          expect(await runsWith(last, torn), `${missing} octets from ${from} on`).to.equal(1);
        }
    }).timeout(20_000);

    for (const [what, at, octets] of [
      ["a phase that there is not", PHASE, [8]],
      ["more sectors than a slot has", PHASE, [3, SECTORS + 1]],
      ["more steps than sectors take", PHASE, [3, 1, 4]],
      ["a step of no swap", STEPS, [1]],
    ] as const)
      it(`do not count where they say ${what}, though their CRC is right`, async () => {
        const next = record();
        new DataView(next.buffer).setUint32(0, new DataView(next.buffer).getUint32(0, true) + 1, true);
        next.set(octets, at);
        new DataView(next.buffer).setUint16(COVERED, crc16(next.subarray(0, COVERED)), true);
        expect(await runsWith(last + RECORD, next), "as the record before says").to.equal(2);
      });
  });

  it("keeps what is marked where an upload begins that can be none: too long, too short, or another image's", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    const chunk = (fields: Readonly<Record<string, SmpValue>>) => {
      const body = new Map<string, SmpValue>(Object.entries({ off: 0, len: 2000, data: new Uint8Array(8), ...fields }));
      const request = { operation: SmpOperation.Write, group: SmpGroup.Image, command: SmpImage.Upload, body } as const;
      return codeOf(client.request(request, { tries: 1 }));
    };
    expect(await chunk({ len: BOARD.slotSize + 1 })).to.equal("IMAGE_TOO_LARGE");
    expect(await chunk({ len: 0 })).to.equal("IMAGE_EMPTY");
    expect(await chunk({ image: 1 })).to.equal("LOADER_REQUEST_REFUSED");
    expect((await client.images())[1]).to.include({ pending: true });
    expect(await chunk({})).to.equal("no refusal");
    expect(await chunk({ off: 8, image: 1 }), "a later chunk of another image").to.equal("LOADER_REQUEST_REFUSED");
    expect(await chunk({ off: 8 })).to.equal("no refusal");
  });

  it("takes no other image, and erases nothing, while one is on trial", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    await client.reset();
    card.start(LoaderStart.Listen);
    expect(await codeOf(client.upload(ONE))).to.equal("LOADER_STATE");
    expect(await codeOf(client.erase())).to.equal("LOADER_STATE");
    expect(await codeOf(client.test(HASH.one))).to.equal("LOADER_STATE");
    expect([slot0(), slot1()]).to.deep.equal([2, 1]);
  });

  it("goes back at once where the image on trial panics; one that is confirmed leads to the loader", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    await client.reset();
    expect(slot0()).to.equal(2);
    expect(card.start(LoaderStart.Panicked)).to.equal(LoaderVerdict.Boot);
    expect([slot0(), slot1()]).to.deep.equal([1, 2]);
    expect(card.start(LoaderStart.Panicked)).to.equal(LoaderVerdict.Serve);
    expect(slot0()).to.equal(1);
  });

  it("confirms no image that has not run yet", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    await client.reset();
    // As if power had gone before the record of its first start.
    const records = card.flash.areas[FlashArea.State];
    const last = records.findLastIndex((octet) => octet !== 0xff);
    records.fill(0xff, last - (last % 16), last + 1);
    card.start(LoaderStart.Listen);
    expect(await codeOf(client.confirm())).to.equal("LOADER_STATE");
    await client.reset();
    card.start(LoaderStart.Listen);
    expect((await client.confirm())[0]).to.include({ confirmed: true });
  });

  it("takes an image on trial, too, where nothing may run any more", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    await client.reset();
    for (const area of [FlashArea.Slot0, FlashArea.Slot1] as const) card.flash.areas[area][5000]! ^= 1;
    expect(card.start()).to.equal(LoaderVerdict.Serve);
    await client.upload(TWO);
    await client.test(HASH.two);
    await client.reset();
    expect(slot0()).to.equal(2);
  });

  it("forgets what was to be tried where another upload begins, or slot 1 is erased", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    await client.erase();
    expect(slot1()).to.equal(undefined);
    expect(await codeOf(client.test(HASH.two))).to.equal("LOADER_IMAGE_ABSENT");
    await client.reset();
    expect(slot0()).to.equal(1);
  });

  it("boots nothing and listens where there is no valid image, and takes one then", async () => {
    const empty = await LoaderCard.create();
    expect(empty.start()).to.equal(LoaderVerdict.Serve);
    const flasher = empty.client();
    expect(await flasher.images()).to.deep.equal([]);
    await flasher.upload(TWO);
    await flasher.confirm(HASH.two);
    await flasher.reset();
    expect(empty.verdict).to.equal(LoaderVerdict.Boot);
    expect(versionIn(empty.flash.areas[FlashArea.Slot0])).to.equal(2);
  });

  it("runs the other image where the one that ran has rotted", () => {
    card.install(FlashArea.Slot1, TWO);
    card.flash.areas[FlashArea.Slot0][3000]! ^= 4;
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(2);
  });

  it("tries nothing that has rotted since it was marked, and forgets that it was to", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    card.flash.areas[FlashArea.Slot1][3000]! ^= 4;
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(1);
    card.flash.areas[FlashArea.Slot1][3000]! ^= 4;
    card.start(LoaderStart.Listen);
    expect((await client.images()).map(({ pending }) => pending)).to.deep.equal([false, false]);
  });

  it("stays with an image on trial where the one before has rotted, and does not take it for confirmed", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    card.start();
    card.flash.areas[FlashArea.Slot1][3000]! ^= 4;
    for (let start = 0; start < 2; start++) {
      expect(card.start()).to.equal(LoaderVerdict.Boot);
      expect(slot0()).to.equal(2);
    }
    card.start(LoaderStart.Listen);
    expect(await codeOf(client.erase()), "what is rotten is all that says that it is on trial").to.equal(
      "LOADER_STATE",
    );
    expect((await client.images()).map(({ confirmed }) => confirmed)).to.deep.equal([false]);
  });

  it("goes back at once where the image on trial has rotted", async () => {
    await client.upload(TWO);
    await client.test(HASH.two);
    card.start();
    card.start(LoaderStart.Listen);
    card.flash.areas[FlashArea.Slot0][3000]! ^= 4;
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(1);
  });

  it("does not start an image below the counter, though it lies in slot 0 and is signed", async () => {
    await client.upload(sealed(partsOf(3, 8)));
    await client.confirm(imageDigest(decodeImage(sealed(partsOf(3, 8)))));
    await client.reset();
    card.install(FlashArea.Slot0, ONE);
    card.flash.areas[FlashArea.Slot1].fill(0xff);
    expect(card.start()).to.equal(LoaderVerdict.Serve);
  });

  it("boots nothing that another root signed", async () => {
    const foreign = await LoaderCard.create();
    foreign.install(FlashArea.Slot0, sealed(partsOf(9, 9), OTHER_SECRET));
    expect(foreign.start()).to.equal(LoaderVerdict.Serve);
  });
});
