// What cells say, whole or damaged: by a scratch, a weak spot, a click.

import { LOSSY, LOSSY_STEPS, LOST, POLARITY, STEPS } from "../texts/chain.js";
import { addLog } from "../texts/weights.js";
import { coveredBy, lostIn, loudnessOf } from "./damage.js";
import type { Pulses, Weighed } from "./weighed.js";

/**
 * A cell may be damaged. Prior odds, as logarithms, that its pulses are lower by these factors, that one of the two of a one is gone, and that
 * it holds noise of any strength and no pulse that says anything. A damaged swipe of two hundred cells has one or two such places: more would make
 * few of them dear, and in noise, where a missing pulse is no evidence, two characters that lost the same would be read as others.
 */
const HALF = 0.5;
const QUARTER = 0.25;
const NEVER = Number.NEGATIVE_INFINITY;
const RARE = -18;
const OFTEN = -6;
/** That it has none of the three. */
const MOSTLY = Math.log1p(-3 * Math.exp(OFTEN));
/** Odds that a one has lost one of its pulses, beside a cell that has evidently lost some: a damage ends somewhere. */
const BESIDE = -1;
/**
 * Behind a cell that has lost its pulses: that the next one has too, and that it has them. A one there has lost the first of its two as often as
 * not: were that rarer than a zero, ones at a damage's end would be read as zeros.
 */
const GOES_ON = Math.log(0.4);
const ENDS = Math.log(0.6);
const ENDS_AMID = Math.log(0.3);
/** Power over that of the most pulses that a cell has, above which something lies over them. */
const UNDER = 1.65;
/** Prior odds, as a logarithm, that a swipe has damaged cells at all. */
export const DAMAGED = -5.5;

/** What is held of damage: who knows that there is none; none that is seen; some somewhere. */
export type Damage = "never" | "unseen" | "some";

/** Logarithms of the likelihood over noise, of each transition of POLARITY. */
export function gainsOf(seen: Weighed, damage: "never" | "unseen"): Float64Array {
  const { whole, noise, scale } = seen;
  const odds = damage === "never" ? NEVER : RARE;
  const none = Math.log1p(-3 * Math.exp(odds));
  const gains = new Float64Array(whole.along.length);
  for (let k = 0; k < noise.length; k++) {
    const overlap = damage === "never" ? 0 : overlapBehind(seen, k);
    for (let i = k * STEPS; i < (k + 1) * STEPS; i++) {
      const along = whole.along[i]!;
      const own = whole.own[i]!;
      const there = none + scale * (along - own);
      if (damage === "never") gains[i] = there;
      else gains[i] = addLog(there, odds + addLog(noise[k]!, weakGain(along, own, scale)) - overlap);
    }
  }
  return gains;
}

/** What the pulses of the cell behind one may gain by an overlap with its pulses, which are not there where POLARITY takes them for lost. */
function overlapBehind({ whole: { own, lone }, scale }: Weighed, k: number): number {
  let most = 0;
  for (let i = (k + 1) * STEPS; i < Math.min((k + 2) * STEPS, own.length); i++)
    most = Math.max(most, lone[i]! - own[i]!);
  return scale * most;
}

/** Logarithm of the likelihood over noise of pulses that are weak. */
function weakGain(along: number, own: number, scale: number): number {
  return addLog(scale * (HALF * along - HALF * HALF * own), scale * (QUARTER * along - QUARTER * QUARTER * own));
}

/**
 * The same of LOSSY, where there is damage. It does not end where cells do: it may take one pulse of a one and leave the other. Under
 * something loud pulses are still there, and overlap what follows; under a broad click, or beside it, nobody hears them.
 *
 * @param clicked - 1 for cells under a click that are known.
 */
export function lossyGains(seen: Weighed, clicked?: Uint8Array): Float64Array {
  const { whole, middle, end, noise, scale } = seen;
  const loud = loudnessOf(seen);
  const covered = coveredBy(loud, seen);
  const isLost = lostIn(seen);
  const gains = new Float64Array(noise.length * LOSSY.transitions.length);
  for (let k = 0; k < noise.length; k++) {
    const odds = isLost(k - 2) || isLost(k - 1) || isLost(k) || isLost(k + 1) ? BESIDE : OFTEN;
    const under = loud[k]! < UNDER ? NEVER : OFTEN + noise[k]!;
    for (let from = 0; from < LOSSY.states; from++) {
      const before = from % 3;
      const at = (k * LOSSY.states + from) * LOSSY_STEPS;
      if (covered[k] === 1) {
        gains.fill(noise[k]!, at, at + LOST).fill(NEVER, at + LOST, at + LOSSY_STEPS);
        continue;
      }
      const zero = zeroFrom(k, from < 3 ? 0 : 1, before);
      const one = zero + 1;
      const isAlone = before === LOST;
      const there = isAlone ? ENDS : MOSTLY;
      const whole1 = isAlone ? ENDS_AMID : MOSTLY;
      const half1 = isAlone ? ENDS_AMID : odds;
      if (clicked?.[k] === 1) {
        gains[at] = noise[k]! + clickedGain(seen, k, zero, isAlone);
        gains[at + 1] = noise[k]! + clickedGain(seen, k, one, isAlone);
        gains.fill(NEVER, at + LOST, at + LOSSY_STEPS);
        continue;
      }
      const half = addLog(
        weakOften(end, one, isAlone, scale),
        addLog(MOSTLY + fitOf(middle, one, isAlone, scale), weakOften(middle, one, isAlone, scale)),
      );
      const lost = loud[k]! < UNDER ? (isAlone ? GOES_ON : OFTEN) + noise[k]! : NEVER;
      gains[at] = addLog(there + fitOf(whole, zero, isAlone, scale), under);
      gains[at + 1] = addLog(whole1 + fitOf(whole, one, isAlone, scale), under);
      gains[at + 2] = addLog(lost, weakOften(whole, zero, isAlone, scale));
      gains[at + 3] = addLog(addLog(lost, weakOften(whole, one, isAlone, scale)), odds + half);
      gains[at + 4] = half1 + fitOf(end, one, isAlone, scale);
    }
  }
  return gains;
}

/** Under a click, what pulses leave over is noise of whatever strength: how much more of it there is without them. */
function clickedGain({ whole, squares, counts, scale }: Weighed, k: number, i: number, isAlone: boolean): number {
  const all = squares[k]! * counts[k]! * scale;
  const own = isAlone ? whole.lone[i]! : whole.own[i]!;
  const left = Math.max(counts[k]!, all - 2 * scale * (whole.along[i]! - own));
  return (counts[k]! / 2) * Math.log(all / left);
}

/** Pulses as they should be. @param isAlone - What came before is lost and overlaps nothing. */
function fitOf({ along, own, lone }: Pulses, i: number, isAlone: boolean, scale: number): number {
  return scale * (along[i]! - (isAlone ? lone[i]! : own[i]!));
}

/** And weak ones. */
function weakOften({ along, own, lone }: Pulses, i: number, isAlone: boolean, scale: number): number {
  return OFTEN + weakGain(along[i]!, isAlone ? lone[i]! : own[i]!, scale);
}

/** The transition of POLARITY over cell k that is a zero; a one's is the next. */
function zeroFrom(k: number, polarity: number, before: number): number {
  return k * STEPS + polarity * 4 + (before === 1 ? 2 : 0);
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
    const there = bit === 0 ? gains[at]! : addLog(gains[at]!, gains[at + 3]!);
    return addLog(there, gains[at + 2]! - (isLost(k) ? 0 : overlapBehind(seen, k)));
  });
}
