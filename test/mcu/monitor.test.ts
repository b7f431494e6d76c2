// What QEMU's monitor sees of a card. Its lines have the speed of what is wired to them. After it has handed over to its loader, its RAM holds
// nothing that a module held: the machine wipes it (port-rules.test.ts), and the loader writes over what is not its own.

import { readFileSync } from "node:fs";
import { Air, Controller, MemoryBlock, QemuCard, type QemuHalts } from "@enabling-card/emulator";
import { Loader } from "@enabling-card/sdk";
import { setTable } from "@enabling-card/tools";
import { expect } from "chai";
import { addressOf } from "../support/flash-cuts.js";
import { imageOrSkip } from "../support/mcu-image.js";
import { qemuWithPhone } from "../support/qemu-with-phone.js";

const RAM = { at: 0x20000000, size: 48 * 1024 };
/** Octets of a piece of memory that is looked for, and how many of them differ at least: zeros and counters are everywhere. */
const [PIECE, DISTINCT] = [16, 12];

describe("the serial lines of a Cortex-M", () => {
  // CMSDK APB UART: BAUDDIV at offset 16; of mps2-an386, UART0 and UART1, and their clock.
  const [CLOCK_HZ, BAUDDIV, UARTS] = [25_000_000, 16, [0x40004000, 0x40005000]];

  it("have the speed that ports and controllers have", async function () {
    this.timeout(60_000);
    const built = imageOrSkip(this);
    const { qemu, close } = await qemuWithPhone(built, { radio: new Controller(new Air({ time: "real" })) });
    try {
      for (const [i, baud] of [115_200, 1_000_000].entries()) {
        const { buffer } = await qemu.look(UARTS[i]! + BAUDDIV, 4);
        expect(CLOCK_HZ / new DataView(buffer).getUint32(0, true), `UART ${i}`).to.be.closeTo(baud, baud * 0.01);
      }
    } finally {
      await close();
    }
  });
});

describe("a loader that is told to start again", () => {
  // CMSDK timer: VALUE at offset 4, counted down; TIMER1 of mps2-an386 counts what the UART divides.
  const [TIMER1_VALUE, PC, BITS, TICKS_A_BIT] = [0x40001004, 15, 10, Math.round(25_000_000 / 115_200)];

  it("does so when its answer has left the line: the last octet has its time", async function () {
    this.timeout(60_000);
    const built = imageOrSkip(this);
    const block = new MemoryBlock();
    await (await setTable({ block })).service.close();
    const flash = block.snapshot();
    const [writes, resets] = ["Z_lineZ_write", "board_reset"].map((name) => addressOf(built.loader, name)!);
    /** The timer at the last line that was written, and when the reset came. */
    let [said, reset] = [0, 0];
    let qemu: QemuCard | undefined;
    const halts: QemuHalts = {
      at: [writes!, resets!],
      async onHalt({ registers }) {
        if (qemu === undefined) return;
        const ticks = new DataView((await qemu.look(TIMER1_VALUE, 4)).buffer).getUint32(0, true);
        if (registers[PC] === writes) said = ticks;
        else reset = ticks;
      },
    };
    try {
      qemu = await QemuCard.start({ ...built, flash, held: true, icount: true, halts });
      const loader = new Loader(qemu.loaderLine());
      await loader.echo("there", { tries: 20, timeoutMs: 1000 });
      await loader.reset();
      loader.close();
      await qemu.imageStarted(1);
      expect(said - reset, "ticks from the last line of the answer to the reset").to.be.at.least(BITS * TICKS_A_BIT);
    } finally {
      await qemu?.stop();
    }
  });
});

describe("a Cortex-M that hands over to its loader", () => {
  it("has no octet of a module's memory in its RAM any more", async function () {
    this.timeout(60_000);
    const built = imageOrSkip(this);
    const constants = [built.elf, built.loader].map((file) => readFileSync(file));
    const { qemu, phone, grant, close } = await qemuWithPhone(built, { seed: "hand over" });
    try {
      await phone.load(await grant(phone));
      const before = Buffer.from(await qemu.look(RAM.at, RAM.size));
      const pieces = Array.from({ length: RAM.size / PIECE }, (_, i) => before.subarray(i * PIECE, (i + 1) * PIECE))
        .filter((piece) => new Set(piece).size >= DISTINCT)
        .filter((piece) => constants.every((file) => !file.includes(piece)));
      expect(pieces.length, "keys, grant and session are there").to.be.greaterThan(30);
      qemu.enterLoader();
      const loader = new Loader(qemu.loaderLine());
      await loader.echo("there", { tries: 20, timeoutMs: 500 });
      loader.close();
      const after = Buffer.from(await qemu.look(RAM.at, RAM.size));
      const left = pieces
        .filter((piece) => after.includes(piece))
        .map((piece) => `at ${before.indexOf(piece).toString(16)}`);
      expect(left).to.deep.equal([]);
    } finally {
      await close();
    }
  });
});
