// Cells that are damaged: a scratch, a weak spot, a click. What they say then, and whether a swipe shows any.

import { LOSSY, LOSSY_STEPS, LOST, POLARITY, polarityPath, STEPS } from "../texts/chain.js";
import { addLog } from "../texts/weights.js";
import type { Grid, Matched } from "./matched.js";
import type { Pulse } from "./pulse.js";
import { type Pulses, type Weighed, weighed } from "./weighed.js";

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

/** Logarithms of the likelihood over noise, of each transition of POLARITY. */
export function gainsOf(seen: Weighed, damage: "never" | "unseen"): Float64Array {
  const { whole, noise, scale } = seen;
  const odds = damage === "never" ? NEVER : RARE;
  const overlaps = noise.map((_, k) => overlapBehind(seen, k));
  return whole.along.map((along, i) => {
    const own = whole.own[i]!;
    const k = Math.floor(i / STEPS);
    const damaged = addLog(odds + noise[k]!, weakGain(along, own, scale, odds));
    return addLog(wholeGain(along, own, scale, odds), damaged - overlaps[k]!);
  });
}

/** What the pulses of the cell behind one may gain by an overlap with its pulses, which are not there where POLARITY takes them for lost. */
function overlapBehind({ whole: { own, lone }, scale }: Weighed, k: number): number {
  let most = 0;
  for (let i = (k + 1) * STEPS; i < Math.min((k + 2) * STEPS, own.length); i++)
    most = Math.max(most, lone[i]! - own[i]!);
  return scale * most;
}

/** Logarithm of the likelihood over noise of pulses as they should be. @param odds - Of each damage. */
function wholeGain(along: number, own: number, scale: number, odds: number): number {
  return Math.log1p(-3 * Math.exp(odds)) + scale * (along - own);
}

/** And of pulses that are weak. */
function weakGain(along: number, own: number, scale: number, odds: number): number {
  const [half, quarter] = WEAK.map((height) => scale * (height * along - height * height * own));
  return odds + addLog(half!, quarter!);
}

/**
 * The same of LOSSY, where there is damage. It does not end where cells do: it may take one pulse of a one and leave the other. Under
 * something loud pulses are still there, and overlap what follows; under a broad click, or beside it, nobody hears them.
 */
export function lossyGains(seen: Weighed): Float64Array {
  const { whole, middle, end, noise, scale } = seen;
  const loud = loudnessOf(seen);
  const covered = coveredBy(loud, seen);
  const isLost = lostIn(seen);
  const gains = new Float64Array(noise.length * LOSSY.transitions.length);
  for (let k = 0; k < noise.length; k++) {
    const odds = isLost(k - 2) || isLost(k - 1) || isLost(k) || isLost(k + 1) ? BESIDE : OFTEN;
    for (let from = 0; from < LOSSY.states; from++) {
      const before = from % 3;
      const at = (k * LOSSY.states + from) * LOSSY_STEPS;
      if (covered[k] === 1) {
        gains.fill(noise[k]!, at, at + LOST).fill(NEVER, at + LOST, at + LOSSY_STEPS);
        continue;
      }
      const [zero, one] = stepsFrom(k, from < 3 ? 0 : 1, before);
      const ownOf = ({ own, lone }: Pulses, i: number): number => (before === LOST ? lone[i]! : own[i]!);
      const there = (pulses: Pulses, i: number): number => wholeGain(pulses.along[i]!, ownOf(pulses, i), scale, OFTEN);
      const weak = (pulses: Pulses, i: number): number => weakGain(pulses.along[i]!, ownOf(pulses, i), scale, OFTEN);
      const gone = OFTEN + noise[k]!;
      const [under, lost] = loud[k]! < UNDER ? [NEVER, gone] : [gone, NEVER];
      gains[at] = addLog(there(whole, zero), under);
      gains[at + 1] = addLog(addLog(there(whole, one), under), odds + there(end, one));
      gains[at + 2] = addLog(lost, weak(whole, zero));
      const half = addLog(weak(end, one), addLog(there(middle, one), weak(middle, one)));
      gains[at + 3] = addLog(addLog(lost, weak(whole, one)), odds + half);
    }
  }
  return gains;
}

/** Transitions of POLARITY over cell k, a zero and a one. */
function stepsFrom(k: number, polarity: number, before: number): readonly [number, number] {
  const zero = k * STEPS + polarity * 4 + (before === 1 ? 2 : 0);
  return [zero, zero + 1];
}

/**
 * Gains of LOSSY as those of POLARITY, for passes that are joined: what one has lost another may have. Behind cells that have evidently lost
 * pulses nobody knows which overlap what follows.
 */
export function narrowed(gains: Float64Array, seen: Weighed): Float64Array {
  const isLost = lostIn(seen);
  return seen.whole.along.map((_, i) => {
    const k = Math.floor(i / STEPS);
    const { from, bit } = POLARITY.transitions[i % STEPS]!;
    const before = isLost(k - 1) || isLost(k - 2) ? LOST : from % 2;
    const at = (k * LOSSY.states + (from < 2 ? 0 : 3) + before) * LOSSY_STEPS + bit;
    return addLog(gains[at]!, gains[at + 2]! - (isLost(k) ? 0 : overlapBehind(seen, k)));
  });
}

/** Which cells have evidently lost pulses. */
function lostIn(seen: Weighed): (k: number) => boolean {
  const loud = loudnessOf(seen);
  const evidence = evidenceOf(seen);
  return (k) => evidence[k]! > EVIDENT && loud[k]! < LOUD;
}

/** Of each cell, its power over that of the most pulses that it may have, those around it apart. */
function loudnessOf({ whole, squares, counts }: Weighed): Float64Array {
  return squares.map(
    (square, k) => (square * counts[k]!) / (2 * Math.max(...whole.lone.subarray(k * STEPS, (k + 1) * STEPS))),
  );
}

/** Cells in which something is louder and broader than pulses, and those beside them. */
function coveredBy(loud: Float64Array, { slow, quarter }: Weighed): Uint8Array {
  const covered = new Uint8Array(loud.length);
  for (const [k, power] of loud.entries()) {
    const isBroad = power > LOUD && slow[k]! > quarter + (power > LOUDER ? SLOW : SLOWER);
    if (isBroad) covered.fill(1, Math.max(0, k - 1), k + 2);
  }
  return covered;
}

/** Power over that of the most pulses that a cell has, above which something lies over them. */
const UNDER = 1.65;
/** What is loud, and louder, over the power of the most pulses that a cell has; and by how much the samples a quarter of a cell apart are more alike than a pulse's then. */
const LOUD = 1.1;
const SLOWER = 0.15;
const LOUDER = 2.5;
const SLOW = -0.1;

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
    louds[k - from] = left * counts[k]! > LEFT * 2 * scale * whole.own[i]! ? 1 : 0;
  }
  return { fit, misfits, louds };
}

/** Logarithm of the odds at which a cell's samples are not its pulses and noise, and power over that of its pulses that tells something loud from pulses that are gone. */
const MISFIT = 24;
const LEFT = 1.3;
