// The loader's flash on a microcontroller (firmware/mcu/loader/slots.c), compiled for this machine for each board: an area's octets are where the
// emulator's runner puts them, and no call gets outside of its area.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { QEMU_FLASH } from "@enabling-card/emulator";
import { readBoard } from "@enabling-card/tools";
import { FlashArea, IMAGE_HEADER_SIZE, SECTOR_SIZE } from "@enabling-card/wire";
import { expect } from "chai";
import { cProgram } from "../support/c-program.js";
import { BOARD_CORES } from "../support/mcu-image.js";

const BOARDS = fileURLToPath(new URL("../../firmware/mcu/board/", import.meta.url));
const STAND_INS = fileURLToPath(new URL("stand-ins/", import.meta.url));
const AREAS: readonly (readonly [FlashArea, at: number, size: number])[] = [
  [FlashArea.Slot0, QEMU_FLASH.slots[0], QEMU_FLASH.slotSize],
  [FlashArea.Slot1, QEMU_FLASH.slots[1], QEMU_FLASH.slotSize],
  [FlashArea.Scratch, QEMU_FLASH.scratch, SECTOR_SIZE],
  [FlashArea.State, QEMU_FLASH.state, 2 * SECTOR_SIZE],
];
const MOST = 2 ** 32 - 1;

for (const board of ["an386", "an505"] as const)
  describe(`the loader's flash of a ${BOARD_CORES[board]}`, () => {
    const program = cProgram("slots-harness.c", ["loader/slots.c"], [`-I${BOARDS}${board}`, `-I${STAND_INS}`]);
    const ask = (orders: readonly string[]): string[] => {
      const { stdout, status } = spawnSync(program(), { input: orders.join("\n") });
      expect(status).to.equal(0);
      return stdout.toString().trim().split("\n");
    };

    it("has each area where the emulator's runner has it, and slot 0's program where its linker puts it", () => {
      const orders = AREAS.flatMap(([area, , size]) => [`r ${area} 0 ${size}`, `r ${area} ${size - 4} 4`]);
      const places = AREAS.flatMap(([, at, size]) => [`${at} ${size}`, `${at + size - 4} 4`]);
      expect(ask(orders)).to.deep.equal(places);
      const [, lastAt, lastSize] = AREAS.at(-1)!;
      expect(lastAt + lastSize).to.equal(QEMU_FLASH.size);
      const [, region] = /FLASH_REGION (0x\w+)u/.exec(readFileSync(`${BOARDS}${board}/mps2.h`, "utf8"))!;
      const [loadAddress, slotSize] = [Number(region) + QEMU_FLASH.slots[0] + IMAGE_HEADER_SIZE, QEMU_FLASH.slotSize];
      expect(readBoard(board)).to.deep.equal({ name: board, loadAddress, slotSize });
    });

    it("ends where its areas do: what goes further, or is of no area, traps", () => {
      const inside: string[] = [];
      const outside: string[] = ["e 0 1 0", `e 0 ${SECTOR_SIZE - 1} 0`];
      for (const [area, , size] of AREAS) {
        for (const what of ["r", "p"]) {
          inside.push(`${what} ${area} ${size - 1} 1`, `${what} ${area} ${size} 0`, `${what} ${area} 0 ${size}`);
          outside.push(`${what} ${area} ${size} 1`, `${what} ${area} 1 ${size}`, `${what} ${area} 0 ${size + 1}`);
          outside.push(`${what} ${area} ${MOST} 1`, `${what} ${area} 1 ${MOST}`, `${what} ${area} ${MOST} ${MOST}`);
        }
        inside.push(`e ${area} ${size - SECTOR_SIZE} 0`, `d ${area} 0 ${size}`);
        outside.push(`e ${area} ${size} 0`, `d ${area} 0 ${size + 1}`, `d ${area} 0 ${MOST}`);
      }
      for (const area of [AREAS.length, 77, MOST])
        outside.push(`r ${area} 0 1`, `p ${area} 0 1`, `e ${area} 0 0`, `d ${area} 0 1`);
      expect(ask(inside).filter((answer) => answer === "trapped")).to.deep.equal([]);
      expect(ask(outside)).to.deep.equal(outside.map(() => "trapped"));
    });
  });
