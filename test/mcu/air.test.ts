// An update over the air of a Cortex-M in QEMU: the image that runs has the loader answer out of the loader's own flash, over noble's stack, the emulated air
// and the line to a controller. On the Cortex-M4 the whole of it; on the Cortex-M33, who is let in, and that the loader answers. Its twin without a chip: test/loader/air.test.ts.

import { Air, Controller, MemoryBlock, QEMU_FLASH, QemuCard } from "@enabling-card/emulator";
import { flashCardOverAir, gattCarrier, Loader } from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { buildImage, nobleOn, readBoard, type StoppableNoble, setTable, signImage } from "@enabling-card/tools";
import { decodeImage, Indicator, LOG_RECORD_SIZE, LogEvent } from "@enabling-card/wire";
import { expect } from "chai";
import { expectError } from "../support/expect-refusal.js";
import { developmentImageKey } from "../support/image-key.js";
import { BOARD_CORES, imageOrSkip } from "../support/mcu-image.js";

const HOLD_MS = 3_100;
/** Octets of the image's stack (docs/mcu.md). */
const STACK_MAX = 4_608;

for (const board of ["an386", "an505"] as const)
  describe(`an update over the air of a ${BOARD_CORES[board]}`, () => {
    let air: Air;
    let radio: Controller;
    let noble: StoppableNoble | undefined;
    let qemu: QemuCard | undefined;
    afterEach(async () => {
      noble?.stop();
      await qemu?.stop();
      air?.close();
      noble = qemu = undefined;
    });

    async function begin(context: Mocha.Context) {
      const built = imageOrSkip(context, board);
      const block = new MemoryBlock();
      await (await setTable({ block })).service.close();
      air = new Air({ time: "real" });
      radio = new Controller(air);
      noble = nobleOn(new Controller(air));
      qemu = await QemuCard.start({ ...built, flash: block.snapshot(), radio });
      return { qemu, transport: nobleTransport(noble), image: built.image };
    }

    const events = (log: Uint8Array) =>
      Array.from({ length: log.length / LOG_RECORD_SIZE }, (_, i) => log[i * LOG_RECORD_SIZE + 8]);

    if (board === "an505")
      it("is refused to a stranger; with the button held the loader answers, and goes when it is reset", async function () {
        this.timeout(60_000);
        const { qemu, transport } = await begin(this);
        const first = async () => {
          for await (const { id } of transport.discover(AbortSignal.timeout(10_000)))
            return transport.connectLoader!(id);
          throw new Error("no card");
        };
        // A card that was heard a moment ago may have another address by now.
        const link = () => first().catch(first);
        const strangers = await link();
        const stranger = new Loader(await gattCarrier(strangers));
        await expectError(() => stranger.facts(), "UPDATE_NOT_ALLOWED");
        await expectError(() => stranger.reset(), "UPDATE_NOT_ALLOWED");
        expect(events(await qemu.log())).not.to.include(LogEvent.Updating);
        await strangers.close(); // or the card would end it amid what follows
        await qemu.hold(HOLD_MS);
        await qemu.shows(Indicator.Pairing);
        const loader = new Loader(await gattCarrier(await link()));
        expect((await loader.facts()).board).to.deep.equal(readBoard(board));
        expect((await loader.images())[0]).to.include({ version: "0.1.0", active: true, confirmed: true });
        expect(events(await qemu.log())).to.include(LogEvent.Updating);
        expect(qemu.starts).to.equal(1);
        await loader.reset();
        await qemu.imageStarted(2);
        expect(events(await qemu.log())).not.to.include(LogEvent.Updating);
        expect(qemu.traps).to.deep.equal([]);
        expect(radio.violations).to.deep.equal([]);
      });

    if (board === "an386")
      it("is sent, tried and confirmed, and stays", async function () {
        this.timeout(120_000);
        const { qemu, transport, image } = await begin(this);
        const { body } = decodeImage(image);
        const version = { major: 2, minor: 0, revision: 0, build: 0 };
        const two = signImage(
          buildImage(body, { version, counter: 4, board: readBoard(board) }),
          developmentImageKey(),
        );
        await qemu.hold(HOLD_MS);
        let counted: ReturnType<QemuCard["counts"]> | undefined;
        const result = await flashCardOverAir(transport, {
          image: two,
          onStep(step) {
            if (step === "sent") counted = qemu.counts();
          },
        });
        const { stackUsed } = await counted!;
        expect(stackUsed, "the loader's work, on the image's stack").to.be.at.most(STACK_MAX);
        expect(result).to.include({ version: "2.0.0+0", sentOctets: two.length, confirmed: true });
        await qemu.imageStarted(3);
        const again = await QemuCard.start({ ...imageOrSkip(this, board), memory: await qemu.stop() });
        try {
          expect(again.memory().subarray(QEMU_FLASH.slots[0] + 20, QEMU_FLASH.slots[0] + 21)).to.deep.equal(
            Uint8Array.of(2),
          );
        } finally {
          await again.stop();
        }
        expect(qemu.traps).to.deep.equal([]);
      });
  });
