// Where npm run build:mcu has put the microcontroller's image.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { QemuBoard } from "@enabling-card/emulator";
import { CommandError, EXIT } from "./exit-codes.js";

/** @throws {CommandError} `IMAGE_MISSING` */
export function builtImage(board: QemuBoard): string {
  const elf = fileURLToPath(new URL(`../../build/mcu/${board}/card.elf`, import.meta.url));
  if (existsSync(elf)) return elf;
  const message = "The microcontroller's image is not there: build it with npm run build:mcu";
  throw new CommandError("IMAGE_MISSING", message, EXIT.unavailable);
}
