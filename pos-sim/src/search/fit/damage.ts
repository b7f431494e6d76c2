// Damage that a swipe shows: cells whose pulses are gone, and what lies over them, a click or a thump. What cells say then is in gains.ts.

import { polarityPath, STEPS } from "../texts/chain.js";
import type { Weighed } from "./weighed.js";

/** By how much, as a logarithm, noise must be the likelier in one cell to be held for a damage, and in each more that follows; to be one perhaps, and to be hidden. */
const EVIDENT = 20;
const EVIDENT_MORE = 5;
const UNCLEAR = 4;
const HIDDEN = -4;
/** Above that a cell has evidently lost something. */
export const LOST_SOMETHING = EVIDENT;

/** Which cells have evidently lost pulses. */
export function lostIn(seen: Weighed): (k: number) => boolean {
  const loud = loudnessOf(seen);
  const evidence = evidenceOf(seen);
  return (k) => evidence[k]! > EVIDENT && loud[k]! < LOUD;
}

/** Of each cell, its power over that of the most pulses that it may have, those around it apart. */
export function loudnessOf({ whole: { lone }, squares, counts }: Weighed): Float64Array {
  return squares.map((square, k) => {
    let most = 0;
    for (let i = k * STEPS; i < (k + 1) * STEPS; i++) most = Math.max(most, lone[i]!);
    return (square * counts[k]!) / (2 * most);
  });
}

/** Cells in which something is louder and broader than pulses and than the noise there is, and those beside them. */
export function coveredBy(loud: Float64Array, seen: Weighed): Uint8Array {
  const { slow, quarter, noise } = seen;
  const fits = fitsOf(seen);
  const covered = new Uint8Array(loud.length);
  for (const [k, power] of loud.entries()) {
    const isBroad = power > LOUD && noise[k]! > fits[k]! && slow[k]! > quarter + (power > LOUDER ? SLOW : SLOWER);
    if (isBroad) covered.fill(1, Math.max(0, k - 1), k + 2);
  }
  return covered;
}

/** What is loud, and louder, over the power of the most pulses that a cell has; and by how much the samples a quarter of a cell apart are more alike than a pulse's then. */
const LOUD = 1.1;
const SLOWER = 0.15;
const LOUDER = 2.5;
const SLOW = -0.1;

/**
 * What a swipe shows of damage: between cells that are as they should be some fit noise, or half of their pulses, so much better than any
 * pulses: `seen`, or perhaps (`unclear`); or noise is such that it may hide some (`hidden`).
 */
export type DamageSeen = "seen" | "unclear" | "hidden" | "unseen";

export function damageIn(seen: Weighed): DamageSeen {
  const fits = fitsOf(seen);
  let damage: DamageSeen = "unseen";
  let evidence = 0;
  let needed = 0;
  let between = false;
  for (const [k, lost] of evidenceOf(seen).entries()) {
    if (between && lost > HIDDEN && damage === "unseen") damage = "hidden";
    if (lost > 0) {
      evidence += lost;
      needed += needed === 0 ? EVIDENT : EVIDENT_MORE;
    } else if (fits[k]! > 0) {
      if (between && needed > 0 && evidence > needed) return "seen";
      if (between && evidence > UNCLEAR) damage = "unclear";
      [evidence, needed, between] = [0, 0, true];
    }
  }
  return damage;
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
export function evidenceOf(seen: Weighed): Float64Array {
  const { middle, end, noise, scale } = seen;
  const fits = fitsOf(seen);
  return noise.map((lost, k) => {
    let half = Number.NEGATIVE_INFINITY;
    for (let i = k * STEPS + 1; i < (k + 1) * STEPS; i += 2) {
      half = Math.max(half, middle.along[i]! - middle.own[i]!, end.along[i]! - end.own[i]!);
    }
    return Math.max(lost, scale * half) - fits[k]!;
  });
}

/**
 * True where something loud lies over more than a cell of what is read: of two cells in a row the samples are not the pulses of `bits` and
 * noise, and in one of them more is left than pulses that are gone would leave.
 */
export function isOverlaid(seen: Weighed, bits: Uint8Array, from: number, to: number): boolean {
  const { misfits, louds } = leftOver(seen, bits, from, to);
  const isOff = (k: number): boolean => (misfits[k] ?? 0) > MISFIT;
  return misfits.some((_, k) => isOff(k) && louds[k] === 1 && (isOff(k - 1) || isOff(k + 1)));
}

/**
 * Cells from `from` to `to` over which something lies that is louder than pulses, whatever the bits make of them, and the one behind each, where it
 * may still be heard; undefined where there are none.
 */
export function clickedBy(seen: Weighed, bits: Uint8Array, from: number, to: number): Uint8Array | undefined {
  const { misfits, louds } = leftOver(seen, bits, from, to);
  const clicked = new Uint8Array(seen.noise.length);
  for (const [i, misfit] of misfits.entries()) {
    if (misfit > MISFIT && louds[i] === 1) clicked.fill(1, from + i, from + i + 2);
  }
  return clicked.includes(1) ? clicked : undefined;
}

/** What bits leave over of the cells from `from` to `to`, whichever way round the first of them begins. */
function leftOver(seen: Weighed, bits: Uint8Array, from: number, to: number) {
  const [one, other] = [leftBy(seen, bits, from, to, 0), leftBy(seen, bits, from, to, 1)];
  return one.fit > other.fit ? one : other;
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
