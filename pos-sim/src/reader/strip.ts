// Parts of a strip of bits: a frame with the zeros around it, where data ends, and whether a swipe goes on beyond what was followed.
import { type CellTimes, END_ZEROS, type Followed } from "../cells.js";
import { ZEROS_KEPT } from "./frame.js";
import type { Strip } from "./slicer.js";

/** Edges beside a strip that are no part of a swipe: the flank of its first or last pulse. */
export const STRAY_EDGES = 2;

/** A frame's cells, `length` from `first` on, with the zeros around them. */
export function cellTimes(times: Float64Array, strip: Strip, first: number, length: number): CellTimes {
  const { bits } = strip;
  let low = first;
  while (low > 0 && first - low < ZEROS_KEPT && bits[low - 1] === 0) low--;
  let high = first + length;
  while (high < bits.length && high - first - length < ZEROS_KEPT && bits[high] === 0) high++;
  return {
    bounds: Float64Array.from(strip.bounds.subarray(low, high + 1), (edge) => times[edge]!),
    bits: bits.slice(low, high),
    frameFrom: first - low,
    frameBits: length,
  };
}

/** Where `bits`, read in steps of `way`, hold nothing but `zeros` zeros and more from bit `from` on; else their number. */
export function dataLength(bits: Uint8Array, way: 1 | -1, from: number, zeros: number): number {
  const total = bits.length;
  let run = 0;
  for (let at = Math.min(from, total); at < total; at++) {
    run = bits[way === 1 ? at : total - 1 - at] === 0 ? run + 1 : 0;
    if (run === zeros) return at + 1 - zeros;
  }
  return total;
}

/**
 * How far a frame's swipe was followed. Beyond an end with few zeros, other bits or edges are more of the swipe.
 *
 * @param edges - Of the burst, all of them.
 */
export function followedTo(
  { bits, bounds }: Strip,
  edges: number,
  from: number,
  length: number,
  way: 1 | -1,
): Followed {
  const total = bits.length;
  const before = zerosFrom(bits, from - 1, -1);
  const behind = zerosFrom(bits, from + length, 1);
  const early = before >= END_ZEROS || (before === from && bounds[0]! < STRAY_EDGES);
  const late = behind >= END_ZEROS || (behind === total - from - length && bounds[total]! >= edges - STRAY_EDGES);
  return way === 1 ? { start: early, end: late } : { start: late, end: early };
}

/** Zeros one behind the other, from bit `at` on in steps of `way`. */
function zerosFrom(bits: Uint8Array, at: number, way: 1 | -1): number {
  let count = 0;
  while (bits[at + way * count] === 0) count++;
  return count;
}
