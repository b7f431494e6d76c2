// What QEMU's monitor sees of a card. Its lines have the speed of what is wired to them. After it has handed over to its loader, its RAM holds
// nothing that a module held: the machine wipes it (port-rules.test.ts), and the loader writes over what is not its own.

import { readFileSync } from "node:fs";
import { Air, Controller } from "@enabling-card/emulator";
import { Loader } from "@enabling-card/sdk";
import { expect } from "chai";
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
