// Samples to cell metrics, on a given grid of cells: what each pulse that a cell may hold adds to the likelihood.

import { type Chain, LOSSY, POLARITY } from "../texts/chain.js";
import type { CellMetrics } from "../texts/weights.js";
import { type Damage, gainsOf, lossyGains, narrowed } from "./gains.js";
import type { Grid, Matched } from "./matched.js";
import type { Pulse } from "./pulse.js";
import { type Weighed, weighed } from "./weighed.js";

/** Metrics in the order of time, or reversed: then cell 0 is the last one. Of LOSSY where there is damage, of POLARITY elsewhere. */
export function metricsOf(grid: Grid, matched: Matched, pulse: Pulse, damage: Damage, reverse = false): CellMetrics {
  const seen = weighed(grid, matched, pulse, reverse);
  return damage === "some" ? lossyMetrics(seen) : metricsBy(POLARITY, gainsOf(seen, damage), seen);
}

/** Those of LOSSY, of one pass or of several together. */
export function lossyMetrics(seen: Weighed): CellMetrics {
  return metricsBy(LOSSY, lossyGains(seen), seen);
}

/** Metrics where clicks are known to lie over cells: those say nothing. */
export function clickedMetricsOf(
  grid: Grid,
  matched: Matched,
  pulse: Pulse,
  clicked: Uint8Array,
  reverse: boolean,
): CellMetrics {
  const seen = weighed(grid, matched, pulse, reverse);
  return metricsBy(LOSSY, lossyGains(seen, reverse ? clicked.toReversed() : clicked), seen);
}

/** Those of a pass that is joined to others, of POLARITY always. */
export function passMetricsOf(
  grid: Grid,
  matched: Matched,
  pulse: Pulse,
  damage: Damage,
  reverse: boolean,
): CellMetrics {
  const seen = weighed(grid, matched, pulse, reverse);
  const gains = damage === "some" ? narrowed(lossyGains(seen), seen) : gainsOf(seen, damage);
  return metricsBy(POLARITY, gains, seen);
}

function metricsBy(chain: Chain, gain: Float64Array, { noise, begin, power }: Weighed): CellMetrics {
  const cells = noise.length;
  const all = new Float64Array(cells * chain.states);
  for (let k = 0; k < cells; k++) {
    for (const [sign, state] of chain.first.entries()) all[k * chain.states + state] = begin[k * 2 + sign]!;
  }
  return { cells, chain, gain, begin: all, power };
}
