// Zeros and nothing else, or ones between zeros: a stripe that is not encoded, or an emitter that sends only its leader. Their times are a
// tone's, too: what tells them apart is a pulse's odd harmonics.

import { mayBeZeros } from "../search/acquire/zeros.js";
import type { Strip } from "./slicer.js";

/** Samples of the recording. */
export interface ZerosAlone {
  readonly from: number;
  readonly to: number;
  readonly cells: number;
  /** What they are; ones have zeros beside them, else they would be zeros of half the length. */
  readonly bit: number;
}

/** Fewer are any sound's. A stripe has 22 and more before its data; alone they are a whole stripe's. */
const LEAST = 100;
/** Cells at an end that noise made ones of. */
const STRAY = 3;
/** Reversals of a burst that are no cells' and as loud: more are another sound, or data. */
const OTHERS = 8;
const LOUD = 0.5;
const QUIET = 0.35;
/** Their shape is looked at in every so many cells; below so many samples a cell it has none. */
const EVERY = 16;
const LEAST_SAMPLES = 6;

/** The zeros, or ones, of a strip that holds nothing else, of a burst that holds nothing else. */
export function zerosAlone(
  { bits, bounds }: Strip,
  times: Float64Array,
  swings: Float32Array,
  count: number,
): ZerosAlone | undefined {
  const middle = bits.length >> 1;
  const bit = bits[middle]!;
  let [first, last] = [middle, middle];
  while (first > 0 && bits[first - 1] === bit) first--;
  while (last < bits.length && bits[last] === bit) last++;
  const beside = [bits.subarray(STRAY, first), bits.subarray(last, Math.max(last, bits.length - STRAY))];
  const halves = bit + 1;
  if ((last - first) * halves < LEAST || beside.some((part) => part.some((other) => other === 1 || bit === 0)))
    return undefined;
  const [start, end] = [bounds[0]!, bounds[bits.length]!];
  const usual = swings.slice(start, end).sort()[(end - start) >> 1]!;
  // What noise had before the first pulse is no reversal; the swing up to that is half a usual one.
  while (first < last && swings[bounds[first]!]! < QUIET * usual) first++;
  let others = 0;
  for (let i = 0; i < count; i++) if ((i < start || i > end) && swings[i]! > LOUD * usual) others++;
  return others > OTHERS
    ? undefined
    : { from: times[bounds[first]!]!, to: times[bounds[last]!]!, cells: last - first, bit };
}

/** Is each part of it pulses, and no other tone? @param samples - From `from` on. */
export function hasPulses({ from, to, cells, bit }: ZerosAlone, samples: Float32Array): boolean {
  const count = cells * (bit + 1);
  const cell = (to - from) / count;
  if (cell < LEAST_SAMPLES || samples.length < to - from) return false;
  const height = (at: number): number => samples[Math.round(at)]!;
  for (let k = EVERY; k < count - EVERY; k += EVERY) {
    // The top of a pulse near there, of either polarity.
    let best = k * cell;
    for (let at = (k - 0.5) * cell; at < (k + 0.5) * cell; at++)
      if (Math.abs(height(at)) > Math.abs(height(best))) best = at;
    if (!mayBeZeros(samples, best, cell)) return false;
  }
  return true;
}
