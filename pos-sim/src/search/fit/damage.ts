// Cells that are damaged: a scratch, a weak spot, a click. What they say then, and whether a swipe shows any.

import { polarityPath, STEPS } from "../texts/chain.js";
import { addLog } from "../texts/weights.js";
import type { Grid, Matched } from "./matched.js";
import type { Pulse } from "./pulse.js";
import { type Weighed, weighed } from "./weighed.js";

/**
 * A cell may be damaged. Prior odds, as logarithms, that its pulses are lower by these factors, that one of the two of a one is gone, and that
 * it holds noise of any strength and no pulse that says anything. One damage seldom comes alone.
 */
const WEAK = [0.5, 0.25] as const;
const NEVER = Number.NEGATIVE_INFINITY;
const RARE = -18;
const OFTEN = -3.5;
/** Odds that a one has lost one of its pulses, beside a cell that has evidently lost some: a damage ends somewhere. */
const BESIDE = -1;
/** By how much, as a logarithm, noise must be the likelier in one cell to be held for a damage, and in each more that follows; and to be one perhaps. */
const EVIDENT = 20;
const EVIDENT_MORE = 5;
const UNCLEAR = 4;
/** Prior odds, as a logarithm, that a swipe has damaged cells at all. */
export const DAMAGED = -8;

/** What is held of damage: who knows that there is none; none that is seen; some somewhere. */
export type Damage = "never" | "unseen" | "some";
const ODDS: Readonly<Record<Damage, number>> = { never: NEVER, unseen: RARE, some: OFTEN };

/** Logarithms of each transition's likelihood over noise. */
export function gainsOf(seen: Weighed, damage: Damage): Float64Array {
  const { whole, noise, scale } = seen;
  const odds = ODDS[damage];
  const gains = whole.along.map((along, i) =>
    cellGain(along, whole.own[i]!, scale, noise[Math.floor(i / STEPS)]!, odds),
  );
  if (damage === "some") damageGains(gains, seen);
  return gains;
}

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

/**
 * Damage does not end where cells do: it may take one pulse of a one and leave the other. Behind cells that have lost pulses nobody knows
 * which overlap what follows, and none are counted. What lies under a broad click, or beside it, says nothing.
 */
function damageGains(gains: Float64Array, seen: Weighed): void {
  const { whole, middle, end, noise, scale } = seen;
  const loud = loudnessOf(seen);
  const covered = coveredBy(loud, seen.slow);
  const evidence = evidenceOf(seen);
  const isLost = (k: number): boolean => evidence[k]! > EVIDENT && loud[k]! < LOUD;
  for (let k = 0; k < noise.length; k++) {
    const behind = isLost(k - 1) || isLost(k - 2);
    const odds = behind || isLost(k) || isLost(k + 1) ? BESIDE : OFTEN;
    for (let i = k * STEPS; i < (k + 1) * STEPS; i++) {
      if (covered[k] === 1) {
        gains[i] = noise[k]!;
        continue;
      }
      if (behind) gains[i] = cellGain(whole.along[i]!, whole.lone[i]!, scale, noise[k]!, OFTEN);
      if (i % 2 === 0) continue;
      for (const { along, own, lone } of [middle, end]) {
        gains[i] = addLog(gains[i]!, odds + scale * (along[i]! - (behind ? lone[i]! : own[i]!)));
      }
    }
  }
}

/** Of each cell, its power over that of the most pulses that it may have. */
function loudnessOf({ whole, squares, counts }: Weighed): Float64Array {
  return squares.map(
    (square, k) => (square * counts[k]!) / (2 * Math.max(...whole.own.subarray(k * STEPS, (k + 1) * STEPS))),
  );
}

/** Cells in which something is louder and broader than pulses, and those beside them. */
function coveredBy(loud: Float64Array, slow: Float64Array): Uint8Array {
  const covered = new Uint8Array(loud.length);
  for (const [k, power] of loud.entries()) {
    const isBroad = (power > LOUDER && slow[k]! > SLOW) || (power > LOUD && slow[k]! > SLOWER);
    if (isBroad) covered.fill(1, Math.max(0, k - 1), k + 2);
  }
  return covered;
}

/** Power over that of the most pulses that a cell has, and correlation of samples a quarter of a cell apart: a pulse's is one half, a click's twice as wide 0.8. */
const LOUD = 1.3;
const SLOWER = 0.65;
const LOUDER = 3;
const SLOW = 0.4;

/**
 * What a swipe shows of damage: between cells that are as they should be some fit noise, or half of their pulses, so much better than any
 * pulses: `seen`, or perhaps (`unclear`).
 */
export type DamageSeen = "seen" | "unclear" | "unseen";

export function damageIn(grid: Grid, matched: Matched, pulse: Pulse): DamageSeen {
  const seen = weighed(grid, matched, pulse, false);
  const fits = fitsOf(seen);
  let unclear = false;
  let evidence = 0;
  let needed = 0;
  let between = false;
  for (const [k, lost] of evidenceOf(seen).entries()) {
    if (lost > 0) {
      evidence += lost;
      needed += needed === 0 ? EVIDENT : EVIDENT_MORE;
    } else if (fits[k]! > 0) {
      if (between && needed > 0 && evidence > needed) return "seen";
      if (between && evidence > UNCLEAR) unclear = true;
      [evidence, needed, between] = [0, 0, true];
    }
  }
  return unclear ? "unclear" : "unseen";
}

/** Of each cell, how well its likeliest pulses fit. */
function fitsOf({ whole: { along, own }, noise, scale }: Weighed): Float64Array {
  return noise.map((_, k) => {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = k * STEPS; i < (k + 1) * STEPS; i++) most = Math.max(most, along[i]! - own[i]!);
    return scale * most;
  });
}

/** Of each cell, how much better it fits that its pulses are gone, or half of them, than that they are there. */
function evidenceOf(seen: Weighed): Float64Array {
  const { middle, end, noise, scale } = seen;
  const fits = fitsOf(seen);
  return noise.map((lost, k) => {
    let most = lost;
    for (let i = k * STEPS + 1; i < (k + 1) * STEPS; i += 2) {
      for (const { along, own } of [middle, end]) most = Math.max(most, scale * (along[i]! - own[i]!));
    }
    return most - fits[k]!;
  });
}

/**
 * True where something loud lies over more than a cell of what is read: of two cells in a row the samples are not the pulses of `bits` and
 * noise, and in one of them more is left than pulses that are gone would leave.
 */
export function isOverlaid(seen: Weighed, bits: Uint8Array, from: number, to: number): boolean {
  const [one, other] = [leftBy(seen, bits, from, to, 0), leftBy(seen, bits, from, to, 1)];
  const { misfits, louds } = one.fit > other.fit ? one : other;
  const isOff = (k: number): boolean => (misfits[k] ?? 0) > MISFIT;
  return misfits.some((_, k) => isOff(k) && louds[k] === 1 && (isOff(k - 1) || isOff(k + 1)));
}

/** What bits leave over of the cells from `from` to `to`, when the first of them begins with this sign. */
function leftBy({ whole, squares, counts, scale }: Weighed, bits: Uint8Array, from: number, to: number, sign: 0 | 1) {
  const misfits = new Float64Array(to - from);
  const louds = new Uint8Array(to - from);
  let fit = 0;
  const path = polarityPath(bits, from, to, sign);
  for (let k = from; k < to; k++) {
    const i = k * STEPS + path[k - from]!;
    const gain = scale * (whole.along[i]! - whole.own[i]!);
    fit += gain;
    const left = squares[k]! * scale - (2 * gain) / Math.max(1, counts[k]!);
    misfits[k - from] = left > 1 ? (counts[k]! / 2) * (left - 1 - Math.log(left)) : 0;
    louds[k - from] = left * counts[k]! > LOUD * 2 * scale * whole.own[i]! ? 1 : 0;
  }
  return { fit, misfits, louds };
}

/** Logarithm of the odds at which a cell's samples are not its pulses and noise. */
const MISFIT = 24;
