// How high pulses are along a swipe. Mostly that changes smoothly, with the head's distance; where a stripe is worn or dirty it falls and rises at once.

import { ranked } from "../../signal/rank.js";
import type { Seed } from "../acquire/acquire.js";
import { type Curve, MEDIAN, smooth, type Terms } from "./curve.js";

/** Most that a head's distance does within a swipe. */
const HEIGHT_ORDERS = 10;
/** Pulses on each side over which a height is the median, where runs are told apart; and within a run, as noise fits pulses that are read into it. */
const BESIDE = 3;
const WITHIN = 10;
/** Heights, of the usual one, beyond which a run of pulses is of another level. */
const LOW = 0.65;
const HIGH = 1.5;
/** Their mean, of the usual height, beyond which it is worth while to look closer. */
const LOWISH = 0.75;
const HIGHISH = 1.35;
/** Cells of such a run, at least; and of one as long as no dropout is that is read. */
const RUN_CELLS = 3;
const LONG_CELLS = 7;
/**
 * Deviations of its heights above which a run stands out; and of the usual height, in a long one and in a short: what is less is noise, or tails of
 * the pulses beside a dropout, into which bits are read.
 */
const CLEAR = 3;
const FAINTEST = 0.15;
const FAINT = 0.3;

/**
 * Height by place, of `heights` at `places` in rising order: smooth, and with a step where a run of pulses is lower or higher, and stands out of
 * noise.
 */
export function heightCurve(
  places: readonly number[],
  heights: readonly number[],
  cells: number,
  terms?: Terms,
): HeightCurve {
  const n = heights.length;
  const usual = ranked(Float64Array.from(heights), n, n >> 1);
  const steps = new Float64Array(n).fill(1);
  const around = mayStep(heights, usual) ? heights.map((_, i) => medianAt(heights, i, BESIDE)) : [];
  const isOff = (i: number): boolean => around[i]! < LOW * usual || around[i]! > HIGH * usual;
  for (let from = 0, to = 0; from < around.length; from = to) {
    to = from + 1;
    if (!isOff(from)) continue;
    while (to < n && isOff(to) && around[to]! > usual === around[from]! > usual) to++;
    const length = places[to - 1]! - places[from]!;
    if (length < RUN_CELLS) continue;
    const run = heights.slice(from, to);
    const levels = run.map((_, i) => medianAt(run, i, WITHIN));
    const scatter = deviation(run.map((height, i) => height - levels[i]!));
    const least = Math.max(CLEAR * scatter, (length < LONG_CELLS ? FAINT : FAINTEST) * usual);
    for (const [i, level] of levels.entries()) if (level > least) steps[from + i] = level / usual;
  }
  const rest = smooth(
    places,
    heights.map((height, i) => height / steps[i]!),
    cells,
    HEIGHT_ORDERS,
    terms,
  );
  const step = (place: number): number => steps[firstFrom(places, place)]!;
  return Object.assign((place: number) => step(place) * rest(place), { terms: rest.terms, step });
}

/** Height by place, and what share of it is a step's: 1 where there is none. */
export interface HeightCurve extends Curve {
  readonly step: (place: number) => number;
}

/** False where the mean of no few heights is far enough from the usual one for a run: mostly, and at once. */
function mayStep(heights: readonly number[], usual: number): boolean {
  const few = 2 * BESIDE + 1;
  let sum = 0;
  for (const [i, height] of heights.entries()) {
    sum += height - (heights[i - few] ?? 0);
    if (i >= few - 1 && (sum < few * LOWISH * usual || sum > few * HIGHISH * usual)) return true;
  }
  return false;
}

/** Of errors around nothing. */
function deviation(errors: readonly number[]): number {
  return ranked(Float64Array.from(errors, Math.abs), errors.length, errors.length >> 1) / MEDIAN;
}

/** The median of value i and so many on each side of it; at an end, of as many. */
function medianAt(values: readonly number[], i: number, beside: number): number {
  const from = Math.max(0, Math.min(values.length - 2 * beside - 1, i - beside));
  const near = Float64Array.from(values.slice(from, from + 2 * beside + 1));
  return ranked(near, near.length, near.length >> 1);
}

/** The first of rising `places` that is not before `place`, or the last one. */
function firstFrom(places: readonly number[], place: number): number {
  let [low, high] = [0, places.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Heights, of those at a run of zeros, below which pulses are weak, and are no pulses, and above which they are loud, whatever noise there is; and cells in a row that are. */
const WEAK = 0.6;
const WEAKEST = 0.12;
const LOUD = 2.5;
const OTHER_CELLS = 5;
/** Parts of a cell by which loudness is taken, and how many on each side count. */
const PARTS = 2;
const PARTS_BESIDE = 3;

/** Samples with weak and loud stretches brought to the height of a seed's; undefined where there are none. */
export function levelled(samples: Float32Array, { cell, height }: Seed): Float32Array | undefined {
  const part = cell / PARTS;
  const parts = Math.floor(samples.length / part);
  const peaks = new Float32Array(parts);
  for (let p = 0, n = 0; p < parts; p++) {
    let peak = 0;
    for (const to = p === parts - 1 ? samples.length : (p + 1) * part; n < to; n++)
      peak = Math.max(peak, Math.abs(samples[n]!));
    peaks[p] = peak;
  }
  const gains = new Float32Array(parts).fill(1);
  let [run, longest] = [0, 0];
  for (let p = 0; p < parts; p++) {
    let most = 0;
    for (let i = Math.max(0, p - PARTS_BESIDE); i <= Math.min(parts - 1, p + PARTS_BESIDE); i++)
      most = Math.max(most, peaks[i]!);
    const loud = most / height;
    const isOther = loud < WEAK || loud > LOUD;
    if (isOther) gains[p] = 1 / Math.max(loud, WEAKEST);
    run = isOther && loud > WEAKEST ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  if (longest < OTHER_CELLS * PARTS) return undefined;
  return samples.map((sample, n) => sample * gains[Math.min(parts - 1, Math.floor(n / part))]!);
}
