// From a run of zeros outwards, cell by cell: several readings are kept at once, each with a clock of its own that follows the hand.

import type { Seed } from "../acquire/acquire.js";
import type { Pulse } from "./pulse.js";

export interface Trail {
  /** Boundaries in rising order. */
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  /** Polarity of the pulse at each boundary, 1 or -1. */
  readonly signs: Int8Array;
  /** Logarithm of the likelihood over noise, as far as the best reading got. */
  readonly gain: number;
}

/** Cells in one direction, at most: two texts of track 1 in one run have 1,260 with the zeros around them. */
export const CELLS_MAX = 1400;
/** A reading so far behind the best one is given up. */
const BEHIND = 20;
/** A reading that lost so much since its best is at its end. */
const LOST = 16;
/** And where cells may be damaged: six of them in a row are what parity and LRC can make up for. */
const BRIDGED = 45;
/** Height of a weak cell's pulses, of what they should have, and how seldom that is, as a logarithm. */
const WEAK = 0.25;
const IS_WEAK = -3;
/** What a cell must gain: of two bits and a clock that follows, noise alone always pleases one a little. */
const TOLL = 0.9;
/** Over how many cells slopes are taken: wider than a sure clock would, as this one may be off. */
const WIDE = 0.2;
/** Cells on each side of a pulse that are looked at. */
const REACH = 1.25;
/** How fast the height of pulses is followed. */
const LEVEL = 0.06;

/** What a clock has to follow. */
export interface Pace {
  /** Deviation of a pulse's measured time, cells. */
  readonly wobble: number;
  /** How much the drift of the cell changes from one to the next, of a cell. */
  readonly drift: number;
}

/** A hand may slow by a tenth within ten cells. In deep noise a clock that allows for that is lost: there it is held to be steady. */
export const UNSTEADY_HAND = 8e-4;
export const STEADY_HAND = 1.5e-4;

interface Reading {
  at: number;
  cell: number;
  drift: number;
  sign: number;
  before: number;
  height: number;
  gain: number;
  node: number;
}

/**
 * @param noise - Variance of a sample's noise.
 * @param survivors - Readings that are kept.
 * @param damaged - What a cell gains at least, however little it fits, where cells may be damaged; those whose pulses are weak fit better.
 */
export function follow(
  samples: Float32Array,
  seed: Seed,
  pulse: Pulse,
  noise: number,
  pace: Pace,
  survivors: number,
  damaged?: number,
): Trail {
  const forth = walk(samples, seed, pulse, noise, pace, survivors, damaged, 1);
  const back = walk(samples, seed, pulse, noise, pace, survivors, damaged, -1);
  const cells = forth.bits.length + back.bits.length;
  const bounds = new Float64Array(cells + 1);
  const bits = new Uint8Array(cells);
  const n = back.bits.length;
  for (let i = 0; i < n; i++) {
    bounds[n - 1 - i] = back.bounds[i]!;
    bits[n - 1 - i] = back.bits[i]!;
  }
  bounds[n] = seed.at;
  for (let i = 0; i < forth.bits.length; i++) {
    bounds[n + 1 + i] = forth.bounds[i]!;
    bits[n + i] = forth.bits[i]!;
  }
  const signs = new Int8Array(cells + 1);
  signs[n] = 1;
  for (let k = n; k < cells; k++) signs[k + 1] = bits[k] === 1 ? signs[k]! : -signs[k]!;
  for (let k = n - 1; k >= 0; k--) signs[k] = bits[k] === 1 ? signs[k + 1]! : -signs[k + 1]!;
  return { bounds, bits, signs, gain: forth.gain + back.gain };
}

/** The readings' boundaries and bits, as a tree: each knows the node that it came from. */
class Tree {
  readonly #parents: number[] = [-1];
  readonly #bits: number[] = [0];
  readonly #times: number[];

  constructor(at: number) {
    this.#times = [at];
  }

  add(parent: number, bit: number, at: number): number {
    this.#parents.push(parent);
    this.#bits.push(bit);
    return this.#times.push(at) - 1;
  }

  /** From the root to `node`. */
  pathTo(node: number): { readonly bits: number[]; readonly bounds: number[] } {
    const bits: number[] = [];
    const bounds: number[] = [];
    for (let n = node; n > 0; n = this.#parents[n]!) {
      bits.push(this.#bits[n]!);
      bounds.push(this.#times[n]!);
    }
    return { bits: bits.reverse(), bounds: bounds.reverse() };
  }
}

function blank(): Reading {
  return { at: 0, cell: 0, drift: 0, sign: 1, before: 0, height: 0, gain: 0, node: 0 };
}

/** Asked for every run of zeros: it makes no objects as it goes. */
function walk(
  samples: Float32Array,
  seed: Seed,
  pulse: Pulse,
  noise: number,
  pace: Pace,
  survivors: number,
  damaged: number | undefined,
  way: 1 | -1,
) {
  const [r0, r1, r2, r3, r4] = pulse.overlaps;
  const scale = 1 / noise;
  const seen = new Float64Array(2);
  const tree = new Tree(seed.at);
  const pools = [0, 1].map(() => Array.from({ length: 2 * survivors }, blank)) as [Reading[], Reading[]];
  let kept: Reading[] = [Object.assign(blank(), { at: seed.at, cell: seed.cell, height: seed.height })];
  /** The next ones, best first. */
  const next: Reading[] = [];
  let bestGain = 0;
  let bestNode = 0;
  const gains = gainsFor(pace);
  for (let k = 0; k < CELLS_MAX; k++) {
    const step = 3 * Math.min(k, SETTLED - 1);
    const phase = gains[step]!;
    const rate = gains[step + 1]!;
    const bend = gains[step + 2]!;
    const pool = pools[k % 2]!;
    let made = 0;
    for (const reading of kept) {
      const { at, cell, drift, sign, before, height: a } = reading;
      const end = at + way * cell;
      if (end < 0 || end >= samples.length) continue;
      const middle = at + (way * cell) / 2;
      pulse.glance(samples, end, cell, REACH, WIDE, seen);
      const atEnd = seen[0]!;
      const slopeEnd = seen[1]!;
      pulse.glance(samples, middle, cell, REACH, WIDE, seen);
      const atMiddle = seen[0]!;
      const slopeMiddle = seen[1]!;
      const middleBefore = before === 1 ? -1 : 0;
      const boundBefore = before === 1 ? 1 : -1;
      const energy = a * a * cell;
      for (let bit = 0; bit < 2; bit++) {
        let along: number;
        let own: number;
        let slope: number;
        let height: number;
        if (bit === 0) {
          const overlaps = r2 + middleBefore * r3 + boundBefore * r4;
          along = -sign * a * atEnd;
          own = energy * (0.5 * r0 - overlaps);
          slope = -sign * slopeEnd;
          height = (-sign * atEnd) / (r0 - overlaps);
        } else {
          const overlaps =
            -(r1 + middleBefore * r2 + boundBefore * r3) + r2 - r1 + middleBefore * r3 + boundBefore * r4;
          along = sign * a * (atEnd - atMiddle);
          own = energy * (r0 + overlaps);
          slope = 0.5 * sign * (slopeEnd - slopeMiddle);
          height = (sign * (atEnd - atMiddle)) / (2 * r0 + overlaps - r1);
        }
        const error = Math.max(-0.15, Math.min(0.15, (way * slope) / (pulse.slopeEnergy * a * cell)));
        const on = pool[made]!;
        on.at = end + way * phase * error * cell;
        on.cell = cell * (1 + drift) + rate * error * cell;
        on.drift = Math.max(-0.03, Math.min(0.03, drift + bend * error));
        on.sign = bit === 1 ? sign : -sign;
        on.before = bit;
        on.height = Math.max(0.2 * a, a + LEVEL * (height / cell - a));
        const whole = scale * (along - own);
        const gain =
          damaged === undefined ? whole : Math.max(whole, damaged, IS_WEAK + scale * WEAK * (along - WEAK * own));
        on.gain = reading.gain + gain - TOLL;
        on.node = reading.node;
        let place = made++;
        for (; place > 0 && next[place - 1]!.gain < on.gain; place--) next[place] = next[place - 1]!;
        next[place] = on;
      }
    }
    if (made === 0) break;
    next.length = made;
    kept = [];
    for (const reading of next) {
      if (kept.length === survivors || reading.gain < next[0]!.gain - BEHIND) break;
      if (hasAlike(kept, reading)) continue;
      reading.node = tree.add(reading.node, reading.before, reading.at);
      kept.push(reading);
    }
    const leader = kept[0]!;
    if (leader.gain > bestGain) {
      bestGain = leader.gain;
      bestNode = leader.node;
    }
    if (leader.gain < bestGain - (damaged === undefined ? LOST : BRIDGED)) break;
  }
  return { ...tree.pathTo(bestNode), gain: bestGain };
}

/** True where a better reading is at the same place with the same bit: there is nothing to choose between the two. */
function hasAlike(better: readonly Reading[], { sign, before, at, cell }: Reading): boolean {
  for (const other of better) {
    if (other.sign === sign && other.before === before && Math.abs(other.at - at) < 0.02 * cell) return true;
  }
  return false;
}

/** Gains of a Kalman filter for place, cell and its drift, all in cells: wide at first, then what noise and the hand allow. */
export function gainsFor({ wobble, drift }: Pace): Float64Array {
  const name = `${wobble} ${drift}`;
  const known = GAINS.get(name);
  if (known !== undefined) return known;
  const gains = new Float64Array(3 * SETTLED);
  let p = [
    [0.003, 0, 0],
    [0, 2e-4, 0],
    [0, 0, 1e-4],
  ];
  const f = [
    [1, 1, 0],
    [0, 1, 1],
    [0, 0, 1],
  ];
  for (let k = 0; k < SETTLED; k++) {
    // One cell on: place += cell, cell += drift.
    p = product(product(f, p), transposed(f));
    p[2]![2]! += drift * drift;
    const s = p[0]![0]! + wobble * wobble;
    const gain = p.map((row) => row[0]! / s);
    gains.set(gain, 3 * k);
    const top = p[0]!;
    p = p.map((row, i) => row.map((value, j) => value - gain[i]! * top[j]!));
  }
  GAINS.set(name, gains);
  return gains;
}

const GAINS = new Map<string, Float64Array>();
/** Cells after which the gains stay as they are. */
export const SETTLED = 120;
function product(a: number[][], b: number[][]): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, i) => sum + value * b[i]![j]!, 0)));
}

function transposed(a: number[][]): number[][] {
  return a[0]!.map((_, j) => a.map((row) => row[j]!));
}
