// A hand moves smoothly: few numbers describe all boundaries of a swipe, and every pulse has a say in each of them. Clock, height, base
// line, pulse shape and noise are fitted to what is left when the present reading is taken out of the samples.

import { movingMean } from "../../signal/moving-mean.js";
import { ranked } from "../../signal/rank.js";
import { freePath } from "../texts/free-path.js";
import type { CellMetrics } from "../texts/weights.js";
import { MEDIAN, smooth, Terms } from "./curve.js";
import { heightCurve } from "./level.js";
import { cellAt, type Grid, type Matched, match } from "./matched.js";
import type { Pulse } from "./pulse.js";

/** A reading of a stretch of samples: its grid, and the pulses that it says are there. */
export interface Reading {
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  readonly signs: Int8Array;
  readonly height: Float64Array;
  /** What share of it is a step's: 1 where there is none. */
  readonly steps: Float64Array;
  readonly variance: number;
  /** Deviation of pulses' times from the grid, cells, noise included; and of most of them, whatever a few damaged ones do. */
  readonly jitter: number;
  readonly scatter: number;
}

/**
 * One round: fits clock, height and noise. `base` is taken from `samples` and improved in place.
 *
 * @param coloured - By how much noise is stronger around pulses than its mean square.
 */
export function refined(
  samples: Float32Array,
  base: Float32Array,
  reading: Reading,
  pulse: Pulse,
  coloured: number,
): Reading {
  const { bounds, bits, signs, height, steps } = reading;
  const cells = bits.length;
  const left = without(samples, base);
  const from = Math.max(0, Math.floor(bounds[0]!));
  const to = Math.min(samples.length, Math.ceil(bounds[cells]!));
  forPulses(reading, (at, cell, sign, a) => pulse.add(left, at, cell, -sign * a));
  // Base line: what is left, smoothed over many cells.
  const width = Math.max(8, Math.round(8 * ((bounds[cells]! - bounds[0]!) / cells)));
  smoothInto(left, base, width);
  const energy = pulse.energy;
  const reference = smooth([...bounds.keys()], Array.from(bounds), cells, REFERENCE);
  const places: number[] = [];
  const shifts: number[] = [];
  const heights: number[] = [];
  forPulses(reading, (at, cell, sign, a, place) => {
    const middle = pulse.match(left, at, cell, 1.25);
    const shift = (sign * pulse.slope(left, at, cell, 1.25)) / (pulse.slopeEnergy * a * cell);
    places.push(place);
    shifts.push((at - reference(place)) / cell + Math.max(-0.25, Math.min(0.25, shift)));
    heights.push(a + (sign * middle) / (energy * cell));
  });
  let squares = 0;
  for (let n = from; n < to; n++) squares += left[n]! * left[n]!;
  const terms = new Terms(places, cells);
  const shift = smooth(places, shifts, cells, CLOCK_ORDERS, terms);
  const level = heightCurve(places, heights, cells, terms);
  // What was fitted took some of the noise with it.
  const free = (to - from) * (1 - BASE_SHARE / width) - shift.terms - level.terms;
  const mean = heights.reduce((a, b) => a + b, 0) / heights.length;
  const cell = (bounds[cells]! - bounds[0]!) / cells;
  const colour = Math.max(coloured, colourOf(left.subarray(from, to), cell, mean, pulse));
  const variance = Math.max((colour * squares) / Math.max(1, free), 1e-12);
  const newBounds = new Float64Array(cells + 1);
  const newHeight = new Float64Array(cells + 1);
  const newSteps = new Float64Array(cells + 1);
  const errors = new Float64Array(places.length);
  let sum = 0;
  for (const [i, place] of places.entries()) {
    errors[i] = Math.abs(shifts[i]! - shift(place));
    sum += errors[i]! * errors[i]!;
  }
  const scatter = ranked(errors, errors.length, errors.length >> 1) / MEDIAN;
  for (let k = 0; k <= cells; k++) {
    newBounds[k] = reference(k) + shift(k) * cellAt(bounds, k);
    newHeight[k] = Math.max(0.1 * mean, level(k));
    newSteps[k] = level.step(k);
  }
  for (let k = 1; k <= cells; k++)
    if (!(newBounds[k]! > newBounds[k - 1]!)) return { ...reading, height, steps, variance };
  return {
    bounds: newBounds,
    bits,
    signs,
    height: newHeight,
    steps: newSteps,
    variance,
    jitter: Math.sqrt(sum / places.length),
    scatter,
  };
}

/**
 * By how much noise is stronger where pulses are, and where texts differ, than its mean square, as what is left says: a recording that came through a
 * narrow band has all of its noise there. By the noise's correlation, weighed by a pulse's own, and by that of what 01 leaves over from 10; the lesser
 * of both, as slow noise is in a pulse and in no difference. 1 where noise may be white, or is weaker there.
 */
function colourOf(all: Float32Array, cell: number, height: number, pulse: Pulse): number {
  const left = new Float64Array(all.length);
  for (let n = 0; n < all.length; n++) left[n] = Math.abs(all[n]!);
  const deviation = ranked(left, all.length, all.length >> 1) / MEDIAN;
  // Where there is hardly any noise it is what the model misses.
  if (deviation < FAINT * height) return 1;
  // What is damaged leaves more than noise does, and all of it like pulses.
  const most = LOUDEST * deviation;
  for (let n = 0; n < all.length; n++) left[n] = Math.max(-most, Math.min(most, all[n]!));
  const lags = Math.min(left.length - 1, Math.round(CORRELATED * cell));
  const correlated = correlationsOf(left, lags);
  const power = correlated[0]!;
  const weighed = (overlap: (cells: number) => number): number => {
    let [sum, chance] = [power, 0];
    for (let lag = 1; lag <= lags; lag++) {
      const weight = (2 * overlap(lag / cell)) / overlap(0);
      sum += weight * correlated[lag]!;
      chance += weight * weight;
    }
    return power > 0 && sum / power > 1 + CLEARLY * Math.sqrt(chance / left.length) ? sum / power : 1;
  };
  return Math.min(
    weighed((cells) => pulse.overlap(cells)),
    weighed((cells) => differing(pulse, cells)),
  );
}

/** Sums of samples times those so many before, for each lag up to `lags`. Four lags at a time, as samples are read once for all of them. */
function correlationsOf(samples: Float64Array, lags: number): Float64Array {
  const sums = new Float64Array(lags + 4);
  for (let lag = 0; lag <= lags; lag += 4) {
    let [first, second, third, fourth] = [0, 0, 0, 0];
    let [one, two, three] = [0, 0, 0];
    for (let n = lag; n < samples.length; n++) {
      const sample = samples[n]!;
      const now = samples[n - lag]!;
      first += sample * now;
      second += sample * one;
      third += sample * two;
      fourth += sample * three;
      three = two;
      two = one;
      one = now;
    }
    sums[lag] = first;
    sums[lag + 1] = second;
    sums[lag + 2] = third;
    sums[lag + 3] = fourth;
  }
  return sums.subarray(0, lags + 1);
}

/** Integral of what differs between 01 and 10 times itself, so many cells later: three pulses half a cell apart, the middle one twice as high and upside down. */
function differing(pulse: Pulse, cells: number): number {
  const beside = (by: number) => pulse.overlap(cells - by) + pulse.overlap(cells + by);
  return 6 * pulse.overlap(cells) - 4 * beside(0.5) + beside(1);
}

/** Cells over which noise is asked whether it is like itself; and deviations beyond which that is no chance. */
const CORRELATED = 1;
const CLEARLY = 3;
/** Deviations beyond which it is no noise. */
const LOUDEST = 2.5;
/** Deviation of white noise at some 20 dB, in heights of a pulse. */
const FAINT = 0.055;

/** Deviation of pulses from the clock, cells, that noise alone makes. */
export function noisyScatter({ variance, height, bounds }: Reading, pulse: Pulse): number {
  const cells = bounds.length - 1;
  const cell = (bounds[cells]! - bounds[0]!) / cells;
  const mean = height.reduce((sum, a) => sum + a, 0) / height.length;
  return Math.sqrt(variance / (pulse.slopeEnergy * mean * mean * cell));
}

/** Most that a hand does within a swipe: what noise alone bears out is left out. */
export const CLOCK_ORDERS = 24;
/** Terms of the curve that a clock is measured against: what it says beyond must stand out of the noise. */
const REFERENCE = 3;

/** Of the noise's power, what a base line takes that is smoothed over so many samples. */
const BASE_SHARE = 2.5;

/** Bounds of a trail as a smooth curve. */
export function smoothed(bounds: Float64Array): Float64Array {
  const places = Array.from(bounds, (_, k) => k);
  const curve = smooth(places, Array.from(bounds), bounds.length - 1, CLOCK_ORDERS);
  return Float64Array.from(bounds, (_, k) => curve(k));
}

/** The likeliest bits by samples, and the polarity of each boundary's pulse. */
export function freeBits(metrics: CellMetrics, known?: Uint8Array): { bits: Uint8Array; signs: Int8Array } {
  const { bits, states } = freePath(metrics, known);
  return { bits, signs: Int8Array.from(states, (state) => (state < metrics.chain.states / 2 ? 1 : -1)) };
}

export function gridOf({ bounds, height, steps, variance }: Reading): Grid {
  return { bounds, height, steps, variance };
}

export function matchedOf(samples: Float32Array, base: Float32Array, reading: Reading, pulse: Pulse): Matched {
  return match(without(samples, base), gridOf(reading), pulse);
}

export function forPulses(
  { bounds, bits, signs, height }: Reading,
  visit: (at: number, cell: number, sign: number, height: number, place: number) => void,
): void {
  const cells = bits.length;
  for (let k = 0; k <= cells; k++) {
    visit(bounds[k]!, cellAt(bounds, k), signs[k]!, height[k]!, k);
    if (k < cells && bits[k] === 1) {
      const cell = bounds[k + 1]! - bounds[k]!;
      visit(bounds[k]! + cell / 2, cell, -signs[k]!, (height[k]! + height[k + 1]!) / 2, k + 0.5);
    }
  }
}

export function without(samples: Float32Array, base: Float32Array): Float32Array {
  const left = samples.slice();
  for (let i = 0; i < left.length; i++) left[i]! -= base[i]!;
  return left;
}

/** Moving mean over `width` samples, twice, added to `onto`. */
function smoothInto(samples: Float32Array, onto: Float32Array, width: number): void {
  const once = movingMean(samples, width);
  const twice = movingMean(once, width);
  for (let i = 0; i < onto.length; i++) {
    onto[i]! += twice[i]!;
    samples[i]! -= twice[i]!;
  }
}
