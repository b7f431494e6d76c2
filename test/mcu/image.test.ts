// The microcontroller's own program as an image: what the GNU tools make flat of it, and room for it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImage, flatProgram, readBoard } from "@enabling-card/tools";
import { decodeImage, SMP_PACKET_MAX, SMP_PACKETS, toConsole } from "@enabling-card/wire";
import { expect } from "chai";
import { BOARD_CORES, imageOrSkip } from "../support/mcu-image.js";

for (const name of ["an386", "an505"] as const)
  describe(`an image for a ${BOARD_CORES[name]}`, () => {
    it("has a loader whose line has room for all that a client may have under way", function () {
      const { loader } = imageOrSkip(this, name);
      const { stdout } = spawnSync("arm-none-eabi-nm", ["-S", loader], { encoding: "utf8" });
      const size = Number.parseInt(/^[0-9a-f]+ ([0-9a-f]+) b from_line$/m.exec(stdout)![1]!, 16);
      // One octet of a ring is never used.
      expect(size - 1).to.be.at.least(SMP_PACKETS * toConsole(new Uint8Array(SMP_PACKET_MAX)).length);
    });

    it("holds what arm-none-eabi-objcopy makes of the program, and fits the slot", function () {
      const { elf } = imageOrSkip(this, name);
      const board = readBoard(name);
      const program = flatProgram(readFileSync(elf), board);
      const folder = mkdtempSync(join(tmpdir(), "ecard-test-"));
      try {
        const flat = join(folder, "card.bin");
        const { status, stderr } = spawnSync("arm-none-eabi-objcopy", ["-O", "binary", elf, flat], {
          encoding: "utf8",
        });
        expect(stderr).to.equal("");
        expect(status).to.equal(0);
        expect(readFileSync(flat).equals(program)).to.equal(true);
      } finally {
        rmSync(folder, { recursive: true });
      }
      const version = { major: 0, minor: 1, revision: 0, build: 0 };
      const image = decodeImage(buildImage(program, { version, counter: 0, board }));
      // A Cortex-M starts by two words: its stack, then where to begin, in Thumb code inside the program (Arm v7-M, B1.5.3).
      const begin = new DataView(image.body.buffer, image.body.byteOffset).getUint32(4, true);
      expect(begin & 1).to.equal(1);
      expect(begin - image.loadAddress).to.be.within(0, image.body.length);
    });
  });
