// The power goes at writes of a board's flash: at each of a payment, and at every kind of an update's. Each time the card boots, says why, and has lost nothing.
// The same is asked of every write and octet where they are cheap: test/refusals/power.test.ts, test/loader/power.test.ts, test/mcu/store.test.ts.

import { MemoryBlock, QEMU_FLASH, QemuCard } from "@enabling-card/emulator";
import {
  Card,
  type CardError,
  imageDigest,
  Loader,
  memoryTransport,
  recordsOf,
  startSentence,
} from "@enabling-card/sdk";
import { type BuiltImage, buildImage, readBoard, setTable, signImage } from "@enabling-card/tools";
import { decodeImage, Phase, SECTOR_SIZE, START_RESUMED, StartReason, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { type FlashCut, FlashCuts } from "../support/flash-cuts.js";
import { developmentImageKey } from "../support/image-key.js";
import { BOARD_CORES, imageOrSkip } from "../support/mcu-image.js";
import { qemuWithPhone } from "../support/qemu-with-phone.js";

const { slots: SLOTS, scratch, state: STATE, size } = QEMU_FLASH;
/** Where what lies behind the store, slot 0, slot 1, scratch and records ends. */
const AREAS = [SLOTS[0], SLOTS[1], scratch, STATE, size];

/** All flash with a store and an image in each slot, as if the second one had just come. */
function bothImages(store: Uint8Array, one: Uint8Array, two: Uint8Array): Uint8Array {
  const memory = new Uint8Array(QEMU_FLASH.size).fill(0xff);
  memory.set(store);
  memory.set(one, SLOTS[0]);
  memory.set(two, SLOTS[1]);
  return memory;
}

const named = ({ step, kind, at, length, when }: FlashCut) =>
  `${step}: ${when} ${kind} of ${length} octets at 0x${at.toString(16)}`;

/** What the log of a card that was just started says of its start. */
async function whyOf(qemu: QemuCard): Promise<string> {
  const [first] = recordsOf(await qemu.log());
  expect(first).to.include({ event: "started", number: 1 });
  return first!.detail;
}

describe("the power of a Cortex-M goes", () => {
  it("at each write of a payment: no pass was played that flash does not count, none follows, and the owner is the owner", async function () {
    this.timeout(180_000);
    const built = imageOrSkip(this);
    const power = new FlashCuts(built);
    const { qemu, phone, store, grant, close } = await qemuWithPhone(built, { halts: power.halts });
    try {
      const before = (await phone.state()).tokens[0]?.atc;
      const bundle = await grant(phone);
      power.qemu = qemu;
      power.step = "load";
      const { grantHash } = await phone.load(bundle);
      power.step = "present";
      expect((await phone.present({ when: "now" })).passesSent).to.equal(2);
      power.step = undefined;
      const counted = (await phone.state()).tokens[0]?.atc;
      expect(counted).to.not.equal(before);
      await phone.close();
      const last = { step: "paid", kind: "program", at: 0, length: 0, when: "before", begun: 2 } as const;
      const cuts: readonly FlashCut[] = [...power.cuts, { ...last, memory: await qemu.stop() }];
      // A record is three writes: its head, its octets, its checksum. One for the load, three for the presentation: before each pass, and behind the last.
      const count = (step: string) => cuts.filter((cut) => cut.step === step).length;
      expect([count("load"), count("present")]).to.deep.equal([2 * 3, 2 * 3 * 3]);

      const refusal = (work: Promise<unknown>): Promise<string> =>
        work.then(
          () => "no refusal",
          ({ code }: CardError) => code,
        );
      for (const cut of cuts) {
        const what = named(cut);
        const again = await QemuCard.start({ ...built, memory: cut.memory, autoPress: true });
        try {
          expect(await whyOf(again), what).to.equal(startSentence(StartReason.Plain));
          const card = await Card.connect(memoryTransport([again]), { store });
          const { tokens, info } = await card.state();
          expect(info.phase, what).to.equal(Phase.Empty);
          const atc = tokens[0]?.atc;
          if (cut.step === "load") expect(atc, what).to.be.oneOf([before, counted]);
          else expect(atc, what).to.equal(counted);
          // The grant's receipt: which it was, and its passes, each counted before its first edge.
          if (atc === counted) expect(toHex(info.lastGrant!), what).to.equal(toHex(grantHash));
          expect(info.passesSent, what).to.be.within(cut.begun, Math.min(2, cut.begun + 1));
          expect(await refusal(card.present({ when: "now" })), what).to.equal("NO_GRANT");
          expect(await refusal(card.load(bundle)), what).to.equal("GRANT_CHALLENGE_UNKNOWN");
          again.touchHead();
          await card.refresh();
          expect(again.passes, what).to.deep.equal([]);
          // The next one is as any: behind what was torn, and behind what is whole.
          if (cut === cuts[3] || cut === cuts.at(-1)) {
            await card.load(await grant(card));
            expect((await card.present({ when: "now" })).passesSent, what).to.equal(2);
          }
          expect(again.traps).to.deep.equal([]);
          await card.close();
        } finally {
          await again.stop();
        }
      }
    } finally {
      await close();
    }
  });

  for (const board of ["an386", "an505"] as const)
    describe(`of a ${BOARD_CORES[board]}, at writes of an update`, () => {
      // The loader's module is the same on both.
      const isThorough = board === "an386";
      let built: BuiltImage;
      let store: Uint8Array;
      let two: Uint8Array;
      let qemu: QemuCard | undefined;
      before(async function () {
        built = imageOrSkip(this, board);
        const block = new MemoryBlock();
        await (await setTable({ block })).service.close();
        store = block.snapshot();
        two = imageOf(2, decodeImage(built.image).body);
      });
      afterEach(async () => {
        await qemu?.stop();
        qemu = undefined;
      });
      const imageOf = (major: number, body: Uint8Array) => {
        const version = { major, minor: 0, revision: 0, build: 0 };
        return signImage(buildImage(body, { version, counter: 4, board: readBoard(board) }), developmentImageKey());
      };
      const startLoader = async (power: FlashCuts, memory: { flash?: Uint8Array; memory?: Uint8Array }) => {
        qemu = await QemuCard.start({ ...built, ...memory, held: true, halts: power.halts });
        const loader = new Loader(qemu.loaderLine());
        await loader.echo("held", { tries: 20, timeoutMs: 500 });
        power.qemu = qemu;
        return loader;
      };
      const holds = (memory: Uint8Array, at: number, image: Uint8Array) =>
        Buffer.from(memory.buffer, memory.byteOffset + at, image.length).equals(image);

      /** Starts what a cut has left: which image runs, and why. The card's own store is as it was, and where `both` are to be there they are. */
      async function boots(cut: FlashCut, both: boolean) {
        const what = named(cut);
        const again = await QemuCard.start({ ...built, memory: cut.memory });
        const reason = await whyOf(again);
        const left = await again.stop();
        // Behind what was there each start writes its numbers.
        expect(holds(left, 0, store.subarray(0, 1 + store.findLastIndex((octet) => octet !== 0xff))), what).to.equal(
          true,
        );
        const runs = holds(left, SLOTS[0], built.image) ? 1 : 2;
        expect(holds(left, SLOTS[0], runs === 1 ? built.image : two), what).to.equal(true);
        if (both) expect(holds(left, SLOTS[1], runs === 1 ? two : built.image), what).to.equal(true);
        return { what, runs, reason };
      }
      const led = (cut: FlashCut, runs: 1 | 2, reason: number) => ({
        ...{ what: named(cut), runs },
        reason: startSentence(reason),
      });

      if (isThorough)
        it("while the image comes: the old one runs, as before", async function () {
          this.timeout(120_000);
          // Of writes and erases the first and the second: nobody asks whether so short an image would run.
          const seen = new Map<string, number>();
          const power = new FlashCuts(built, ({ kind }) => {
            const n = (seen.get(kind) ?? 0) + 1;
            seen.set(kind, n);
            return n === 2 ? ["before", "amid"] : n === 1 ? ["amid"] : [];
          });
          const loader = await startLoader(power, { flash: store });
          power.step = "upload";
          await loader.upload(imageOf(3, new Uint8Array(SECTOR_SIZE + 1000).fill(7)));
          power.step = undefined;
          await qemu!.stop();
          expect(power.cuts).to.have.length(6);
          for (const cut of power.cuts) expect(await boots(cut, false)).to.deep.equal(led(cut, 1, StartReason.Plain));
        });

      it("while it is marked, swapped in, tried and confirmed: both are there, and the one that is to run does", async function () {
        this.timeout(180_000);
        const sectors = Math.ceil(Math.max(two.length, built.image.length) / SECTOR_SIZE);
        const RECORDS = 3 * sectors + 3;
        // Of each kind of a swap's steps one in the middle, with all of its records that are no step's.
        const seen = new Map<string, number>();
        const isRecord = ({ at, kind }: { at: number; kind: string }) => at >= STATE && kind === "program";
        const power = new FlashCuts(built, (write, step) => {
          const kind = `${step} ${write.kind} ${AREAS.findIndex((from) => write.at < from)}`;
          const n = (seen.get(kind) ?? 0) + 1;
          seen.set(kind, n);
          const isEnd = isRecord(write) && (n === 1 || n > RECORDS - 2);
          const isMiddle = step === "swap" && n === 12;
          if (!isThorough) return isMiddle ? ["amid"] : [];
          return step !== "swap" || isEnd || isMiddle ? ["before", "amid"] : [];
        });
        const loader = await startLoader(power, { memory: bothImages(store, built.image, two) });
        power.step = "mark";
        await loader.test(imageDigest(decodeImage(two)));
        power.step = "swap";
        await loader.reset();
        await qemu!.imageStarted(1);
        power.step = undefined;
        qemu!.enterLoader();
        await loader.echo("on trial", { tries: 20, timeoutMs: 500 });
        power.step = "confirm";
        await loader.confirm();
        power.step = undefined;
        const last = { step: "confirmed", kind: "program", at: 0, length: 0, when: "before", begun: 0 } as const;
        const cuts: readonly FlashCut[] = [...power.cuts, { ...last, memory: await qemu!.stop() }];
        expect(seen.get(`swap program ${AREAS.length - 1}`), "records of a swap").to.equal(RECORDS);
        // Marked, three records that are no step's, a step's, six kinds of writes in the middle, confirmed: two cuts each, and the end.
        expect(cuts).to.have.length(isThorough ? 2 * (1 + 3 + 1 + 6 + 1) + 1 : 1 + 6 + 1);
        const records = cuts.filter((cut) => cut.step === "swap" && isRecord(cut));
        for (const cut of cuts) {
          if (cut.step === "mark") expect(await boots(cut, true)).to.deep.equal(led(cut, 1, StartReason.Plain));
          else if (cut.step === "confirm")
            expect(await boots(cut, true)).to.deep.equal(led(cut, 1, StartReason.WentBack));
          else if (cut.step === "confirmed")
            expect(await boots(cut, true)).to.deep.equal(led(cut, 2, StartReason.Plain));
          else {
            // Before the first record of a swap nothing has begun, and before the last one it was ended.
            const isAmid = !isThorough || (!records.slice(0, 2).includes(cut) && !records.slice(-2).includes(cut));
            const reason = StartReason.Trial | (isAmid ? START_RESUMED : 0);
            expect(await boots(cut, true)).to.deep.equal(led(cut, 2, reason));
          }
        }
      });
    });
});
