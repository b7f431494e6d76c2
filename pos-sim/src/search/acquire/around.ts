// The samples around a run of zeros, at a rate that suits its cells, without what is slower than any cell.

import { movingMean } from "../../signal/moving-mean.js";
import { without } from "../fit/refine.js";
import type { Seed } from "./acquire.js";
import { COLOURED, HALVED_BY, halve } from "./halve.js";

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

/** A recording at half its rate, a quarter, and so on: each part worked out when it is asked for, and once. */
export class Rates {
  readonly #levels: Level[];

  constructor(samples: Float32Array) {
    this.#levels = [{ samples, made: new Uint8Array(0) }];
  }

  /** Samples at 2^-level of its rate: number n of the whole is the recording's `n * 2^level`. Cut at its ends. */
  part(level: number, from: number, to: number): Float32Array {
    for (let next = this.#levels.length; next <= level; next++) {
      const length = (this.#levels[next - 1]!.samples.length + 1) >> 1;
      this.#levels.push({ samples: new Float32Array(length), made: new Uint8Array(Math.ceil(length / PART)) });
    }
    const { samples } = this.#levels[level]!;
    const [first, last] = [Math.max(0, from), Math.min(samples.length, to)];
    if (first < last) this.#make(level, first, last);
    return samples.subarray(first, last);
  }

  #make(level: number, from: number, to: number): void {
    if (level === 0) return;
    const { samples, made } = this.#levels[level]!;
    for (let part = Math.floor(from / PART); part * PART < to; part++) {
      if (made[part] === 1) continue;
      made[part] = 1;
      const [first, last] = [part * PART, Math.min(samples.length, (part + 1) * PART)];
      const finer = this.#levels[level - 1]!.samples;
      this.#make(level - 1, Math.max(0, 2 * first - HALVED_BY), Math.min(finer.length, 2 * last + HALVED_BY));
      halve(finer, samples, first, last);
    }
  }
}

interface Level {
  readonly samples: Float32Array;
  /** 1 for each part of it that is worked out. */
  readonly made: Uint8Array;
}

/** Samples that are worked out at once. */
const PART = 4096;

/** Of a recording, so many cells on each side of a seed. */
export function around(rates: Rates, seed: Seed, cells: number): Around {
  const level = Math.max(0, Math.ceil(Math.log2(seed.cell / CELL_MAX)));
  const scale = 2 ** level;
  const cell = seed.cell / scale;
  const reach = cells * cell;
  const first = Math.max(0, Math.floor(seed.at / scale - reach));
  const samples = rates.part(level, first, Math.ceil(seed.at / scale + reach));
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
