// Samples to cell metrics, on a given grid of cells: what each pulse that a cell may hold adds to the likelihood.

import type { CellMetrics } from "./background.js";
import { POLARITY } from "./chain.js";
import type { Pulse } from "./pulse.js";

/** Where cells lie, and how high pulses are there. */
export interface Grid {
  /** Boundaries, one more than cells; samples. */
  readonly bounds: Float64Array;
  /** Pulse height at each boundary. */
  readonly height: Float64Array;
  /** Variance of the noise of a sample. */
  readonly variance: number;
}

/** Matched sums at each boundary and each middle, in heights of a lone pulse's energy. */
export interface Matched {
  readonly bound: Float64Array;
  readonly middle: Float64Array;
}

export function match(samples: Float32Array, grid: Grid, pulse: Pulse): Matched {
  const { bounds } = grid;
  const cells = bounds.length - 1;
  const bound = new Float64Array(cells + 1);
  const middle = new Float64Array(cells);
  for (let k = 0; k <= cells; k++) {
    const cell = cellAt(bounds, k);
    bound[k] = pulse.match(samples, bounds[k]!, cell);
    if (k < cells) middle[k] = pulse.match(samples, (bounds[k]! + bounds[k + 1]!) / 2, bounds[k + 1]! - bounds[k]!);
  }
  return { bound, middle };
}

export function cellAt(bounds: Float64Array, k: number): number {
  const low = Math.max(0, k - 1);
  const high = Math.min(bounds.length - 1, k + 1);
  return (bounds[high]! - bounds[low]!) / (high - low);
}

/** No signal fits the model better than this share of a pulse's power: 12 dB. */
const MODEL = 0.015;

/** Metrics in the order of time, or reversed: then cell 0 is the last one. */
export function metricsOf(grid: Grid, matched: Matched, pulse: Pulse, reverse = false): CellMetrics {
  const { bounds, height, variance } = grid;
  const cells = bounds.length - 1;
  const gain = new Float64Array(cells * 8);
  const begin = new Float64Array(cells * POLARITY.states);
  const [r0, r1, r2, r3, r4] = pulse.overlaps;
  const tallest = height.reduce((most, a) => Math.max(most, a), 0);
  const scale = 1 / Math.max(variance, MODEL * tallest * tallest);
  for (let k = 0; k < cells; k++) {
    const here = reverse ? cells - k : k;
    const there = reverse ? cells - k - 1 : k + 1;
    const inside = Math.min(here, there);
    const cell = bounds[inside + 1]! - bounds[inside]!;
    const a = height[there]!;
    const mid = (height[here]! + height[there]!) / 2;
    const energy = a * a * cell;
    const mBound = a * matched.bound[there]!;
    const mMiddle = mid * matched.middle[inside]!;
    for (let sign = 0; sign < 2; sign++) {
      const s = sign === 0 ? 1 : -1;
      begin[k * POLARITY.states + sign * 2] =
        scale * (s * height[here]! * matched.bound[here]! - 0.5 * height[here]! ** 2 * cell * r0);
      for (let before = 0; before < 2; before++) {
        // Pulses before, in units of s: at the cell's beginning +1; a middle before that -1; its beginning.
        const middleBefore = before === 1 ? -1 : 0;
        const boundBefore = before === 1 ? 1 : -1;
        // Zero: one pulse of -s at its end.
        const zeroOverlap = -(r2 + middleBefore * r3 + boundBefore * r4);
        gain[k * 8 + sign * 4 + before * 2] = scale * (-s * mBound - energy * (0.5 * r0 + zeroOverlap));
        // One: -s in the middle, s at its end.
        const middleOverlap = -(r1 + middleBefore * r2 + boundBefore * r3);
        const boundOverlap = r2 - r1 + middleBefore * r3 + boundBefore * r4;
        gain[k * 8 + sign * 4 + before * 2 + 1] =
          scale * (s * (mBound - mMiddle) - energy * (r0 + middleOverlap + boundOverlap));
      }
    }
  }
  return { cells, chain: POLARITY, gain, begin };
}
