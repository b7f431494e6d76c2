// What is left of a swipe without its own pulses. A slow swipe's characters come as often as the mains swing, and keep time as well: what its
// pulses explain is no hum.
import type { CellTimes } from "../cells.js";
import { meanPulse } from "./noise-jitter.js";
import { reversalsOf } from "./reversals.js";

/** Undefined where too few pulses stand out. @param cells - In samples of `samples`. @param cell - Mean cell, samples. */
export function withoutPulses(
  samples: Float32Array,
  cells: CellTimes,
  cell: number,
  clipped: boolean,
): Float32Array | undefined {
  const found = reversalsOf(samples, cells, clipped);
  const shape = meanPulse(found, cell)?.shape;
  if (shape === undefined) return undefined;
  const left = samples.slice();
  const reach = shape.length >> 1;
  const mean = found.usual.reduce((sum, height) => sum + height, 0) / found.usual.length;
  const turn =
    found.times.reduce((sum, time, i) => sum + (i % 2 === 0 ? 1 : -1) * (found.flat[Math.round(time)] ?? 0), 0) < 0
      ? -1
      : 1;
  for (let i = 0; i < found.times.length; i++) {
    const at = Math.round(found.times[i]!);
    // As high as is usual there: its own height is the hum's as well.
    const scale = (turn * (i % 2 === 0 ? 1 : -1) * found.usual[i]!) / mean;
    // Between two pulses that meet each has its own half.
    const before = i === 0 ? reach : Math.min(reach, (at - found.times[i - 1]!) / 2);
    const behind = i + 1 === found.times.length ? reach : Math.min(reach, (found.times[i + 1]! - at) / 2);
    for (let n = -Math.floor(before); n < behind; n++)
      if (at + n >= 0 && at + n < left.length) left[at + n]! -= scale * shape[reach + n]!;
  }
  return left;
}
