// The samples around a run of zeros, at a rate that suits its cells, without what is slower than any cell.

import { movingMean } from "../../signal/moving-mean.js";
import { without } from "../fit/refine.js";
import type { Seed } from "./acquire.js";
import { COLOURED, halved } from "./halve.js";

export interface Around {
  /** Cells of 24 samples and less. */
  readonly samples: Float32Array;
  /** Hum and wander: slower than any run of cells. */
  readonly base: Float32Array;
  /** Samples without their base line. */
  readonly flat: Float32Array;
  /** The run of zeros, in these samples. */
  readonly seed: Seed;
  /** Sample n is the recording's sample `n * scale + shift`. */
  readonly scale: number;
  readonly shift: number;
  /** By how much noise is stronger around pulses than its mean square. */
  readonly coloured: number;
}

/** Samples in a cell, at most: more say nothing that fewer do not. */
const CELL_MAX = 24;
/** Cells over which a base line is taken. */
const BASE_CELLS = 8;

/** A recording at half its rate, a quarter, and so on: worked out when one of them is asked for, and once. */
export class Rates {
  readonly #levels: Float32Array[];

  constructor(samples: Float32Array) {
    this.#levels = [samples];
  }

  /** At 2^-level of its rate: sample n is the recording's `n * 2^level`. */
  at(level: number): Float32Array {
    for (let made = this.#levels.length; made <= level; made++) this.#levels.push(halved(this.#levels[made - 1]!));
    return this.#levels[level]!;
  }
}

/** Of a recording, so many cells on each side of a seed. */
export function around(rates: Rates, seed: Seed, cells: number): Around {
  const level = Math.max(0, Math.ceil(Math.log2(seed.cell / CELL_MAX)));
  const scale = 2 ** level;
  const cell = seed.cell / scale;
  const all = rates.at(level);
  const reach = cells * cell;
  const first = Math.max(0, Math.floor(seed.at / scale - reach));
  const samples = all.subarray(first, Math.min(all.length, Math.ceil(seed.at / scale + reach)));
  const at = seed.at / scale - first;
  const width = Math.round(BASE_CELLS * cell);
  const base = movingMean(movingMean(samples, width), width);
  const flat = without(samples, base);
  const coloured = level > 0 ? COLOURED : 1;
  return { samples, base, flat, seed: { ...seed, at, cell }, scale, shift: first * scale, coloured };
}

/** True where a stretch of cells may go on beyond what was cut out. */
export function isCut({ samples, seed: { cell } }: Around, bounds: Float64Array): boolean {
  const beside = EDGE_CELLS * cell;
  return bounds[0]! < beside || bounds[bounds.length - 1]! > samples.length - beside;
}

/** Cells from an end within which a clock may have stopped for want of samples: noise hides its last ones. */
const EDGE_CELLS = 20;
