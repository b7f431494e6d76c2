// Conditions drawn at random, by seed: what the reader meets that no row of the table names.

import { uniform } from "../signal/random.js";
import type { Conditions } from "../synth/conditions.js";

/** A cell of the table, microseconds, and pulses as wide as those that were drawn. */
const CELL_US = 300;
const WIDTHS = 26;

export interface Drawn {
  readonly conditions: Conditions;
  /** Width of a pulse at half its height, cells. */
  readonly pw50: number;
}

/**
 * 20 to 40 characters, cells of 150 to 2700 us, pulses of 0.15 to 0.4 of a cell. `snrDb` is that of a cell of 300 us with as much energy: a
 * cell twice as long has two times the samples to tell it by.
 */
export function drawn(seed: number, snrDb: number): Drawn {
  const random = uniform(Math.imul(seed, 0xc2b2ae35) ^ 0x1b873593);
  const characters = 20 + Math.floor(21 * random());
  const cellUs = 150 * (2700 / 150) ** random();
  const pw50 = 0.15 + (0.25 * Math.floor(WIDTHS * random())) / (WIDTHS - 1);
  const noise = snrDb - 10 * Math.log10(cellUs / CELL_US);
  return { conditions: { characters, cellUs, pulse: { pw50 }, snrDb: noise }, pw50 };
}
