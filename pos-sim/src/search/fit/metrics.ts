// Samples to cell metrics, on a given grid of cells: what each pulse that a cell may hold adds to the likelihood.

import { POLARITY } from "../texts/chain.js";
import type { CellMetrics } from "../texts/weights.js";
import type { Pulse } from "./pulse.js";

/** Where cells lie, and how high pulses are there. */
export interface Grid {
  /** Boundaries, one more than cells; samples. */
  readonly bounds: Float64Array;
  /** Pulse height at each boundary. */
  readonly height: Float64Array;
  /** Variance of the noise of a sample. */
  readonly variance: number;
}

/** Matched sums at each boundary and each middle, in heights of a lone pulse's energy. */
export interface Matched {
  readonly bound: Float64Array;
  readonly middle: Float64Array;
  /** Around the pulses in each cell's middle and at its end, and in its middle and at its beginning. */
  readonly ahead: Power;
  readonly back: Power;
}

/** Mean square of samples, and how many they are, by cell. */
interface Power {
  readonly squares: Float64Array;
  readonly counts: Float64Array;
}

export function match(samples: Float32Array, grid: Grid, pulse: Pulse): Matched {
  const { bounds } = grid;
  const cells = bounds.length - 1;
  const bound = new Float64Array(cells + 1);
  const middle = new Float64Array(cells);
  for (let k = 0; k <= cells; k++) {
    const cell = cellAt(bounds, k);
    bound[k] = pulse.match(samples, bounds[k]!, cell);
    if (k === cells) break;
    middle[k] = pulse.match(samples, (bounds[k]! + bounds[k + 1]!) / 2, bounds[k + 1]! - bounds[k]!);
  }
  return { bound, middle, ahead: powerOf(samples, bounds, 0.25), back: powerOf(samples, bounds, -0.25) };
}

/** @param shift - How far behind each cell its samples are taken, cells. */
function powerOf(samples: Float32Array, bounds: Float64Array, shift: number): Power {
  const cells = bounds.length - 1;
  const squares = new Float64Array(cells);
  const counts = new Float64Array(cells);
  for (let k = 0; k < cells; k++) {
    const apart = shift * (bounds[k + 1]! - bounds[k]!);
    const from = Math.max(0, Math.ceil(bounds[k]! + apart));
    const to = Math.min(samples.length, Math.ceil(bounds[k + 1]! + apart));
    let sum = 0;
    for (let n = from; n < to; n++) sum += samples[n]! * samples[n]!;
    counts[k] = Math.max(0, to - from);
    squares[k] = sum / Math.max(1, to - from);
  }
  return { squares, counts };
}

export function cellAt(bounds: Float64Array, k: number): number {
  const low = Math.max(0, k - 1);
  const high = Math.min(bounds.length - 1, k + 1);
  return (bounds[high]! - bounds[low]!) / (high - low);
}

/**
 * A cell may be damaged: a scratch, a click, a weak spot. Prior odds, as logarithms, that its pulses are lower by these factors, and that it
 * holds noise of any strength and no pulse that says anything. One damage seldom comes alone.
 */
const WEAK = [0.5, 0.25] as const;
const NEVER = Number.NEGATIVE_INFINITY;
const RARE = -18;
const OFTEN = -3.5;
/** By how much, as a logarithm, noise must be the likelier in one cell to be held for a damage, and in each more that follows; and to be one perhaps. */
const EVIDENT = 20;
const EVIDENT_MORE = 5;
const UNCLEAR = 4;
/** Prior odds, as a logarithm, that a swipe has damaged cells at all. */
export const DAMAGED = -8;

/** What is held of damage: who knows that there is none; none that is seen; some somewhere. */
export type Damage = "never" | "unseen" | "some";
const ODDS: Readonly<Record<Damage, number>> = { never: NEVER, unseen: RARE, some: OFTEN };

/** No signal fits the model better than this share of a pulse's power: 12 dB. */
const MODEL = 0.015;

/** Metrics in the order of time, or reversed: then cell 0 is the last one. */
export function metricsOf(grid: Grid, matched: Matched, pulse: Pulse, damage: Damage, reverse = false): CellMetrics {
  const { along, own, noise, scale, begin } = weighed(grid, matched, pulse, reverse);
  const odds = ODDS[damage];
  const gain = along.map((matched, i) => cellGain(matched, own[i]!, scale, noise[Math.floor(i / STEPS)]!, odds));
  return { cells: noise.length, chain: POLARITY, gain, begin };
}

/** What the samples have of pulses, cell by cell, and of noise that is louder than the rest. */
interface Weighed {
  /** Of a cell's samples along its pulses, and of the pulses' own energy, by transition. */
  readonly along: Float64Array;
  readonly own: Float64Array;
  /** Logarithm of the likelihood of noise of its own strength. */
  readonly noise: Float64Array;
  /** Mean square of the samples around its pulses, and their number. */
  readonly squares: Float64Array;
  readonly counts: Float64Array;
  readonly scale: number;
  readonly begin: Float64Array;
}

function weighed(grid: Grid, matched: Matched, pulse: Pulse, reverse: boolean): Weighed {
  const { bounds, height, variance } = grid;
  const cells = bounds.length - 1;
  const begin = new Float64Array(cells * POLARITY.states);
  const tallest = height.reduce((most, a) => Math.max(most, a), 0);
  const scale = 1 / Math.max(variance, MODEL * tallest * tallest);
  const along = new Float64Array(cells * STEPS);
  const own = new Float64Array(cells * STEPS);
  const [r0, r1, r2, r3, r4] = pulse.overlaps;
  for (let k = 0; k < cells; k++) {
    const here = reverse ? cells - k : k;
    const there = reverse ? cells - k - 1 : k + 1;
    const inside = Math.min(here, there);
    const cell = bounds[inside + 1]! - bounds[inside]!;
    const a = height[there]!;
    const mid = (height[here]! + height[there]!) / 2;
    const energy = a * a * cell;
    const mBound = a * matched.bound[there]!;
    const mMiddle = mid * matched.middle[inside]!;
    for (let sign = 0; sign < 2; sign++) {
      const s = sign === 0 ? 1 : -1;
      begin[k * POLARITY.states + sign * 2] =
        scale * (s * height[here]! * matched.bound[here]! - 0.5 * height[here]! ** 2 * cell * r0);
      for (let before = 0; before < 2; before++) {
        // Pulses before, in units of s: at the cell's beginning +1; a middle before that -1; its beginning.
        const middleBefore = before === 1 ? -1 : 0;
        const boundBefore = before === 1 ? 1 : -1;
        const at = k * STEPS + sign * 4 + before * 2;
        // Zero: one pulse of -s at its end.
        along[at] = -s * mBound;
        own[at] = energy * (0.5 * r0 - (r2 + middleBefore * r3 + boundBefore * r4));
        // One: -s in the middle, s at its end.
        const middleOverlap = -(r1 + middleBefore * r2 + boundBefore * r3);
        const boundOverlap = r2 - r1 + middleBefore * r3 + boundBefore * r4;
        along[at + 1] = s * (mBound - mMiddle);
        own[at + 1] = energy * (r0 + middleOverlap + boundOverlap);
      }
    }
  }
  const noise = new Float64Array(cells);
  const power = reverse ? matched.back : matched.ahead;
  const [squares, counts] = [power.squares.slice(), power.counts.slice()];
  if (reverse) for (const values of [squares, counts]) values.reverse();
  for (let k = 0; k < cells; k++) noise[k] = loudness(squares[k]! * scale, counts[k]!);
  return { along, own, noise, squares, counts, scale, begin };
}

/** Transitions of POLARITY over a cell: sign, bit before, bit. */
const STEPS = POLARITY.transitions.length;

/**
 * What a swipe shows of damage. Between cells that are as they should be some fit noise so much better than any pulses: `seen`, or perhaps
 * (`unclear`). `overlaid`, where that noise is a click which reaches beyond its cell: what it leaves of the cells beside it is neither their
 * noise nor their pulses, and nobody knows what they held.
 */
export type DamageSeen = "overlaid" | "seen" | "unclear" | "unseen";

export const isSeen = (damage: DamageSeen): boolean => damage === "seen" || damage === "overlaid";

export function damageIn(grid: Grid, matched: Matched, pulse: Pulse): DamageSeen {
  const seen = weighed(grid, matched, pulse, false);
  /** Of each cell, how well its likeliest pulses fit. */
  const fits = Float64Array.from(seen.noise, (_, k) => {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = k * STEPS; i < (k + 1) * STEPS; i++) most = Math.max(most, seen.along[i]! - seen.own[i]!);
    return seen.scale * most;
  });
  const damage = damageBy(seen.noise, fits);
  return damage === "seen" && hasBroadClick(seen, fits) ? "overlaid" : damage;
}

function damageBy(noise: Float64Array, fits: Float64Array): Exclude<DamageSeen, "overlaid"> {
  let unclear = false;
  let evidence = 0;
  let needed = 0;
  let between = false;
  for (const [k, lost] of noise.entries()) {
    if (fits[k]! < lost) {
      evidence += lost - fits[k]!;
      needed += needed === 0 ? EVIDENT : EVIDENT_MORE;
    } else if (fits[k]! > 0) {
      if (between && needed > 0 && evidence > needed) return "seen";
      if (between && evidence > UNCLEAR) unclear = true;
      [evidence, needed, between] = [0, 0, true];
    }
  }
  return unclear ? "unclear" : "unseen";
}

function hasBroadClick({ own, squares, counts, scale }: Weighed, fits: Float64Array): boolean {
  const left = fits.map((fit, k) => squares[k]! * scale - (2 * fit) / Math.max(1, counts[k]!));
  const isLeft = (k: number): boolean => (left[k] ?? 0) > BROAD;
  return left.some((here, k) => {
    const pulses = 2 * Math.max(...own.subarray(k * STEPS, (k + 1) * STEPS));
    const loud = squares[k]! * counts[k]! > LOUD * pulses && (counts[k]! / 2) * here > EVIDENT;
    return loud && (isLeft(k - 1) || isLeft(k + 1));
  });
}

/** What pulses leave beside a broad click, over the noise there is. */
const BROAD = 3;
/** Power of a click, over that of the most pulses that a cell has. */
const LOUD = 1.3;

/** Logarithm of a cell's likelihood over noise: its pulses as they should be, or, by `odds`, weak, or lost in something as loud as `noise`. */
function cellGain(along: number, own: number, scale: number, noise: number, odds: number): number {
  const whole = Math.log1p(-3 * Math.exp(odds)) + scale * (along - own);
  const half = odds + scale * (WEAK[0] * along - WEAK[0] * WEAK[0] * own);
  const quarter = odds + scale * (WEAK[1] * along - WEAK[1] * WEAK[1] * own);
  const lost = odds + noise;
  const most = Math.max(whole, half, quarter, lost);
  return (
    most + Math.log(Math.exp(whole - most) + Math.exp(half - most) + Math.exp(quarter - most) + Math.exp(lost - most))
  );
}

/** Logarithm of the likelihood of noise that may be louder, over that of the noise there is: `power` times as strong, at the most likely. */
function loudness(power: number, count: number): number {
  return power > 1 ? Math.log1p(Math.exp(Math.min(LOUDEST, (count / 2) * (power - 1 - Math.log(power)) - ANY))) : 0;
}

/** What it costs, as a logarithm, that it may be of any loudness. */
const ANY = 5;
/** Beyond, an exponential is no number. */
const LOUDEST = 700;
