// Names that ecard image offers, without what stands behind them: help is there at once.

import type { QemuBoard } from "@enabling-card/emulator";

/** Boards that images are for. */
export const BOARDS: readonly QemuBoard[] = ["an386", "an505"];

/** Whose keys sign images: everybody's who builds the card, or the maker's. */
export const ROOTS = ["development", "production"] as const;
export type Root = (typeof ROOTS)[number];
