// The microcontroller's images, as set-up built them. Without its tools (they are installed where that is permitted) these tests are let off, but
// not in CI.

import type { QemuBoard } from "@enabling-card/emulator";
import { type BuiltImage, builtImage } from "@enabling-card/tools";

export const BOARD_CORES: Readonly<Record<QemuBoard, string>> = { an386: "Cortex-M4", an505: "Cortex-M33" };

/** Program, loader and image of a board; skips the test, with a word, where they were not built. */
export function imageOrSkip(context: Mocha.Context, board: QemuBoard = "an386"): BuiltImage {
  try {
    return builtImage(board);
  } catch {
    console.log("    the microcontroller's image is not built (npm run build:mcu): skipped");
    return context.skip();
  }
}
