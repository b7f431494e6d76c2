// A program's first two words: its stack, and where it begins (Armv7-M B1.5.3). What is nonsense there is no program for the board, and would end the
// card's start in a fault.

import { readFileSync } from "node:fs";
import type { QemuBoard } from "@enabling-card/emulator";
import type { ImageBoard } from "@enabling-card/wire";
import { CommandError, EXIT } from "../exit-codes.js";

const RAM = /^\s*RAM\s*\(\w+\)\s*:\s*ORIGIN\s*=\s*(0x[0-9a-f]+)\s*,\s*LENGTH\s*=\s*(\d+)K\s*$/im;
/** The stack's beginning is a multiple of it (AAPCS32 6.2.1.2). */
const STACK_ALIGNED = 8;
const WORDS = 8;

/** @throws {CommandError} `PROGRAM_INVALID` where the flat `program` begins with no vector table of the board `name` */
export function checkVectors(program: Uint8Array, name: QemuBoard, { loadAddress }: ImageBoard): void {
  const script = readFileSync(new URL(`../../../firmware/mcu/board/${name}/image.ld`, import.meta.url), "utf8");
  const [, origin, kilobytes] = RAM.exec(script)!;
  const [from, to] = [Number(origin), Number(origin) + Number(kilobytes) * 1024];
  const invalid = (why: string) => {
    const sentence = `This is no program for ${name}, ${why}: name its ELF file, or what objcopy -O binary makes of it`;
    return new CommandError("PROGRAM_INVALID", sentence, EXIT.usage);
  };
  if (program.length < WORDS) throw invalid(`which begins with ${WORDS} octets of a vector table`);
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const [stack, begin] = [view.getUint32(0, true), view.getUint32(4, true)];
  const hex = (address: number) => `0x${address.toString(16).padStart(8, "0")}`;
  if (stack <= from || stack > to || stack % STACK_ALIGNED !== 0)
    throw invalid(`as its stack would begin at ${hex(stack)}, and its RAM ends at ${hex(to)}`);
  // Bit 0 says Thumb, the only instructions that there are.
  if (begin % 2 === 0 || begin - 1 < loadAddress + WORDS || begin >= loadAddress + program.length)
    throw invalid(`as it would begin at ${hex(begin)}, outside of itself`);
}
