// What is in the RAM of a card that has handed over to its loader: nothing that a module held. The machine wipes it (port-rules.test.ts), and the
// loader writes over what is not its own.

import { readFileSync } from "node:fs";
import { Loader } from "@enabling-card/sdk";
import { expect } from "chai";
import { imageOrSkip } from "../support/mcu-image.js";
import { qemuWithPhone } from "../support/qemu-with-phone.js";

const RAM = { at: 0x20000000, size: 48 * 1024 };
/** Octets of a piece of memory that is looked for, and how many of them differ at least: zeros and counters are everywhere. */
const [PIECE, DISTINCT] = [16, 12];

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
