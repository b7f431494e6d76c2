// Where npm run build:mcu has put the microcontroller's program, its loader and its image.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { QemuBoard } from "@enabling-card/emulator";
import { CommandError, EXIT } from "./exit-codes.js";

export interface BuiltImage {
  readonly board: QemuBoard;
  /** ELF files: the card's program, with all that a debugger wants, and the loader. */
  readonly elf: string;
  readonly loader: string;
  /** The program as the loader takes it, signed with the development root. */
  readonly image: Uint8Array;
  /** Octets of flash and RAM as the build counts them: loader and program, gaps between their parts, and the whole stack. */
  readonly size: { readonly flash: number; readonly ram: number };
}

/** @throws {CommandError} `IMAGE_MISSING` */
export function builtImage(board: QemuBoard): BuiltImage {
  const at = (name: string) => fileURLToPath(new URL(`../../build/mcu/${board}/${name}`, import.meta.url));
  const [elf, loader, image, report] = [at("card.elf"), at("loader.elf"), at("card.img"), at("size.json")];
  if ([elf, loader, image, report].every((file) => existsSync(file))) {
    const { flash, ram } = JSON.parse(readFileSync(report, "utf8"));
    return { board, elf, loader, image: Uint8Array.from(readFileSync(image)), size: { flash, ram } };
  }
  const message = "The microcontroller's image is not there: build it with npm run build:mcu";
  throw new CommandError("IMAGE_MISSING", message, EXIT.unavailable);
}
