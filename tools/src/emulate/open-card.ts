// A card to emulate: a new one in memory with sample keys, or the one in a folder, whose flash file survives. A folder's card is held by
// one process at a time: two writers would ruin its flash.

import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  EmulatedCard,
  FileBlock,
  type HciController,
  type LoaderOptions,
  MemoryBlock,
  Region,
} from "@enabling-card/emulator";
import { sampleKeys } from "@enabling-card/issuer";
import { encodePairingCode, VaultItem } from "@enabling-card/wire";
import { FLASH_FILE, readMakerRoot } from "../card-folder.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { builtFirmware, developmentLog, makeCard } from "../stage.js";
import { emulatedSlots } from "./emulated-slots.js";

export interface OpenCardOptions {
  /** A folder of `ecard personalise`; a new card in memory without. */
  readonly folder?: string;
  readonly autoPress?: boolean;
  /** Its Bluetooth controller, and with it slots for updates over the air; none without. */
  readonly radio?: HciController;
  /** Its loader and slots, where it has them without Bluetooth, too. */
  readonly loader?: LoaderOptions;
}

export interface OpenCard {
  readonly card: EmulatedCard;
  readonly cardId: Uint8Array;
  /** The sheet's text, for whoever may see it. */
  readonly pairingCode: string;
  /** Public key of the maker that signed its certificate, where that is known: of a folder, what its maker-root.txt says. */
  readonly makerRoot?: Uint8Array;
  /** Power off; the flash file is whole, and free for others. */
  close(): void;
}

/**
 * A card that is powered, on the wall clock.
 *
 * @throws {CommandError} `CARD_ABSENT`, `CARD_IN_USE`, `FIRMWARE_MISSING`; {EmulatorError} `STORE_WRONG_SIZE`, `NOT_PERSONALISED`
 */
export async function openCard({ folder, autoPress = false, radio, loader }: OpenCardOptions): Promise<OpenCard> {
  const firmware = await builtFirmware();
  const { block, makerRoot, release } = folder === undefined ? await newBlock() : folderBlock(folder);
  try {
    const card = (
      await EmulatedCard.create({
        ...{ firmware, block, clock: "real", autoPress },
        ...(loader && { loader }),
        ...(radio && { radio, loader: loader ?? (await emulatedSlots()) }),
      })
    ).start();
    const cardId = card.store.read(Region.Vault, VaultItem.CardId)!;
    const secret = card.store.read(Region.Vault, VaultItem.PairingSecret)!;
    return {
      card,
      cardId,
      pairingCode: encodePairingCode({ cardId, secret }),
      ...(makerRoot && { makerRoot }),
      close() {
        card.stop();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function newBlock() {
  const keys = sampleKeys();
  const block = new MemoryBlock();
  await makeCard(block, { keys, log: developmentLog(keys), now: Math.floor(Date.now() / 1000) });
  return { block, makerRoot: keys.makerRoot.publicKey, release: () => undefined };
}

function folderBlock(folder: string) {
  const path = join(folder, FLASH_FILE);
  if (!existsSync(path)) {
    throw new CommandError(
      "CARD_ABSENT",
      `There is no card in ${folder}: make one with ecard personalise --dir ${folder}`,
      EXIT.unavailable,
    );
  }
  const unlock = lock(folder);
  try {
    const block = new FileBlock(path);
    const release = () => {
      block.close();
      unlock();
    };
    return { block, makerRoot: readMakerRoot(folder), release };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A file with our process's number; one whose process is gone is taken over. */
function lock(folder: string): () => void {
  const path = join(folder, "card.lock");
  for (let tries = 0; ; tries++) {
    try {
      const file = openSync(path, "wx", 0o600);
      writeSync(file, `${process.pid}\n`);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = readHolder(path);
      if (tries > 0 || holder === undefined || lives(holder)) {
        const by = holder === undefined ? "another process" : `process ${holder}`;
        throw new CommandError(
          "CARD_IN_USE",
          `The card in ${folder} is in use by ${by}: end that one first, or remove ${path} if it is not a card's`,
          EXIT.unavailable,
        );
      }
      rmSync(path, { force: true });
    }
  }
}

function readHolder(path: string): number | undefined {
  const holder = Number(readFileSync(path, "utf8"));
  return Number.isInteger(holder) && holder > 0 ? holder : undefined;
}

function lives(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
