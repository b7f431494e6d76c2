// The microcontroller's images, as set-up built them. Without its tools (they are installed where that is permitted) these tests are let off, but
// not in CI.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { QemuBoard } from "@enabling-card/emulator";

export const BOARD_CORES: Readonly<Record<QemuBoard, string>> = { an386: "Cortex-M4", an505: "Cortex-M33" };

/** The image of a board; skips the test, with a word, where it was not built. */
export function imageOrSkip(context: Mocha.Context, board: QemuBoard = "an386"): string {
  const elf = fileURLToPath(new URL(`../../build/mcu/${board}/card.elf`, import.meta.url));
  if (!existsSync(elf)) {
    console.log("    the microcontroller's image is not built (npm run build:mcu): skipped");
    context.skip();
  }
  return elf;
}
