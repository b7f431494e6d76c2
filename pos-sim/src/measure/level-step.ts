// A level that falls or rises at once within a swipe, and stays so: a head that tilts, a stripe that is worn from there on, a gain that was
// turned. Seen in the samples themselves, as a swipe is often lost just there.

import { median } from "./median.js";

/** In samples of the excerpt. */
export interface Step {
  readonly at: number;
  /** Height of the pulses behind it, of those before it; above 1 where it rises. */
  readonly ratio: number;
}

/** A window holds two pulses, of either polarity, in cells; they move on by half of that. */
const WINDOW = 2;
/** Windows on each side that tell a level, and those next to the step that tell that it is one. */
const LEAST = 12;
const NEAR = 8;
/** Ones that lie close overlap, and are lower: less than that is a level's. */
const FALLEN = 0.55;
/** A level that goes back has so many of its windows nearer to the other one: those are dropouts, or the hand's. */
const BACK = 0.05;
/** What the lower level must be above noise, which swings so far in a window, deviations. */
const ABOVE = 2;
const SWING_OF_NOISE = 4;

/**
 * @param from - First pulse of the swipe, and `to` its last.
 * @param cell - Its cell, samples; `cellAt` that at a sample, as a hand that slows down makes lower pulses.
 * @param noise - Deviation, of the samples.
 */
export function levelStep(
  samples: Float32Array,
  [from, to]: readonly [number, number],
  cell: number,
  cellAt: (sample: number) => number,
  noise: number,
): Step | undefined {
  const hop = (WINDOW / 2) * cell;
  const begin = Math.max(0, from);
  const windows = Math.floor((Math.min(samples.length, to) - begin) / hop) - 1;
  if (windows < 2 * LEAST) return undefined;
  const swings = Float64Array.from({ length: windows }, (_, i) => {
    const start = begin + i * hop;
    return swingOf(samples, start, start + 2 * hop) * (cellAt(start + hop) / cell);
  });
  const logs = swings.map((swing) => Math.log(Math.max(swing, 1e-9)));
  const far = (part: Float64Array, level: number): number =>
    part.reduce((sum, value) => sum + Math.abs(value - level), 0);
  let best: { k: number; rest: number; before: number; behind: number } | undefined;
  for (let k = LEAST; k <= windows - LEAST; k++) {
    const [first, second] = [logs.subarray(0, k), logs.subarray(k)];
    const [before, behind] = [median(first), median(second)];
    const rest = far(first, before) + far(second, behind);
    if (best === undefined || rest < best.rest) best = { k, rest, before, behind };
  }
  const { k, before, behind } = best!;
  const low = Math.min(before, behind);
  if (Math.abs(before - behind) < -Math.log(FALLEN)) return undefined;
  if (Math.exp(low) < leastSwing(noise)) return undefined;
  const near = median(logs.subarray(k + 1, k + 1 + NEAR)) - median(logs.subarray(k - 1 - NEAR, k - 1));
  if (Math.abs(near) < -Math.log(FALLEN) || near > 0 !== behind > before) return undefined;
  const middle = (before + behind) / 2;
  // A window over the step itself is the higher level's.
  const strays = (part: Float64Array, level: number): number =>
    part.filter((value) => value > middle !== level > middle).length;
  if (strays(logs.subarray(0, k - 1), before) > BACK * k) return undefined;
  if (strays(logs.subarray(k + 1), behind) > BACK * (windows - k)) return undefined;
  return { at: begin + (k + (behind < before ? 0 : 1)) * hop, ratio: Math.exp(behind - before) };
}

const leastSwing = (noise: number): number => ABOVE * SWING_OF_NOISE * noise;

/** How far pulses of any height go on beyond `at`, where a swipe was lost. @param way - 1 behind it, -1 before. */
export function pulsesTo(samples: Float32Array, at: number, way: 1 | -1, cell: number, noise: number): number {
  const hop = (WINDOW / 2) * cell;
  let end = at;
  for (; end >= 0 && end <= samples.length; end += way * hop) {
    const beyond = end + way * 2 * hop;
    if (swingOf(samples, Math.max(0, Math.min(end, beyond)), Math.max(end, beyond)) < leastSwing(noise)) break;
  }
  return Math.max(0, Math.min(samples.length, end));
}

function swingOf(samples: Float32Array, from: number, to: number): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let n = Math.ceil(from); n < Math.min(to, samples.length); n++) {
    low = Math.min(low, samples[n]!);
    high = Math.max(high, samples[n]!);
  }
  return high > low ? high - low : 0;
}
