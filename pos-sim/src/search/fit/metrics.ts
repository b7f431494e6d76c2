// What is seen of each pulse to cell metrics: what each that a cell may hold adds to the likelihood.

import { type Chain, LOSSY, POLARITY } from "../texts/chain.js";
import type { CellMetrics } from "../texts/weights.js";
import { type Damage, gainsOf, lossyGains, narrowed } from "./gains.js";
import type { Weighed } from "./weighed.js";

/** Of LOSSY where there is damage, of POLARITY elsewhere. */
export function metricsOf(seen: Weighed, damage: Damage): CellMetrics {
  return damage === "some" ? lossyMetrics(seen) : metricsBy(POLARITY, gainsOf(seen, damage), seen);
}

/** Those of LOSSY, of one pass or of several together. @param clicked - 1 for cells that clicks are known to lie over: those say nothing. */
export function lossyMetrics(seen: Weighed, clicked?: Uint8Array): CellMetrics {
  return metricsBy(LOSSY, lossyGains(seen, clicked), seen);
}

/** Those of a pass that is joined to others, of POLARITY always. */
export function passMetricsOf(seen: Weighed, damage: Damage): CellMetrics {
  return metricsBy(POLARITY, damage === "some" ? narrowed(lossyGains(seen), seen) : gainsOf(seen, damage), seen);
}

function metricsBy(chain: Chain, gain: Float64Array, { noise, begin, power }: Weighed): CellMetrics {
  const cells = noise.length;
  const all = new Float64Array(cells * chain.states);
  for (let k = 0; k < cells; k++) {
    for (const [sign, state] of chain.first.entries()) all[k * chain.states + state] = begin[k * 2 + sign]!;
  }
  return { cells, chain, gain, begin: all, power };
}
