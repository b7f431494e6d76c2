// What the samples have of each pulse that a cell may hold, and of noise that is louder than the rest.

import { STEPS } from "../texts/chain.js";
import type { Grid, Matched } from "./matched.js";
import type { Pulse } from "./pulse.js";

/** Pulses by transition: the samples along them, and their own energy, overlaps with the pulses before counted and not. */
export interface Pulses {
  readonly along: Float64Array;
  readonly own: Float64Array;
  readonly lone: Float64Array;
}

/** Cells and the pulses that they may hold. What is summed over samples is a log likelihood when it is multiplied by `scale`. */
export interface Weighed {
  /** All pulses of a cell; and of ones, those in the middle and at the end alone. */
  readonly whole: Pulses;
  readonly middle: Pulses;
  readonly end: Pulses;
  /** Logarithm of the likelihood of noise of its own strength. */
  readonly noise: Float64Array;
  /** Mean square of the samples around its pulses, and their number; and the correlation of those a quarter of a cell apart. */
  readonly squares: Float64Array;
  readonly counts: Float64Array;
  readonly slow: Float64Array;
  /** That correlation of a pulse. */
  readonly quarter: number;
  readonly scale: number;
  /** Of a pulse at the beginning of cell k with nothing before it: `[k * 2 + sign]`. */
  readonly begin: Float64Array;
  /** Power that pulses have over each cell by a step of their height: 1 where there is none. */
  readonly power: Float64Array;
}

/** No signal fits the model better than this share of a pulse's power: 12 dB under 0.25, as dropouts, clicks and 32 conditions were read best. */
const MODEL = 0.015;

/** In the order of time, or reversed: then cell 0 is the last one. */
export function weighed(grid: Grid, matched: Matched, pulse: Pulse, reverse: boolean): Weighed {
  const { bounds, height, steps, variance } = grid;
  const cells = bounds.length - 1;
  const begin = new Float64Array(cells * 2);
  const power = new Float64Array(cells);
  const tallest = height.reduce((most, a) => Math.max(most, a), 0);
  const scale = 1 / Math.max(variance, MODEL * tallest * tallest);
  const [whole, middle, end] = [pulses(cells), pulses(cells), pulses(cells)];
  const [r0, r1, r2, r3, r4] = pulse.overlaps;
  for (let k = 0; k < cells; k++) {
    const here = reverse ? cells - k : k;
    const there = reverse ? cells - k - 1 : k + 1;
    const inside = Math.min(here, there);
    const cell = bounds[inside + 1]! - bounds[inside]!;
    const earlier = Math.max(0, Math.min(cells, 2 * here - there));
    const a = height[there]!;
    const b = height[here]!;
    const c = height[earlier]!;
    const m = (a + b) / 2;
    power[k] = steps[there]! ** 2;
    const atEnd = a * matched.bound[there]!;
    const atMiddle = m * matched.middle[inside]!;
    const beginning = b * matched.bound[here]!;
    const endAlone = 0.5 * a * a * cell * r0;
    const middleAlone = 0.5 * m * m * cell * r0;
    const alone = endAlone + middleAlone - a * m * cell * r1;
    for (let before = 0; before < 2; before++) {
      // Pulses before, in units of s: at the cell's beginning b; a middle before that; the beginning of its cell.
      const middleBefore = before === 1 ? -(b + c) / 2 : 0;
      const boundBefore = before === 1 ? c : -c;
      const endOverlap = a * cell * (b * r2 + middleBefore * r3 + boundBefore * r4);
      const middleOverlap = -m * cell * (b * r1 + middleBefore * r2 + boundBefore * r3);
      for (let sign = 0; sign < 2; sign++) {
        const s = sign === 0 ? 1 : -1;
        const zero = k * STEPS + sign * 4 + before * 2;
        // Zero: one pulse of -s at its end.
        set(whole, zero, -s * atEnd, endAlone - endOverlap, endAlone);
        // One: -s in the middle, s at its end.
        const one = zero + 1;
        set(whole, one, s * (atEnd - atMiddle), alone + endOverlap + middleOverlap, alone);
        set(middle, one, -s * atMiddle, middleAlone + middleOverlap, middleAlone);
        set(end, one, s * atEnd, endAlone + endOverlap, endAlone);
      }
    }
    begin[k * 2] = scale * (beginning - 0.5 * b * b * cell * r0);
    begin[k * 2 + 1] = scale * (-beginning - 0.5 * b * b * cell * r0);
  }
  const seen = reverse ? matched.back : matched.ahead;
  const [squares, counts, slow] = [seen.squares, seen.counts, seen.slow].map((values) =>
    reverse ? values.toReversed() : values,
  ) as [Float64Array, Float64Array, Float64Array];
  const noise = squares.map((square, k) => loudness(square * scale, counts[k]!));
  return {
    whole,
    middle,
    end,
    noise,
    squares,
    counts,
    slow,
    quarter: pulse.overlap(0.25) / pulse.energy,
    scale,
    begin,
    power,
  };
}

function pulses(cells: number): Pulses {
  const [along, own, lone] = [0, 1, 2].map(() => new Float64Array(cells * STEPS)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return { along, own, lone };
}

function set(pulses: Pulses, at: number, along: number, own: number, lone: number): void {
  pulses.along[at] = along;
  pulses.own[at] = own;
  pulses.lone[at] = lone;
}

/** Logarithm of the likelihood of noise that may be louder, over that of the noise there is: `power` times as strong, at the most likely. */
function loudness(power: number, count: number): number {
  return power > 1
    ? Math.log1p(Math.exp(Math.min(EXPONENT_MAX, (count / 2) * (power - 1 - Math.log(power)) - ANY)))
    : 0;
}

/** What it costs, as a logarithm, that it may be of any loudness. */
const ANY = 5;
/** Beyond, an exponential is no number. */
const EXPONENT_MAX = 700;
