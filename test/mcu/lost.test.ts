// QEMU ends amid what was asked of it: somebody kills it, or the image panics. Whoever waits for it hears so at once, and hears nothing untrue.

import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { MemoryBlock, QEMU_FLASH, QemuCard } from "@enabling-card/emulator";
import { buildImage, debugCard, readBoard, setTable, signImage } from "@enabling-card/tools";
import { decodeImage, Indicator, SECTOR_SIZE } from "@enabling-card/wire";
import { expect } from "chai";
import { ecard, testFolder } from "../../tools/test/run-ecard.js";
import { seeded } from "../fuzz/random.js";
import { developmentImageKey } from "../support/image-key.js";
import { imageOrSkip } from "../support/mcu-image.js";
import { qemuOf } from "../support/qemu-of.js";

const KILLED = "SIGKILL has ended QEMU";
/** How work ends because of it: code, and sentence. */
const endOf = (work: Promise<unknown>): Promise<readonly [string, string]> =>
  work.then(
    () => ["no end", ""],
    ({ code, message }: { code: string; message: string }) => [code, message],
  );
const LOST = ["QEMU_FAILED", `${KILLED}: start it again`] as const;
const kill = async () => process.kill(await qemuOf(), "SIGKILL");

describe("a QEMU that ends of itself", () => {
  const folder = testFolder();

  it("is told to whoever waits, to whoever will, and to its phone", async function () {
    this.timeout(60_000);
    const block = new MemoryBlock();
    await (await setTable({ block })).service.close();
    const qemu = await QemuCard.start({ ...imageOrSkip(this), flash: block.snapshot() });
    try {
      const line = qemu.connectLine();
      const closed = new Promise<void>((resolve) => line.onClose(resolve));
      const waits = [qemu.shows(Indicator.Ask), qemu.lost()];
      await kill();
      expect(await Promise.all(waits.map(endOf))).to.deep.equal([LOST, LOST]);
      await closed;
      expect(await endOf(qemu.played(1))).to.deep.equal(LOST);
      expect(() => qemu.connectLine()).to.throw(KILLED);
      expect((await endOf(qemu.look(0, 4)))[0]).to.equal("QEMU_FAILED");
      const heard = await new Promise<string>((resolve) => qemu.loaderLine().onClose(() => resolve("an end")));
      expect(heard).to.equal("an end");
    } finally {
      expect((await qemu.stop()).length, "its flash is there").to.equal(QEMU_FLASH.size);
    }
  });

  it("ends ecard flash amid the upload: why, what of the flash is kept, and nothing of a card that goes on", async function () {
    this.timeout(60_000);
    const built = imageOrSkip(this);
    const version = { major: 2, minor: 0, revision: 0, build: 0 };
    const { body } = decodeImage(built.image);
    const image = join(folder(), "two.img");
    writeFileSync(
      image,
      signImage(buildImage(body, { version, counter: 4, board: readBoard("an386") }), developmentImageKey()),
    );
    const memory = join(folder(), "card.flash");
    let killed: Promise<unknown> | undefined;
    const { code, facts } = await ecard(["flash", image, "--device", "qemu", "--memory", memory, "--json"], {
      onOut: (text) => {
        if (Number(/"sent":(\d+)/.exec(text)?.[1]) > 2 * SECTOR_SIZE) killed ??= kill();
      },
    });
    await killed;
    const [step, { error }] = facts().slice(-2) as [Record<string, unknown>, { error: Record<string, string> }];
    expect(step).to.include({ step: "broken off" });
    expect(step.detail).to.contain(`${memory} keeps its flash`);
    expect(error.code).to.equal("QEMU_FAILED");
    expect(error.message).to.contain(KILLED);
    expect(code).to.equal(3);
    const kept = readFileSync(memory)
      .subarray(QEMU_FLASH.slots[1])
      .subarray(0, 2 * SECTOR_SIZE);
    expect(kept.equals(readFileSync(image).subarray(0, 2 * SECTOR_SIZE)), "what was whole").to.equal(true);
  });

  it("because its store is no card's: ecard flash says the image's own word", async function () {
    this.timeout(60_000);
    imageOrSkip(this);
    const next = seeded(3);
    const memory = Uint8Array.from({ length: QEMU_FLASH.size }, () => Math.floor(256 * next()));
    const { image } = imageOrSkip(this);
    memory.fill(0xff, QEMU_FLASH.slots[0]);
    memory.set(image, QEMU_FLASH.slots[0]);
    const file = join(folder(), "random.flash");
    writeFileSync(file, memory);
    const built = join(folder(), "card.img");
    writeFileSync(built, image);
    const { code, stderr } = await ecard(["flash", built, "--device", "qemu", "--memory", file]);
    expect(stderr).to.contain("this card has no keys: personalise it [QEMU_FAILED]");
    expect(code).to.equal(3);
  });

  it("ends ecard demo", async function () {
    this.timeout(60_000);
    imageOrSkip(this);
    let killed: Promise<unknown> | undefined;
    const { code, stderr } = await ecard(["demo", "--device", "qemu", "--out", join(folder(), "out")], {
      onOut: (text) => {
        if (text.includes("enrol")) killed ??= kill();
      },
    });
    await killed;
    expect(stderr).to.contain(`${KILLED}: start it again [QEMU_FAILED]`);
    expect(code).to.equal(3);
  });

  it("ends ecard debug, which waits for a debugger", async function () {
    this.timeout(60_000);
    imageOrSkip(this);
    const signal = new AbortController().signal;
    const debugging = debugCard({
      ...{ board: "an386", gdbPort: await freePort(), autoPress: false, showCode: false, signal },
      onWaiting: () => void kill(),
      onStarted: () => undefined,
    });
    expect(await endOf(debugging)).to.deep.equal(LOST);
  });

  it("is none where somebody has the debugger's port: nothing is said of a card that waits", async function () {
    imageOrSkip(this);
    const server = createServer();
    const port = await listening(server);
    try {
      const { code, stdout, stderr } = await ecard(["debug", "--gdb", String(port)]);
      expect([code, stdout]).to.deep.equal([3, ""]);
      expect(stderr).to.contain(`(${port}) [EADDRINUSE]`);
    } finally {
      server.close();
    }
  });
});

function listening(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
