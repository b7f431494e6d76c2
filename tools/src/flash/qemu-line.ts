// A card in QEMU to be flashed: a new one of the test class with the image that was built, or one whose flash a file has kept.

import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { QemuBoard } from "@enabling-card/emulator";
import { MemoryBlock, QEMU_FLASH, QemuCard } from "@enabling-card/emulator";
import { sampleKeys } from "@enabling-card/issuer";
import type { UpdateLine } from "@enabling-card/sdk";
import { CommandError, EXIT } from "../exit-codes.js";
import { makeFolder } from "../make-folder.js";
import { type BuiltImage, builtImage } from "../mcu-image.js";
import { developmentLog, makeCard } from "../stage.js";
import { writeWhole } from "../write-whole.js";
import { lockMemory } from "./memory-lock.js";

export interface OpenLine {
  readonly line: UpdateLine;
  /** What becomes of an upload that is broken off, where that is not a card's that goes on without us. */
  readonly brokenOff?: string;
  /** Why its machine has ended, where it has of itself. */
  failure?(): Error | undefined;
  /** Ends it, and keeps what is to be kept. */
  close(): Promise<void>;
}

/**
 * @param file - Where its flash is kept from one call to the next; without, it is gone afterwards.
 * @throws {CommandError} `IMAGE_MISSING`, `MEMORY_INVALID`, `MEMORY_IN_USE`; {EmulatorError} `QEMU_FAILED`
 */
export async function openQemu(board: QemuBoard, file?: string): Promise<OpenLine> {
  const built = builtImage(board);
  if (file !== undefined) await makeFolder(dirname(file));
  const release = file === undefined ? () => undefined : lockMemory(file);
  try {
    return await opened(built, file, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function opened(built: BuiltImage, file: string | undefined, release: () => void): Promise<OpenLine> {
  const kept = file !== undefined && existsSync(file) ? Uint8Array.from(readFileSync(file)) : undefined;
  if (kept !== undefined && kept.length !== QEMU_FLASH.size)
    throw new CommandError("MEMORY_INVALID", `${file} is no card's flash: name another file`, EXIT.usage);
  const card = await QemuCard.start({
    ...built,
    ...(kept === undefined ? { flash: await freshStore() } : { memory: kept }),
    unheard: "loader",
  });
  return {
    line: card.octetLine(),
    brokenOff:
      file === undefined
        ? "this card ends with the call, and keeps nothing: --memory would keep its flash"
        : `this card ends with the call; ${file} keeps its flash, and the same call goes on behind the whole sectors`,
    failure: () => card.failure,
    close: async () => {
      try {
        const memory = await card.stop();
        if (file !== undefined) await writeWhole(file, memory, 0o600); // it holds the card's keys
      } finally {
        release();
      }
    },
  };
}

async function freshStore(): Promise<Uint8Array> {
  const keys = sampleKeys();
  const block = new MemoryBlock();
  await makeCard(block, { keys, log: developmentLog(keys), now: Math.floor(Date.now() / 1000) });
  return block.snapshot();
}
