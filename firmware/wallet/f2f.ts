// F2F (Aiken biphase), ISO/IEC 7811-2: a flux reversal at every cell edge, one more in the middle of a one.
// Bits in, intervals for the coil out: microseconds from each reversal to the next. Nothing here allocates.
import { play } from "../ports/coil";
import { wipe } from "../common/bytes";
import { Status } from "../../wire/status";

/** Tracks 1 (553 bits) and 2 (200 bits) and their zeros, if every bit of both were a one; with some to spare. */
export const MAX_INTERVALS: i32 = 1664;
/** Bits of the longest track: 79 characters of 7 bits. */
export const MAX_BITS: i32 = 560;

const intervals: usize = memory.data(MAX_INTERVALS << 1);
const frame: usize = memory.data(MAX_BITS >> 3);
let count: i32 = 0;
let bits: i32 = 0;
let totalUs: u32 = 0;

/** Forgets what was encoded, and overwrites it: intervals are as secret as the track. */
export function f2fClear(): void {
  wipe(intervals, MAX_INTERVALS << 1);
  f2fClearFrame();
  count = 0;
  totalUs = 0;
}

export function f2fClearFrame(): void {
  wipe(frame, MAX_BITS >> 3);
  bits = 0;
}

/** Adds `width` bits of `value`, 8 at most, to the frame, least significant first (ISO/IEC 7811-2). False where it is full. */
export function f2fAdd(value: u32, width: i32): bool {
  if (bits + width > MAX_BITS) return false;
  const at = frame + (bits >> 3);
  const shifted = (value & ((1 << width) - 1)) << (bits & 7);
  store<u8>(at, load<u8>(at) | <u8>shifted);
  if (shifted > 0xff) store<u8>(at + 1, <u8>(shifted >> 8));
  bits += width;
  return true;
}

/** Appends the frame with cells of `cellUs`, last bit first where `reversed`. All of it, or `Full` and none. */
export function f2fPut(cellUs: i32, reversed: bool): Status {
  if (bits == 0 || cellUs < 2 || cellUs > 0xffff) return Status.BadArgument;
  let ones = 0;
  for (let at = frame; at < frame + (MAX_BITS >> 3); at++) ones += popcnt<i32>(load<u8>(at));
  if (count + bits + ones > MAX_INTERVALS) return Status.Full;
  const half = cellUs >> 1;
  const step = reversed ? -1 : 1;
  let index = reversed ? bits - 1 : 0;
  let to = intervals + (count << 1);
  for (let left = bits; left > 0; left--, index += step) {
    if (((load<u8>(frame + (index >> 3)) >> <u8>(index & 7)) & 1) == 0) {
      store<u16>(to, <u16>cellUs);
      to += 2;
    } else {
      store<u16>(to, <u16>half);
      store<u16>(to, <u16>(cellUs - half), 2);
      to += 4;
    }
  }
  count += bits + ones;
  totalUs += bits * cellUs;
  return Status.Ok;
}

/** Appends `zeros` cells without a reversal inside: what a reader learns the cell time from. */
export function f2fZeros(zeros: i32, cellUs: i32): Status {
  if (count + zeros > MAX_INTERVALS) return Status.Full;
  for (let i = 0; i < zeros; i++) store<u16>(intervals + ((count + i) << 1), <u16>cellUs);
  count += zeros;
  totalUs += zeros * cellUs;
  return Status.Ok;
}

/** How long the intervals take. */
export function f2fMs(): i32 {
  return <i32>((totalUs + 999) / 1000);
}

/** Hands the intervals to the coil. */
export function f2fPlay(): Status {
  return count == 0 ? Status.BadArgument : <Status>play(intervals, count);
}

// For the tests' build (probe.ts) alone.
export function f2fIntervals(): usize { return intervals; }
export function f2fCount(): i32 { return count; }
