// Where the flux reversals of cells lie that are known: the signal's extremes next to where they are expected. Measured on the samples
// themselves, so that what was sliced and what was searched is measured alike.
import type { CellTimes } from "../reader/burst.js";
import { movingMean } from "../signal/moving-mean.js";

export interface Reversals {
  /** The samples, smoothed and without what is slower than any run of cells. */
  readonly flat: Float32Array;
  /** Place in cells from the first one: whole at an edge of a cell, a half in the middle of a one. */
  readonly places: Float64Array;
  /** When, in samples. */
  readonly times: Float64Array;
  /** How far the signal stands out from its mean there, and what is usual around it. */
  readonly heights: Float64Array;
  readonly usual: Float64Array;
  /** Less than a pulse: gone, or hidden by noise. */
  readonly weak: Uint8Array;
}

/** How far from its expected place a reversal is looked for, in cells; never nearer to a neighbour than to its own. */
const SEARCH = 0.3;
/** Share of the usual height from which on there is a pulse. */
export const WEAK = 0.35;
/** Reversals on each side that tell what is usual. */
const NEIGHBOURS = 12;
/** Smoothing, in cells: much shorter than a pulse. */
const SMOOTH = 0.08;
/** Hum and wander are slower than that, in cells. */
const BASE = 8;

/** @param cells - In samples of `samples`. */
export function reversalsOf(samples: Float32Array, cells: CellTimes): Reversals {
  const { bounds, bits } = cells;
  const places: number[] = [];
  const expected: number[] = [];
  for (let k = 0; k <= bits.length; k++) {
    places.push(k);
    expected.push(bounds[k]!);
    if (k === bits.length || bits[k] === 0) continue;
    places.push(k + 0.5);
    expected.push((bounds[k]! + bounds[k + 1]!) / 2);
  }
  const count = places.length;
  const mean = (bounds[bits.length]! - bounds[0]!) / bits.length;
  const flat = without(
    movingMean(samples, 2 * Math.round((SMOOTH * mean) / 2) + 1),
    samples,
    Math.round((BASE * mean) / 2),
  );
  const at = (time: number): number => flat[Math.max(0, Math.min(flat.length - 1, Math.round(time)))]!;
  const turn = expected.reduce((sum, time, i) => sum + (i % 2 === 0 ? 1 : -1) * at(time), 0) < 0 ? -1 : 1;

  const times = new Float64Array(count);
  const heights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const sign = turn * (i % 2 === 0 ? 1 : -1);
    const here = expected[i]!;
    const cell = cellAt(bounds, Math.floor(places[i]!));
    const before = i === 0 ? SEARCH * cell : Math.min(SEARCH * cell, (here - expected[i - 1]!) / 2);
    const after = i === count - 1 ? SEARCH * cell : Math.min(SEARCH * cell, (expected[i + 1]! - here) / 2);
    const low = Math.max(0, Math.ceil(here - before));
    const high = Math.min(flat.length - 1, Math.floor(here + after));
    let best = Math.max(0, Math.min(flat.length - 1, Math.round(here)));
    for (let n = low; n <= high; n++) if (sign * flat[n]! > sign * flat[best]!) best = n;
    times[i] = best + top(flat, best);
    heights[i] = sign * flat[best]!;
  }
  const usual = Float64Array.from(heights, (_, i) => medianAround(heights, i));
  const weak = Uint8Array.from(heights, (height, i) => (height < WEAK * usual[i]! ? 1 : 0));
  return { flat, places: Float64Array.from(places), times, heights, usual, weak };
}

/** Of the parabola through a sample and its neighbours, relative to it. */
function top(x: Float32Array, i: number): number {
  if (i < 1 || i > x.length - 2) return 0;
  const bend = x[i - 1]! - 2 * x[i]! + x[i + 1]!;
  return bend === 0 ? 0 : Math.max(-0.5, Math.min(0.5, (0.5 * (x[i - 1]! - x[i + 1]!)) / bend));
}

function cellAt(bounds: Float64Array, cell: number): number {
  const k = Math.min(cell, bounds.length - 2);
  return bounds[k + 1]! - bounds[k]!;
}

function medianAround(values: Float64Array, i: number): number {
  const near = values.slice(Math.max(0, i - NEIGHBOURS), i + NEIGHBOURS + 1).sort();
  return near[near.length >> 1]!;
}

function without(smooth: Float32Array, samples: Float32Array, half: number): Float32Array {
  const base = movingMean(samples, 2 * half + 1);
  return smooth.map((value, i) => value - base[i]!);
}
