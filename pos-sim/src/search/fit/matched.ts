// Samples beside the pulses that may be in them: sums along pulses at each boundary and each middle, and how loud each cell is.

import type { Pulse } from "./pulse.js";

/** Where cells lie, and how high pulses are there. */
export interface Grid {
  /** Boundaries, one more than cells; samples. */
  readonly bounds: Float64Array;
  /** Pulse height at each boundary. */
  readonly height: Float64Array;
  /** What share of it is a step's: 1 where there is none. */
  readonly steps: Float64Array;
  /** Variance of the noise of a sample. */
  readonly variance: number;
}

/** Matched sums at each boundary and each middle, in heights of a lone pulse's energy. */
export interface Matched {
  readonly bound: Float64Array;
  readonly middle: Float64Array;
  /** Around the pulses in each cell's middle and at its end, and in its middle and at its beginning. */
  readonly ahead: Power;
  readonly back: Power;
}

/** Mean square of samples, and how many they are, by cell. */
export interface Power {
  readonly squares: Float64Array;
  readonly counts: Float64Array;
  /** Correlation of samples a quarter of a cell apart. */
  readonly slow: Float64Array;
}

export function match(samples: Float32Array, grid: Grid, pulse: Pulse): Matched {
  const { bounds } = grid;
  const cells = bounds.length - 1;
  const bound = new Float64Array(cells + 1);
  const middle = new Float64Array(cells);
  for (let k = 0; k <= cells; k++) {
    const cell = cellAt(bounds, k);
    bound[k] = pulse.match(samples, bounds[k]!, cell);
    if (k === cells) break;
    middle[k] = pulse.match(samples, (bounds[k]! + bounds[k + 1]!) / 2, bounds[k + 1]! - bounds[k]!);
  }
  return { bound, middle, ahead: powerOf(samples, bounds, 0.25), back: powerOf(samples, bounds, -0.25) };
}

/** @param shift - How far behind each cell its samples are taken, cells. */
function powerOf(samples: Float32Array, bounds: Float64Array, shift: number): Power {
  const cells = bounds.length - 1;
  const squares = new Float64Array(cells);
  const counts = new Float64Array(cells);
  const slow = new Float64Array(cells);
  for (let k = 0; k < cells; k++) {
    const apart = shift * (bounds[k + 1]! - bounds[k]!);
    const from = Math.max(0, Math.ceil(bounds[k]! + apart));
    const to = Math.min(samples.length, Math.ceil(bounds[k + 1]! + apart));
    let sum = 0;
    let lagged = 0;
    const lag = Math.round((bounds[k + 1]! - bounds[k]!) / 4);
    for (let n = from; n < to; n++) {
      sum += samples[n]! * samples[n]!;
      lagged += samples[n]! * (samples[n + lag] ?? 0);
    }
    slow[k] = sum > 0 ? lagged / sum : 0;
    counts[k] = Math.max(0, to - from);
    squares[k] = sum / Math.max(1, to - from);
  }
  return { squares, counts, slow };
}

export function cellAt(bounds: Float64Array, k: number): number {
  const low = Math.max(0, k - 1);
  const high = Math.min(bounds.length - 1, k + 1);
  return (bounds[high]! - bounds[low]!) / (high - low);
}
