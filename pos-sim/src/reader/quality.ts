// How sure a frame is, by its own reversals: the jitter of their times, and how even their swings are.
import type { Strip } from "./slicer.js";

/**
 * Chance that a misread frame passes its checks all the same. The likeliest mistake swaps two bits of a character and
 * keeps its parity; the LRC then lets one in about 2^5 through.
 */
const SLIP = 1 / 32;

/** Jitter of a frame, and from it the chance that every bit was told rightly; of all of them, and of each character. */
export function quality(
  times: Float64Array,
  { bits, bounds }: Strip,
  first: number,
  length: number,
): {
  readonly jitter: number;
  readonly confidence: number;
  readonly characters: (symbolBits: number, way: 1 | -1) => Float64Array;
} {
  const errors = new Float64Array(length); // of the first interval of each cell, from the middle between half and whole
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const bit = first + i;
    // The hand's cell around here: the mean of up to 17 cells.
    const low = Math.max(0, bit - 8);
    const high = Math.min(bits.length, bit + 9);
    const cell = (times[bounds[high]!]! - times[bounds[low]!]!) / (high - low);
    const share = (times[bounds[bit]! + 1]! - times[bounds[bit]!]!) / cell;
    errors[i] = bits[bit] === 1 ? 0.75 - share : share - 0.75;
    sum += (errors[i]! - 0.25) ** 2;
  }
  const jitter = Math.sqrt(sum / length);
  // Two normal hypotheses half a cell apart: the odds of the nearer one are exp(d / (2 sigma^2)).
  const sigma = Math.max(jitter, 0.02);
  const right = (from: number, to: number): number => {
    let chance = 1;
    for (let i = from; i < to; i++) chance /= 1 + Math.exp(-errors[i]! / (2 * sigma * sigma));
    return chance / (chance + (1 - chance) * SLIP);
  };
  const characters = (symbolBits: number, way: 1 | -1): Float64Array =>
    Float64Array.from({ length: length / symbolBits - 1 }, (_, n) => {
      const from = way === 1 ? n * symbolBits : length - (n + 1) * symbolBits;
      return right(from, from + symbolBits);
    });
  return { jitter, confidence: right(0, length), characters };
}

/**
 * True where no swing stands out, nor is missing, among those around it: times say nothing of a scratch or a click. Between two pulses of
 * one sign, where those between them are gone, lies an extreme that is none: the swing to it and the one from it are half of what is usual.
 *
 * @param isFine - Cells have samples enough for that to be seen, and for a search to see more
 */
export function isEven(swings: Float32Array, count: number, from: number, to: number, isFine = true): boolean {
  let low = Math.max(0, from - USUAL_SWINGS);
  let high = low;
  let sum = 0;
  for (let i = from; i <= to; i++) {
    for (; high < Math.min(count, i + USUAL_SWINGS + 1); high++) sum += swings[high]!;
    for (; low < i - USUAL_SWINGS; low++) sum -= swings[low]!;
    const mean = sum / (high - low);
    if (swings[i]! > HIGH * mean || swings[i]! < LOW * mean) return false;
    if (isFine && i < to && swings[i]! + swings[i + 1]! < 2 * LOW_PAIR * mean) return false;
  }
  return true;
}

/** Swings on each side of one that tell what is usual, and what is unlike them, of their mean. */
const USUAL_SWINGS = 12;
const HIGH = 1.6;
const LOW = 0.45;
/** Of two in a row: 0.93 and more where a swipe is clean, 0.74 at 10 dB, 0.5 to 0.65 about a reversal that is gone. */
const LOW_PAIR = 0.7;
/** How sure a frame is at most in which some swing is not like the others: a search has to see. */
export const UNEVEN = 0.99;
