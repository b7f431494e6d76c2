// The boards that images are for. Where a board's slot lies, and how large it is, its linker script says, and nobody else.

import { readFileSync } from "node:fs";
import type { QemuBoard } from "@enabling-card/emulator";
import { IMAGE_HEADER_SIZE, type ImageBoard } from "@enabling-card/wire";
import { CommandError, EXIT } from "../exit-codes.js";
import { BOARDS } from "./choices.js";

const FOLDER = new URL("../../../firmware/mcu/board/", import.meta.url);
/** A region of GNU ld's MEMORY command, the one that the program is linked into. */
const SLOT = /^\s*FLASH\s*\(\w+\)\s*:\s*ORIGIN\s*=\s*(0x[0-9a-f]+)\s*,\s*LENGTH\s*=\s*(\d+)K\s*$/im;

/** Reads a board's slot. @throws {CommandError} `BOARD_UNREADABLE` */
export function readBoard(name: QemuBoard): ImageBoard {
  const file = new URL(`${name}/image.ld`, FOLDER);
  const unreadable = (cause?: unknown) =>
    new CommandError("BOARD_UNREADABLE", `The board ${name} says no slot: mend ${file.pathname}`, EXIT.unavailable, {
      cause,
    });
  let script: string;
  try {
    script = readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable(cause);
  }
  const [, origin, kilobytes] = SLOT.exec(script) ?? [];
  if (origin === undefined) throw unreadable();
  // The region is what is left of the slot behind the header.
  return { name, loadAddress: Number(origin), slotSize: Number(kilobytes) * 1024 + IMAGE_HEADER_SIZE };
}

/** The slot of the board that an image names; undefined where we have no such board. */
export function knownBoard(name: string): ImageBoard | undefined {
  const known = BOARDS.find((board) => board === name);
  return known && readBoard(known);
}
