// A card's folder on disk: its flash, and the sheet that comes in the box (pairing code as text and QR). The sheet is a secret.

import { existsSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CardClass, MemoryBlock, type PersonalisedCard } from "@enabling-card/emulator";
import { IssuerError, type IssuerKeys, keysFromSeeds, SEEDS_SIZE, sampleKeys } from "@enabling-card/issuer";
import { TEST_IIN, toHex } from "@enabling-card/wire";
import encodeQR from "qr";
import { CommandError, EXIT } from "./exit-codes.js";
import { makeFolder } from "./make-folder.js";
import { encodePng } from "./png.js";
import { readAtMost } from "./read-at-most.js";
import { developmentLog, makeCard } from "./stage.js";

export const FLASH_FILE = "card.flash";
export const SHEET_TEXT = "pairing-code.txt";
export const SHEET_PICTURE = "pairing-code.png";
/** The maker's root public key in hexadecimal: no secret, and what a phone tells genuine cards by. */
export const MAKER_ROOT = "maker-root.txt";

export interface PersonaliseFolderOptions {
  readonly folder: string;
  readonly cardClass: CardClass;
  /** File of 160 octets (`keysFromSeeds`); sample keys where there is none. */
  readonly keysFile?: string;
  readonly iins?: readonly string[];
}

/**
 * Makes a card in a folder of its own.
 *
 * @throws {CommandError} `CARD_EXISTS`, `PRODUCTION_NEEDS_KEYS`, `KEYS_INVALID`; {IssuerError} `SAMPLE_KEYS_TEST_IIN`
 */
export async function personaliseFolder(
  options: PersonaliseFolderOptions,
): Promise<PersonalisedCard & { readonly makerRoot: Uint8Array }> {
  const { folder, cardClass, keysFile, iins = [TEST_IIN] } = options;
  const flash = join(folder, FLASH_FILE);
  if (existsSync(flash)) {
    throw new CommandError(
      "CARD_EXISTS",
      `There is a card in ${folder} already: choose another --dir, or remove that folder`,
      EXIT.failed,
    );
  }
  if (cardClass === "production" && keysFile === undefined) {
    throw new CommandError(
      "PRODUCTION_NEEDS_KEYS",
      "A production card does not trust development keys: give --keys a file of your own",
      EXIT.usage,
    );
  }
  const keys = keysFile === undefined ? sampleKeys() : await readKeys(keysFile);
  if (keys.sample && iins.some((iin) => iin !== TEST_IIN)) throw new IssuerError("SAMPLE_KEYS_TEST_IIN");
  const block = new MemoryBlock();
  const now = Math.floor(Date.now() / 1000);
  const made = await makeCard(block, { keys, log: developmentLog(keys), cardClass, iins, now });
  await makeFolder(folder, 0o700);
  // The flash comes last: a card without its sheet could never be paired.
  await writeSecret(join(folder, SHEET_TEXT), `${made.pairingCode}\n`);
  await writeSecret(join(folder, SHEET_PICTURE), qrPng(made.pairingCode));
  const makerRoot = keys.makerRoot.publicKey;
  await writeSecret(join(folder, MAKER_ROOT), `${toHex(makerRoot)}\n`);
  await writeFile(flash, block.snapshot(), { mode: 0o600, flag: "wx" });
  return { ...made, makerRoot };
}

/** What `MAKER_ROOT` of a folder says; undefined where there is none, or it holds no key. */
export function readMakerRoot(folder: string): Uint8Array | undefined {
  const path = join(folder, MAKER_ROOT);
  const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  return /^[0-9a-f]{64}$/i.test(text) ? Uint8Array.from(Buffer.from(text, "hex")) : undefined;
}

/** A file of its owner's alone, whatever was there before it. */
async function writeSecret(path: string, content: string | Uint8Array): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, content, { mode: 0o600, flag: "wx" });
}

/** A QR code of `text`, with its quiet zone of four modules (ISO/IEC 18004 9.1). */
export function qrPng(text: string, scale = 8): Buffer {
  return encodePng(encodeQR(text, "raw", { ecc: "medium", border: 4 }), scale);
}

/** For a terminal: two rows of modules a line; what is light is drawn, as terminals are dark. */
export function qrLines(text: string): string[] {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: 2 });
  const lines: string[] = [];
  for (let y = 0; y < rows.length; y += 2) {
    // `true` is dark; below the last row everything is.
    lines.push(rows[y]!.map((dark, x) => HALVES[2 * Number(dark) + Number(rows[y + 1]?.[x] ?? true)]).join(""));
  }
  return lines;
}

/** By which halves are dark: none, the lower one, the upper one, both. */
const HALVES = ["█", "▀", "▄", " "] as const;

async function readKeys(file: string): Promise<IssuerKeys> {
  const seeds = await readAtMost(file, SEEDS_SIZE + 1).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError("KEYS_INVALID", `The key file ${file} cannot be read (${cause.code})`, EXIT.usage, {
      cause,
    });
  });
  if (seeds.length !== SEEDS_SIZE) {
    throw new CommandError(
      "KEYS_INVALID",
      `${file} is not a key file: it has ${seeds.length > SEEDS_SIZE ? "more than" : `${seeds.length}, not`} ${SEEDS_SIZE} octets; give the whole file`,
      EXIT.usage,
    );
  }
  const keys = keysFromSeeds(Uint8Array.from(seeds));
  if (keys.sample) {
    throw new CommandError(
      "KEYS_INVALID",
      `${file} holds a sample key, which everybody has: make keys of your own`,
      EXIT.usage,
    );
  }
  return keys;
}
