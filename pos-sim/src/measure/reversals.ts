// Where the flux reversals of cells lie that are known: the signal's extremes next to where they are expected. Measured on the samples
// themselves, so that what was sliced and what was searched is measured alike.
import type { CellTimes } from "../cells.js";
import { movingMean } from "../signal/moving-mean.js";

export interface Reversals {
  /** The samples, smoothed and without what is slower than any run of cells. */
  readonly flat: Float32Array;
  /** Place in cells from the first one: whole at an edge of a cell, a half in the middle of a one. */
  readonly places: Float64Array;
  /** When, in samples. */
  readonly times: Float64Array;
  /** How far the signal stands out from its mean there, and what is usual in this swipe there. */
  readonly heights: Float64Array;
  readonly usual: Float64Array;
  /** Less than a pulse, or beside one that is gone: says nothing of the clock. */
  readonly weak: Uint8Array;
}

/** How far from its expected place a reversal is looked for, in cells; never nearer to a neighbour than to its own. */
const SEARCH = 0.3;
/** Share of the usual height from which on there is a pulse. */
export const WEAK = 0.35;
/** Reversals on a side that tell what is usual; fewer do not. */
const NEIGHBOURS = 12;
/** Of the heights on a side, in rising order: weak ones may be most of them. */
const QUARTILE = 0.75;
/** What is measured at less than this of its top's height tells a flat top's middle. */
const SHOULDER = 0.9;
/** Smoothing, in cells: much shorter than a pulse. */
const SMOOTH = 0.08;
/** Hum and wander are slower than that, in cells. */
const BASE = 8;

/** Samples that are averaged, for cells of so many. */
export const smoothing = (cell: number): number => 2 * Math.round((SMOOTH * cell) / 2) + 1;

/**
 * @param cells - In samples of `samples`.
 * @param clipped - Tops are flat: their middle is where a reversal lies.
 */
export function reversalsOf(samples: Float32Array, cells: CellTimes, clipped = false): Reversals {
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
  const flat = without(movingMean(samples, smoothing(mean)), samples, Math.round((BASE * mean) / 2));
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
    times[i] = placeOf(flat, best, sign, low, high, clipped);
    heights[i] = sign * flat[best]!;
  }
  const usual = usualOf(heights);
  const weak = Uint8Array.from(heights, (height, i) => (height < WEAK * usual[i]! ? 1 : 0));
  return { flat, places: Float64Array.from(places), times, heights, usual, weak };
}

/** Where an extreme lies that was met at `best`, between samples. */
export function placeOf(
  flat: Float32Array,
  best: number,
  sign: number,
  low: number,
  high: number,
  clipped: boolean,
): number {
  return clipped ? middleOf(flat, best, sign, low, high) : best + top(flat, best);
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

/** Between its shoulders. */
function middleOf(flat: Float32Array, best: number, sign: number, low: number, high: number): number {
  const level = SHOULDER * sign * flat[best]!;
  let [first, last] = [best, best];
  while (first > low && sign * flat[first - 1]! >= level) first--;
  while (last < high && sign * flat[last + 1]! >= level) last++;
  // Where the flanks cross the shoulder, between two samples.
  const cross = (inside: number, outside: number): number => {
    const [a, b] = [sign * flat[inside]!, sign * (flat[outside] ?? flat[inside]!)];
    return a > level && b < level ? inside + ((outside - inside) * (a - level)) / (a - b) : inside;
  };
  return (cross(first, first - 1) + cross(last, last + 1)) / 2;
}

/** What is usual both before a reversal and behind it, as a hand may hurry; a long weak stretch is not. */
function usualOf(heights: Float64Array): Float64Array {
  const before = quartiles(heights);
  const behind = quartiles(heights.slice().reverse()).reverse();
  return Float64Array.from(heights, (_, i) => {
    const few = i < NEIGHBOURS || heights.length - 1 - i < NEIGHBOURS;
    return few ? medianAround(heights, i) : Math.min(before[i]!, behind[i]!);
  });
}

/** The upper quartile of all before each. */
function quartiles(values: Float64Array): Float64Array {
  const sorted = new Float64Array(values.length);
  return Float64Array.from(values, (value, count) => {
    const quartile = sorted[Math.floor(QUARTILE * count)]!;
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    sorted.copyWithin(low + 1, low, count);
    sorted[low] = value;
    return quartile;
  });
}

function medianAround(values: Float64Array, i: number): number {
  const near = values.slice(Math.max(0, i - NEIGHBOURS), i + NEIGHBOURS + 1).sort();
  return near[near.length >> 1]!;
}

function without(smooth: Float32Array, samples: Float32Array, half: number): Float32Array {
  const base = movingMean(samples, 2 * half + 1);
  return smooth.map((value, i) => value - base[i]!);
}
