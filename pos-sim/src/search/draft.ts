// One swipe as it was followed from a run of zeros: by a clock that is nudged by samples, or, where that one is led astray, by the times of
// the reversals themselves.

import { halved, type Seed } from "./acquire.js";
import { type Moved, movedIn, outdoes } from "./events.js";
import { follow } from "./follow.js";
import type { Pulse } from "./pulse.js";
import { movingMean, type Reading, refined, smoothed, without } from "./refine.js";

/** A trail that was followed, in samples of its own rate. */
export interface Draft {
  readonly samples: Float32Array;
  /** Its base line. */
  readonly base: Float32Array;
  /** As the clock has it. */
  readonly reading: Reading | undefined;
  /** As the reversals have it, where the writer moved them. */
  readonly moved: Moved | undefined;
  /** By how much the logarithm of the likelihood rises when its pulses are taken out. */
  readonly explained: number;
  /** In samples of the input. */
  readonly from: number;
  readonly to: number;
  readonly cell: number;
  /** Its sample n is the input's sample `n * scale + shift`. */
  readonly scale: number;
  readonly shift: number;
}

/** Fewer cells hold no text, and noise makes trails of up to so much. */
const CELLS_MIN = 30;
const GAIN_MIN = 70;
/** Of the power around a run of zeros, what its tone must explain for the reversals to stand out one by one. */
const CLEAR = 0.6;
/** Deviation of pulses from the clock up to which the writer is not asked, cells, and in what noise gives. */
const STEADY = 0.045;
const SCATTERED = 1.2;

/** The swipe around a seed; undefined where there is none. */
export function draftOf(input: Float32Array, seed: Seed, pulse: Pulse): Draft | undefined {
  let samples = input;
  let { at, cell } = seed;
  let scale = 1;
  let shift = 0;
  while (cell > 24) {
    samples = halved(samples);
    shift += 1.5 * scale;
    scale *= 2;
    at = (at - 1.5) / 2;
    cell /= 2;
  }
  // Hum and wander are slower than any run of cells.
  const width = Math.round(8 * cell);
  const base = movingMean(movingMean(samples, width), width);
  const flat = without(samples, base);
  const power = meanSquare(flat, at - 20 * cell, at + 20 * cell);
  // Of what is there, most is held to be noise: a clock that believes too much is lost at the first odd pulse.
  const reading = clockedFrom(samples, base, flat, { ...seed, at, cell }, 0.7 * power, pulse);
  const clear = pulse.energy * seed.height * seed.height > CLEAR * power;
  let moved: Moved | undefined;
  if (clear && (reading === undefined || isScattered(reading, pulse))) {
    moved = movedIn(flat, { ...seed, at, cell }, pulse);
    if (moved !== undefined && reading !== undefined && !outdoes(moved, reading)) moved = undefined;
  }
  const best = moved ?? reading;
  if (best === undefined) return undefined;
  const { bounds, variance } = best;
  const cells = bounds.length - 1;
  const [from, to] = [bounds[0]!, bounds[cells]!];
  return {
    samples,
    base,
    reading,
    moved,
    explained: (to - from) * Math.log(meanSquare(samples, from, to) / variance),
    from: from * scale + shift,
    to: to * scale + shift,
    cell: ((to - from) / cells) * scale,
    scale,
    shift,
  };
}

/** Followed by a clock. `base` is improved in place. */
function clockedFrom(
  samples: Float32Array,
  base: Float32Array,
  flat: Float32Array,
  seed: Seed,
  noise: number,
  pulse: Pulse,
): Reading | undefined {
  const { bounds, bits, signs, gain } = follow(flat, seed, pulse, noise, 0.07);
  const cells = bits.length;
  if (cells < CELLS_MIN || gain < GAIN_MIN) return undefined;
  const height = new Float64Array(cells + 1).fill(seed.height);
  const first: Reading = { bounds: smoothed(bounds, 14), bits, signs, height, variance: noise, jitter: 0.05 };
  return refined(samples, base, refined(samples, base, first, pulse, 12), pulse, 12);
}

/** True where times scatter more than noise explains: the writer moved them. */
function isScattered({ jitter, variance, height, bounds }: Reading, pulse: Pulse): boolean {
  const cells = bounds.length - 1;
  const cell = (bounds[cells]! - bounds[0]!) / cells;
  const mean = height.reduce((sum, a) => sum + a, 0) / height.length;
  const noisy = Math.sqrt(variance / (pulse.slopeEnergy * mean * mean * cell));
  return jitter > Math.max(STEADY, SCATTERED * noisy);
}

function meanSquare(samples: Float32Array, from: number, to: number): number {
  const low = Math.max(0, Math.floor(from));
  const high = Math.min(samples.length, Math.ceil(to));
  let sum = 0;
  let mean = 0;
  for (let i = low; i < high; i++) {
    sum += samples[i]! * samples[i]!;
    mean += samples[i]!;
  }
  const n = Math.max(1, high - low);
  return sum / n - (mean / n) ** 2;
}
