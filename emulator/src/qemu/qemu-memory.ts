// The file that is the boards' PSRAM, whose first octets are the card's flash. Where each part lies: firmware/mcu/board, mps2.h of each.

import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { EmulatorError } from "../errors.js";

/** PSRAM of both boards, octets. */
export const MEMORY_SIZE = 16 * 1024 * 1024;
const STORE_SIZE = 0x8000;
const SWITCHES_AT = 0x8000;
const STARTS_AT = SWITCHES_AT + 32;
/** What stands in for a generator of random octets in production images, and a count of starts. */
const STAND_IN_AT = 0x8100;
const STAND_IN_STARTS_AT = STAND_IN_AT + 32;
const BUTTON_AT = SWITCHES_AT + 36;
const BOOT_AT = SWITCHES_AT + 40;
const RADIO_AT = SWITCHES_AT + 44;
/** Where the loader's areas begin, and all flash ends, from the flash region's first octet (test/mcu/slots.test.ts holds the boards to it). */
export const QEMU_FLASH = {
  slots: [0x10000, 0x28000],
  slotSize: 0x18000,
  scratch: 0x40000,
  state: 0x41000,
  size: 0x43000,
} as const;

/** Where the bench tries the crypto port (`.bench.trial`): 8,192 octets. */
export const TRIAL_AT = 0x80000;

/** Ticks that the loader took, from reset to the program's first instruction, at the last start. */
export function bootTicks(memory: Uint8Array): number {
  return new DataView(memory.buffer, memory.byteOffset).getUint32(BOOT_AT, true);
}

export interface QemuFlash {
  readonly image?: Uint8Array;
  readonly flash?: Uint8Array;
  readonly memory?: Uint8Array;
  readonly held?: boolean;
  readonly wired?: boolean;
}

/** Writes the file. @throws {EmulatorError} `STORE_WRONG_SIZE` where a part does not fit its place */
export function writeQemuMemory(
  file: string,
  { image, flash, memory, held, wired }: QemuFlash,
  seed: Uint8Array,
  entropy: Uint8Array,
): void {
  const all = new Uint8Array(QEMU_FLASH.size).fill(0xff);
  if (memory !== undefined) put(all, 0, QEMU_FLASH.size, memory);
  else {
    put(all, 0, STORE_SIZE, flash);
    put(all, QEMU_FLASH.slots[0], QEMU_FLASH.slotSize, image);
  }
  all.set(seed, SWITCHES_AT);
  // Each start counts one up: the first is number 0.
  if (memory === undefined) all.fill(0xff, STARTS_AT, STARTS_AT + 4);
  all.set(entropy, STAND_IN_AT);
  all.fill(0xff, STAND_IN_STARTS_AT, STAND_IN_STARTS_AT + 4);
  all.set([held ? 1 : 0, 0, 0, 0], BUTTON_AT);
  all.set([wired ? 1 : 0, 0, 0, 0], RADIO_AT);
  const open = openSync(file, "wx", 0o600);
  try {
    ftruncateSync(open, MEMORY_SIZE);
    writeSync(open, all);
  } finally {
    closeSync(open);
  }
}

function put(all: Uint8Array, at: number, room: number, octets: Uint8Array | undefined): void {
  if (octets === undefined) return;
  if (octets.length > room)
    throw new EmulatorError("STORE_WRONG_SIZE", `${octets.length} octets, and the board has room for ${room}`);
  all.set(octets, at);
}
