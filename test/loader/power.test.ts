// Power goes in every write and every erase of an update: while it is uploaded, marked, swapped, swapped back, confirmed, and while the loader's own
// records change sectors. Each time the card boots a valid image, the old or the new, and both are still there where both were.

import { EmulatedLoader, PowerCut, type SlotAreas, SlotFlash, type SlotWrite } from "@enabling-card/emulator";
import { imageDigest } from "@enabling-card/sdk";
import {
  decodeImage,
  FlashArea,
  LoaderStart,
  LoaderVerdict,
  SECTOR_SIZE,
  START_RESUMED,
  StartReason,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { BOARD, LoaderCard, loaderModule, partsOf, ROOT, SECTORS, sealed } from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 6, 9000));
const TWO_HASH = imageDigest(decodeImage(TWO));
/** Of each write, how many of its octets still happen. Records of the state: each number; of the rest the ends and the middle. */
const tears = ({ area, length }: SlotWrite): readonly number[] =>
  area === FlashArea.State && length < SECTOR_SIZE
    ? Array.from({ length: length + 1 }, (_, i) => i)
    : [0, length >> 1, length];

interface Cut {
  readonly areas: SlotAreas;
  readonly what: string;
}

/** Which image runs, and why. */
interface Booted {
  readonly runs: 1 | 2;
  readonly reason: number;
}

/** Every flash that a power cut can leave while `work` runs. */
async function cutsOf(card: LoaderCard, work: () => Promise<unknown> | unknown): Promise<Cut[]> {
  const cuts: Cut[] = [];
  let n = 0;
  card.flash.onWrite = (write) => {
    n++;
    for (const torn of tears(write)) {
      const flash = new SlotFlash(card.flash.snapshot());
      const octets = flash.areas[write.area];
      if (write.kind === "erase") octets.fill(0xff, write.at, write.at + torn);
      cuts.push({
        areas: flash.areas,
        what: `write ${n}: ${write.kind} of area ${write.area} at ${write.at}, ${torn} of ${write.length} octets`,
      });
      if (write.kind === "program") pending.push({ cut: cuts.at(-1)!, write, torn });
    }
    return undefined;
  };
  // What a program would have written is known once it has.
  const pending: { cut: Cut; write: SlotWrite; torn: number }[] = [];
  const settle = () => {
    for (const { cut, write, torn } of pending.splice(0)) {
      const after = card.flash.areas[write.area].subarray(write.at, write.at + torn);
      cut.areas[write.area].set(after, write.at);
    }
  };
  const inner = card.flash.onWrite;
  card.flash.onWrite = (write) => {
    settle();
    return inner(write);
  };
  await work();
  settle();
  card.flash.onWrite = undefined;
  return cuts;
}

const holds = (octets: Uint8Array, image: Uint8Array): boolean =>
  toHex(octets.subarray(0, image.length)) === toHex(image);

/** Starts what a cut has left. */
function bootsAfter(module: WebAssembly.Module, { areas, what }: Cut, both: boolean): Booted {
  const flash = new SlotFlash(areas);
  const loader = new EmulatedLoader({ module, flash, board: BOARD, root: ROOT });
  const verdict = loader.start();
  expect(verdict, what).to.equal(LoaderVerdict.Boot);
  const runs = holds(flash.areas[FlashArea.Slot0], ONE) ? 1 : 2;
  expect(holds(flash.areas[FlashArea.Slot0], runs === 1 ? ONE : TWO), `${what}: which image is this`).to.equal(true);
  const other = flash.areas[FlashArea.Slot1];
  if (both) expect(holds(other, runs === 1 ? TWO : ONE), `${what}: the other image`).to.equal(true);
  return { runs, reason: loader.reason };
}

describe("a power cut during an update", () => {
  let card: LoaderCard;
  let module: WebAssembly.Module;
  before(async () => {
    module = await loaderModule();
  });
  beforeEach(async () => {
    card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    card.start();
    card.start(LoaderStart.Listen);
  });

  const tried = async () => {
    await card.client().upload(TWO);
    await card.client().test(TWO_HASH);
  };

  it("while the image comes leaves the old one", async () => {
    const cuts = await cutsOf(card, tried);
    expect(cuts.length).to.be.greaterThan(60);
    // Only once the image is marked, which is the last record, does the new one run.
    const booted = cuts.map((cut) => bootsAfter(module, cut, false));
    expect(booted.slice(0, -1)).to.deep.equal(Array(cuts.length - 1).fill({ runs: 1, reason: StartReason.Plain }));
    expect(booted.at(-1)).to.deep.equal({ runs: 2, reason: StartReason.Trial });
  }).timeout(120_000);

  it("while the image comes lets it go on: with what it has, which is no more than came, and never with all", async () => {
    // Of two sectors, the last one full.
    const even = sealed(partsOf(2, 6, 2 * SECTOR_SIZE + 1 - sealed(partsOf(2, 6, 1)).length));
    for (const [image, sectors] of [
      [TWO, [0, 1, 2]],
      [even, [0, 1]],
    ] as const) {
      const cuts = await cutsOf(card, () => card.client().upload(image));
      const goesOn = new Set<number>();
      for (const { areas, what } of cuts) {
        const again = await LoaderCard.create(new SlotFlash(areas));
        again.start(LoaderStart.Listen);
        const told: number[] = [];
        await again.client().upload(image, { onProgress: ({ sent }) => told.push(sent) });
        goesOn.add(Math.floor(told[0]! / SECTOR_SIZE));
        expect(holds(again.flash.areas[FlashArea.Slot1], image), what).to.equal(true);
      }
      expect([...goesOn].sort()).to.deep.equal(sectors);
    }
  }).timeout(120_000);

  it("while slots are swapped leaves both, and the new one is tried", async () => {
    await tried();
    const cuts = await cutsOf(card, () => card.start());
    expect(cuts.length).to.be.greaterThan(600);
    const booted = cuts.map((cut) => bootsAfter(module, cut, true));
    // The last record says that it has been tried: from its last octet on the old one is back. Its first 16 cuts have no swap left to end, as the first
    // record's have none to go on with.
    expect(booted.slice(0, -1).map(({ runs }) => runs)).to.deep.equal(Array(cuts.length - 1).fill(2));
    expect(booted.at(-1)).to.deep.equal({ runs: 1, reason: StartReason.WentBack });
    const RECORD = 16;
    for (const [i, { reason }] of booted.slice(0, -1).entries()) {
      const isAmid = i >= RECORD && i < cuts.length - 2 - RECORD;
      expect(reason, cuts[i]!.what).to.equal(StartReason.Trial | (isAmid ? START_RESUMED : 0));
    }
  }).timeout(120_000);

  it("while they are swapped back leaves both, and the old one stays", async () => {
    await tried();
    card.start();
    const cuts = await cutsOf(card, () => card.start());
    expect(cuts.length).to.be.greaterThan(600);
    const reasons = new Map<number, number>();
    for (const cut of cuts) {
      const { runs, reason } = bootsAfter(module, cut, true);
      expect(runs, cut.what).to.equal(1);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    // Before the first record is whole it goes back as if nothing had been; behind the last one there is nothing to say any more.
    const RECORD = 16;
    expect(reasons.get(StartReason.WentBack)).to.equal(RECORD);
    expect(reasons.get(StartReason.Plain)).to.equal(1);
    expect(reasons.get(StartReason.WentBack | START_RESUMED)).to.equal(cuts.length - RECORD - 1);
  }).timeout(120_000);

  it("while the image is confirmed leaves it confirmed, or goes back", async () => {
    await tried();
    card.start();
    card.start(LoaderStart.Listen);
    const cuts = await cutsOf(card, () => card.client().confirm());
    expect(cuts).to.have.length(17);
    const booted = cuts.map((cut) => bootsAfter(module, cut, true));
    expect(booted).to.deep.equal([
      ...Array(16).fill({ runs: 1, reason: StartReason.WentBack }),
      { runs: 2, reason: StartReason.Plain },
    ]);
  });

  it("while the records change sectors keeps the phase and the counter", async () => {
    await card.client().upload(TWO);
    // Torn records up to a few before the sector's end.
    const records = card.flash.areas[FlashArea.State];
    const used = records.findIndex((_, at) => at % 16 === 0 && records.subarray(at, at + 16).every((o) => o === 0xff));
    records.fill(0, used, SECTOR_SIZE - 3 * 16);
    card.start(LoaderStart.Listen);
    let cuts: Cut[] = [];
    for (let i = 0; i < 6; i++) {
      const found = await cutsOf(card, async () => {
        if (i % 2 === 0) await card.client().test(TWO_HASH);
        else await card.client().confirm(TWO_HASH);
      });
      if (found.some(({ what }) => what.includes("erase"))) cuts = [...cuts, ...found];
    }
    expect(cuts.filter(({ what }) => what.includes("erase"))).to.have.length(3);
    for (const cut of cuts) expect(bootsAfter(module, cut, true).runs, cut.what).to.equal(2);
    const facts = await card.client().facts();
    expect(facts.counter).to.equal(5);
  }).timeout(120_000);

  it("and another, and another, wherever they come", async () => {
    await tried();
    const wanted = card.flash.snapshot();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(180), fc.nat(SECTOR_SIZE)), { minLength: 1, maxLength: 6 }), (cuts) => {
        const flash = new SlotFlash(wanted);
        for (const [write, octets] of cuts) {
          let left = write;
          flash.onWrite = ({ length }) => (left-- === 0 ? octets % (length + 1) : undefined);
          try {
            new EmulatedLoader({ module, flash, board: BOARD, root: ROOT }).start();
          } catch (error) {
            expect(error).to.be.instanceOf(PowerCut);
          }
        }
        bootsAfter(module, { areas: flash.snapshot(), what: JSON.stringify(cuts) }, true);
      }),
      { numRuns: 100 },
    );
  }).timeout(120_000);

  it("of a card whose records are no records is a card with slot 0", () => {
    const flash = new SlotFlash(SECTORS);
    flash.install(FlashArea.Slot0, ONE);
    flash.areas[FlashArea.State].fill(0);
    expect(bootsAfter(module, { areas: flash.areas, what: "zeros" }, false).runs).to.equal(1);
  });
});
