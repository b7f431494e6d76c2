// The samples around a run of zeros, at a rate that suits its cells, and what in them is slower than any cell.

import type { Seed } from "./acquire.js";
import { COLOURED, halved } from "./halve.js";
import { movingMean, without } from "./refine.js";

export interface Around {
  /** Cells of 24 samples and less. */
  readonly samples: Float32Array;
  /** Hum and wander: slower than any run of cells. */
  readonly base: Float32Array;
  /** Samples without their base line. */
  readonly flat: Float32Array;
  /** The run of zeros, in these samples. */
  readonly seed: Seed;
  /** Sample n is the input's sample `n * scale + shift`. */
  readonly scale: number;
  readonly shift: number;
  /** By how much noise is stronger around pulses than its mean square. */
  readonly coloured: number;
}

/** Samples in a cell, at most: more say nothing that fewer do not. */
const CELL_MAX = 24;
/** Cells over which a base line is taken. */
const BASE_CELLS = 8;

/** Of `input`, so many cells on each side of a seed. */
export function around(input: Float32Array, seed: Seed, cells: number): Around {
  const reach = cells * seed.cell;
  const shift = Math.max(0, Math.floor(seed.at - reach));
  let samples = input.subarray(shift, Math.min(input.length, Math.ceil(seed.at + reach)));
  let at = seed.at - shift;
  let { cell } = seed;
  let scale = 1;
  while (cell > CELL_MAX) {
    samples = halved(samples);
    scale *= 2;
    at /= 2;
    cell /= 2;
  }
  const width = Math.round(BASE_CELLS * cell);
  const base = movingMean(movingMean(samples, width), width);
  const flat = without(samples, base);
  return { samples, base, flat, seed: { ...seed, at, cell }, scale, shift, coloured: scale > 1 ? COLOURED : 1 };
}

/** True where a stretch of cells may go on beyond what was cut out. */
export function isCut({ samples, seed: { cell } }: Around, bounds: Float64Array): boolean {
  const beside = EDGE_CELLS * cell;
  return bounds[0]! < beside || bounds[bounds.length - 1]! > samples.length - beside;
}

/** Cells from an end at which a clock stops for want of samples, speeds differing as they do. */
const EDGE_CELLS = 4;
