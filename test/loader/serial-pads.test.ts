// The serial line of an emulated card: its log, the hand-over to its loader, an update by it, and the way back to the image. By the SDK's own calls.

import { type EmulatedCard, LISTENS_MS, SerialPads, SlotFlash } from "@enabling-card/emulator";
import { Card, flashCard, memoryTransport, recordsOf, type UpdateLine } from "@enabling-card/sdk";
import { encodeLineFrame, FlashArea, LineFrames, LineKind, utf8 } from "@enabling-card/wire";
import { expect } from "chai";
import sinon from "sinon";
import { BOARD, codeOf, loaderModule, partsOf, ROOT, SECTORS, sealed, versionIn } from "../support/loader-card.js";
import { pairOptions, watchedWorlds } from "../support/watched-worlds.js";

const ONE = sealed(partsOf(1, 1));
const TWO = sealed(partsOf(2, 2, 12_000));
const LOG = encodeLineFrame(LineKind.Log);
const HAND_OVER = encodeLineFrame(LineKind.Loader);
const newWorld = watchedWorlds();

describe("an emulated card's serial line", () => {
  let flash: SlotFlash;
  let card: EmulatedCard;
  let pads: SerialPads;
  let w: Awaited<ReturnType<typeof newWorld>>;

  beforeEach(async () => {
    flash = new SlotFlash(SECTORS);
    flash.install(FlashArea.Slot0, ONE);
    const loader = { module: await loaderModule(), flash, board: BOARD, root: ROOT };
    w = await newWorld({ loader });
    card = w.emulator;
    pads = new SerialPads(card, loader);
  });
  afterEach(() => pads.end());

  const records = () => recordsOf(new LineFrames().push(pads.hear(LOG))[0]!.octets);
  const events = () => records().map(({ event, detail }) => `${event}: ${detail}`);
  const slots = () => [FlashArea.Slot0, FlashArea.Slot1].map((area) => versionIn(flash.areas[area as FlashArea.Slot0]));

  function line(): UpdateLine {
    const ears = new Set<(octets: Uint8Array) => void>();
    return {
      async write(octets) {
        const said = pads.hear(octets);
        queueMicrotask(() => {
          for (const hear of ears) hear(said);
        });
      },
      onOctets: (listener) => {
        ears.add(listener);
        return () => ears.delete(listener);
      },
      onClose: () => () => undefined,
      close: async () => undefined,
    };
  }

  it("tells the log: the start and why, a phone, a pass", async () => {
    expect(events()).to.deep.equal(["started: the image runs as before"]);
    const phone = await Card.pair(memoryTransport([card]), w.made.pairingCode, pairOptions(w));
    await phone.close();
    expect(events()).to.deep.equal([
      ...["started: the image runs as before", "line up: chunks of at most 244 octets", "line down: "],
    ]);
    expect(records().map(({ number }) => number)).to.deep.equal([1, 2, 3]);
  });

  it("keeps the last sixteen records", async () => {
    for (let i = 0; i < 12; i++) {
      card.connectLine();
      card.dropLine();
    }
    const all = records();
    expect(all.map(({ number }) => number)).to.deep.equal(Array.from({ length: 16 }, (_, i) => i + 10));
  });

  it("is where the card is flashed: tried, confirmed, and it runs on as its owner's", async () => {
    const before = await Card.pair(memoryTransport([card]), w.made.pairingCode, pairOptions(w));
    await before.close();
    expect(await flashCard(line(), { image: TWO })).to.include({ confirmed: true, sentOctets: TWO.length });
    expect(slots()).to.deep.equal([2, 1]);
    expect(card.on).to.equal(true);
    const again = await Card.connect(memoryTransport([card]), { store: w.store, cardId: w.made.cardId });
    expect((await again.state()).tokens).to.have.length(0);
    await again.close();
  }).timeout(20_000);

  it("goes back where nobody has confirmed, and its log says why", async () => {
    await flashCard(line(), { image: TWO, confirm: false });
    expect(events()).to.deep.equal(["started: a new image was swapped in, and runs on trial"]);
    card.restart();
    expect(events()).to.deep.equal(["started: nobody had confirmed the image on trial: the one before is back"]);
    expect(slots()).to.deep.equal([1, 2]);
  }).timeout(20_000);

  it("leaves the modules without power while the loader listens, and a phone without a line", () => {
    card.connectLine();
    pads.hear(HAND_OVER);
    expect([pads.isListening, card.on, card.memory("wallet").length]).to.deep.equal([true, false, 0]);
    expect(() => card.connectLine()).to.throw(/no power/);
  });

  it("goes back to the image after a minute without a word, and not before", () => {
    const clock = sinon.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      pads.hear(HAND_OVER);
      clock.tick(LISTENS_MS - 1);
      pads.hear(utf8("\n"));
      clock.tick(LISTENS_MS - 1);
      expect([pads.isListening, card.on]).to.deep.equal([true, false]);
      clock.tick(1);
      expect([pads.isListening, card.on]).to.deep.equal([false, true]);
    } finally {
      clock.restore();
    }
  });

  it("listens where no image may run, and takes one", async () => {
    pads.hear(HAND_OVER);
    flash.areas[FlashArea.Slot0].fill(0xff);
    const update = await flashCard(line(), { image: TWO });
    expect([update.confirmed, card.on, slots()[0]]).to.deep.equal([true, true, 2]);
  }).timeout(20_000);

  it("hears its frames behind what is none, and nothing of a console while an image runs", () => {
    expect(pads.hear(utf8("\u0006\u0009AAYAAA==\n"))).to.have.length(0);
    pads.hear(new Uint8Array(520));
    expect(new LineFrames().push(pads.hear(LOG))).to.have.length(1);
    expect(pads.isListening).to.equal(false);
  });

  it("says nothing without power, and its loader ends with it", async () => {
    pads.hear(HAND_OVER);
    pads.end();
    expect([pads.isListening, pads.hear(LOG).length]).to.deep.equal([false, 0]);
    expect(await codeOf(flashCard(line(), { image: TWO, reachMs: 10 }))).to.equal("LOADER_SILENT");
    card.start();
    expect(events()).to.deep.equal(["started: the image runs as before"]);
  });
});
