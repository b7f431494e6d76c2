// Samples to cell metrics, on a given grid of cells: what each pulse that a cell may hold adds to the likelihood.

import { POLARITY } from "../texts/chain.js";
import type { CellMetrics } from "../texts/weights.js";
import { type Damage, gainsOf } from "./damage.js";
import type { Grid, Matched } from "./matched.js";
import type { Pulse } from "./pulse.js";
import { weighed } from "./weighed.js";

/** Metrics in the order of time, or reversed: then cell 0 is the last one. */
export function metricsOf(grid: Grid, matched: Matched, pulse: Pulse, damage: Damage, reverse = false): CellMetrics {
  const seen = weighed(grid, matched, pulse, reverse);
  return { cells: seen.noise.length, chain: POLARITY, gain: gainsOf(seen, damage), begin: seen.begin };
}
