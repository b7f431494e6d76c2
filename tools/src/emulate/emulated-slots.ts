// Slots of an emulated card that has Bluetooth, so that it can be updated over the air: in memory, with a small image that the development root signed. What an
// image holds does not run there: the card's modules are the built ones.

import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { compileLoader, type LoaderOptions, SlotFlash } from "@enabling-card/emulator";
import { FlashArea, SECTOR_SIZE } from "@enabling-card/wire";
import { developmentImageRoot } from "../../image-root.mjs";
import { CommandError, EXIT } from "../exit-codes.js";
import { readBoard } from "../image/board.js";
import { buildImage, signImage } from "../image/make-image.js";

const LOADER = new URL("../../../build/firmware/loader.wasm", import.meta.url);
const VERSION = { major: 0, minor: 1, revision: 0, build: 0 };

/** The loader, and an image that a card in QEMU would take as well. @throws {CommandError} `FIRMWARE_MISSING`, `BOARD_UNREADABLE` */
export async function emulatedSlots(): Promise<LoaderOptions> {
  const board = readBoard("an386");
  const { privatePem, publicKey } = developmentImageRoot();
  const key = createPrivateKey(privatePem);
  const image = signImage(buildImage(Uint8Array.of(0), { version: VERSION, counter: 0, board }), {
    publicKey,
    sign: (digest) => Uint8Array.from(sign(null, digest, key)),
  });
  const flash = new SlotFlash(board.slotSize / SECTOR_SIZE);
  flash.install(FlashArea.Slot0, image);
  return { module: await compileLoader(loaderWasm()), flash, board, root: publicKey };
}

function loaderWasm(): Uint8Array {
  try {
    return readFileSync(LOADER);
  } catch (cause) {
    const message = "The card's loader is not there (loader.wasm): build it with npm run build:firmware";
    throw new CommandError("FIRMWARE_MISSING", message, EXIT.unavailable, { cause });
  }
}
