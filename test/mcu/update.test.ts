// An update on a Cortex-M in QEMU: the built image in another version sent over the serial line, tried, gone back from, confirmed. Power
// cuts are in power.test.ts.

import { MemoryBlock, QEMU_FLASH, QemuCard } from "@enabling-card/emulator";
import { checkImage, imageDigest, Loader, recordsOf, startSentence } from "@enabling-card/sdk";
import { buildImage, readBoard, setTable, signImage } from "@enabling-card/tools";
import { decodeImage, formatImageVersion, type ImageError, StartReason } from "@enabling-card/wire";
import { expect } from "chai";
import { developmentImageKey } from "../support/image-key.js";
import { BOARD_CORES, imageOrSkip } from "../support/mcu-image.js";

/** Which version a slot holds, as its header says. */
function versionIn(memory: Uint8Array, slot: 0 | 1): string {
  const octets = memory.subarray(QEMU_FLASH.slots[slot], QEMU_FLASH.slots[slot] + QEMU_FLASH.slotSize);
  const view = new DataView(octets.buffer, octets.byteOffset);
  return `${octets[20]}.${octets[21]}.${view.getUint16(22, true)}`;
}

for (const board of ["an386", "an505"] as const)
  describe(`an update of a ${BOARD_CORES[board]}`, () => {
    const next = (image: Uint8Array, major: number, counter: number) => {
      const { body } = decodeImage(image);
      const version = { major, minor: 0, revision: 0, build: 0 };
      return signImage(buildImage(body, { version, counter, board: readBoard(board) }), developmentImageKey());
    };
    /** What no card runs, but each takes, as it is signed: each octet of a line takes its time. */
    const small = (counter: number) => {
      const version = { major: 3, minor: 0, revision: 0, build: 0 };
      const body = new Uint8Array(2000).fill(1);
      return signImage(buildImage(body, { version, counter, board: readBoard(board) }), developmentImageKey());
    };
    let qemu: QemuCard | undefined;
    let store: Uint8Array;
    before(async () => {
      const block = new MemoryBlock();
      await (await setTable({ block })).service.close();
      store = block.snapshot();
    });
    afterEach(async () => {
      await qemu?.stop();
      qemu = undefined;
    });

    it("is sent, tried and gone back from; then confirmed, and nothing lower is taken", async function () {
      this.timeout(120_000);
      const built = imageOrSkip(this, board);
      const two = next(built.image, 2, 4);
      const hash = imageDigest(decodeImage(two));
      qemu = await QemuCard.start({ ...built, flash: store });
      expect(qemu.starts).to.equal(1);
      qemu.enterLoader();
      const loader = new Loader(qemu.loaderLine());
      expect(await loader.echo("are you there", { tries: 20, timeoutMs: 200 })).to.equal("are you there");
      const facts = await loader.facts();
      expect(facts.board).to.deep.equal(readBoard(board));
      expect(checkImage(two, { ...facts, publicKey: developmentImageKey().publicKey }).counter).to.equal(4);
      await loader.upload(two);
      await loader.test(hash);
      await loader.reset();
      await qemu.imageStarted(2);
      expect([versionIn(qemu.memory(), 0), versionIn(qemu.memory(), 1)]).to.deep.equal(["2.0.0", "0.1.0"]);

      // Another start without a word: as after a power cut.
      qemu = await QemuCard.start({ ...built, memory: await qemu.stop() });
      expect([versionIn(qemu.memory(), 0), versionIn(qemu.memory(), 1)]).to.deep.equal(["0.1.0", "2.0.0"]);

      expect(recordsOf(await qemu.log())[0]).to.include({ detail: startSentence(StartReason.WentBack) });

      qemu.enterLoader();
      const again = new Loader(qemu.loaderLine());
      await again.echo("still there", { tries: 20, timeoutMs: 200 });
      await again.test(hash);
      await again.reset();
      await qemu.imageStarted(2);
      qemu.enterLoader();
      await again.echo("on trial", { tries: 20, timeoutMs: 200 });
      expect((await again.images())[0]).to.include({ version: "2.0.0", confirmed: false });
      expect(await again.facts()).to.include({ start: StartReason.HandedOver, before: StartReason.Trial });
      await again.confirm();
      await again.reset();
      await qemu.imageStarted(3);
      qemu.enterLoader();
      await again.echo("confirmed", { tries: 20, timeoutMs: 200 });
      expect((await again.images())[0]).to.include({ version: "2.0.0", confirmed: true });
      expect((await again.facts()).counter).to.equal(4);
      const refused = await again.upload(small(3)).catch((error: ImageError) => error.code);
      expect(refused).to.equal("IMAGE_COUNTER_LOWER");
      await again.reset();
      await qemu.imageStarted(4);
      expect(versionIn(qemu.memory(), 0)).to.equal("2.0.0");
    });

    it("of an empty card begins in the loader, which takes an image", async function () {
      this.timeout(60_000);
      const { image, ...built } = imageOrSkip(this, board);
      qemu = await QemuCard.start({ ...built, flash: store, unheard: "loader" });
      const loader = new Loader(qemu.loaderLine());
      await loader.echo("empty", { tries: 20, timeoutMs: 200 });
      expect(await loader.images()).to.deep.equal([]);
      await loader.upload(image);
      const { digest, version } = decodeImage(image);
      await loader.confirm(digest);
      await loader.reset();
      await qemu.imageStarted(1);
      expect(versionIn(qemu.memory(), 0)).to.equal(formatImageVersion(version).split("+")[0]);
    });
  });
