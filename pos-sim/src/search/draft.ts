// One swipe as it was followed from a run of zeros: by a clock that is nudged by samples, or, where that one is led astray, by the times of
// the reversals themselves.

import type { Seed } from "./acquire/acquire.js";
import { type Around, around, isCut, type Rates } from "./acquire/around.js";
import { CELLS_MAX, follow, STEADY_HAND, type Trail, UNSTEADY_HAND } from "./fit/follow.js";
import { levelled } from "./fit/level.js";
import type { Pulse } from "./fit/pulse.js";
import { noisyScatter, type Reading, refined, smoothed } from "./fit/refine.js";
import { type Moved, movedBy, outdoes, pathIn } from "./reversals/moved.js";
import { likelyFormats, mayGoOn } from "./texts/parity.js";

/** A swipe, in samples of its own rate. */
export interface Draft {
  /** As a clock followed it through the samples, or else as its reversals have it, where the writer moved them. */
  readonly followed?: Followed;
  readonly moved?: Moved;
  /** By how much the logarithm of the likelihood rises when its pulses are taken out. */
  readonly explained: number;
  /** In samples of the input. */
  readonly from: number;
  readonly to: number;
  readonly cell: number;
  /** Its sample n is the input's sample `n * scale + shift`. */
  readonly scale: number;
  readonly shift: number;
}

export interface Followed {
  readonly samples: Float32Array;
  /** Their base line. */
  readonly base: Float32Array;
  readonly reading: Reading;
  /** Its first sample, in those that it was cut from. */
  readonly first: number;
  /** By how much noise is stronger around pulses than its mean square. */
  readonly coloured: number;
}

/** Fewer cells hold no text, and noise makes trails of up to so much. */
const CELLS_MIN = 30;
const GAIN_MIN = 70;
/** Power of what is farther from zeros, over their own, above which it is of another level: ones have no more than 1.7 times as much. */
const OTHER = 2;
/** Of the power around a run of zeros, what its tone must explain for the reversals to stand out one by one. */
const CLEAR = 0.6;
/** And for a hand's unsteadiness to be told from noise: from some 0 dB on. */
const AUDIBLE = 0.5;
/** Deviation of a pulse's measured time, cells. */
const WOBBLE = 0.07;
/** Deviation of pulses from the clock up to which the writer is not asked, cells, and in what noise gives. */
const STEADY = 0.045;
const SCATTERED = 1.2;

/** The swipe around a seed, the likelier draft of it first: where its writer moved reversals, and some of its cells are lost, the second one reads it. */
export function draftsOf(rates: Rates, seed: Seed, pulse: Pulse): readonly Draft[] {
  const near = around(rates, seed, NEAR_CELLS);
  let whole: Around | undefined;
  const far = (): Around => {
    whole ??= around(rates, seed, REACH_CELLS);
    return whole;
  };
  const { at, cell } = near.seed;
  const [wide, close] = [20, 10].map((cells) => meanSquare(near.flat, at - cells * cell, at + cells * cell)) as [
    number,
    number,
  ];
  // What is of another level is not the zeros' own.
  const power = OTHER * close < wide ? close : wide;
  // Of what is there, most is held to be noise: a clock that believes too much is lost at the first odd pulse.
  const noise = 0.7 * power;
  const share = (pulse.energy * seed.height * seed.height) / power;
  const clear = share > CLEAR;
  const trail = looked(near, far, (place, all) => {
    const damaged = clear && all ? DAMAGED_CELL : undefined;
    const by = (samples: Float32Array, drift: number) =>
      follow(samples, place.seed, pulse, noise, { wobble: WOBBLE, drift }, all ? ALL : FEW, damaged);
    const go = (samples: Float32Array) => {
      const steady = by(samples, STEADY_HAND);
      return share > AUDIBLE ? betterOf(steady, by(samples, UNSTEADY_HAND)) : steady;
    };
    const found = go(place.flat);
    const even = clear ? levelled(place.flat, place.seed) : undefined;
    return even === undefined ? found : betterOf(found, go(even));
  });
  const followed = trail && followedBy(trail.found, trail.place, noise, pulse);
  const reading = followed?.reading;
  const drafts: Draft[] = [];
  if (clear && (reading === undefined || isScattered(reading, pulse))) {
    const path = looked(near, far, (place, all) => pathIn(place.flat, place.seed, all ? ALL_PATHS : FEW_PATHS));
    const moved = path && movedBy(path.place.flat, path.found, path.place.coloured);
    if (path !== undefined && moved !== undefined && (reading === undefined || outdoes(moved, reading))) {
      const { samples, scale, shift } = path.place;
      drafts.push({ ...extent(samples, moved, scale, shift), moved });
    }
  }
  if (trail !== undefined && followed !== undefined) {
    const { scale, shift } = trail.place;
    drafts.push({ ...extent(followed.samples, followed.reading, scale, shift + followed.first * scale), followed });
  }
  return drafts;
}

/** The first one, unless the other is evidently better: not by cells of noise, farther than the first one got. */
function betterOf(one: Trail, other: Trail): Trail {
  const more = Math.max(0, other.bits.length - one.bits.length);
  return other.gain > one.gain + BETTER + more ? other : one;
}

/** A stretch of cells as somebody read it. */
type Read = Pick<Trail, "bounds" | "bits">;

/**
 * Looks near a seed first, with few readings: most seeds are none, and bits that keep no parity say so. Where they do, looks again, with all
 * readings and as far as it goes.
 */
function looked<Found extends Read>(
  near: Around,
  far: () => Around,
  look: (place: Around, all: boolean) => Found | undefined,
): { readonly place: Around; readonly found: Found } | undefined {
  const first = look(near, false);
  if (first === undefined) return undefined;
  if (!mayGoOn(first.bits)) return { place: near, found: first };
  const found = isCut(near, first.bounds) ? undefined : look(near, true);
  if (found !== undefined && !isCut(near, found.bounds)) return { place: near, found };
  const place = far();
  const whole = look(place, true);
  return whole && { place, found: whole };
}

/** Readings that are kept beside each other, and where there is likely nothing to read: half of them take half the time. */
const ALL = 8;
const FEW = 4;
/** What a damaged cell gains where pulses stand out: two of them do not end a reading. */
const DAMAGED_CELL = -6;
/** Gain by which a trail must be better for weak stretches to be raised, or for a hand to be unsteady. */
const BETTER = 20;
const ALL_PATHS = 48;
const FEW_PATHS = 12;
/** Cells on each side of a seed that are looked at first, and that a run of texts may have. */
const NEAR_CELLS = 140;
const REACH_CELLS = CELLS_MAX + 200;

/** Where a draft lies, and what it explains. */
function extent(
  samples: Float32Array,
  { bounds, variance }: { readonly bounds: Float64Array; readonly variance: number },
  scale: number,
  shift: number,
) {
  const cells = bounds.length - 1;
  const [from, to] = [bounds[0]!, bounds[cells]!];
  return {
    explained: (to - from) * Math.log(meanSquare(samples, from, to) / variance),
    from: from * scale + shift,
    to: to * scale + shift,
    cell: ((to - from) / cells) * scale,
    scale,
    shift,
  };
}

/** A clock's trail as a reading, if it may hold a text. */
function followedBy(
  { bounds, bits, signs, gain }: Trail,
  { samples, base, seed, coloured }: Around,
  noise: number,
  pulse: Pulse,
): Followed | undefined {
  const cells = bits.length;
  if (cells < CELLS_MIN || gain < GAIN_MIN || likelyFormats(bits).length === 0) return undefined;
  // What lies beside it is of no interest, round after round.
  const first = Math.max(0, Math.floor(bounds[0]! - BESIDE * seed.cell));
  const last = Math.min(samples.length, Math.ceil(bounds[cells]! + BESIDE * seed.cell));
  const own = samples.slice(first, last);
  const ownBase = base.slice(first, last);
  const height = new Float64Array(cells + 1).fill(seed.height);
  const curve = smoothed(bounds).map((bound) => bound - first);
  const steps = new Float64Array(cells + 1).fill(1);
  let reading: Reading = { bounds: curve, bits, signs, height, steps, variance: noise, jitter: 0.05, scatter: 0.05 };
  for (let round = 0; round < 2; round++) reading = refined(own, ownBase, reading, pulse, coloured);
  return { samples: own, base: ownBase, reading, first, coloured };
}

/** Cells on each side of a swipe that are kept: what a base line is made of. */
const BESIDE = 24;

/** True where times scatter more than noise explains: the writer moved them. */
function isScattered(reading: Reading, pulse: Pulse): boolean {
  return reading.scatter > Math.max(STEADY, SCATTERED * noisyScatter(reading, pulse));
}

function meanSquare(samples: Float32Array, from: number, to: number): number {
  const low = Math.max(0, Math.floor(from));
  const high = Math.min(samples.length, Math.ceil(to));
  let sum = 0;
  let mean = 0;
  for (let i = low; i < high; i++) {
    sum += samples[i]! * samples[i]!;
    mean += samples[i]!;
  }
  const n = Math.max(1, high - low);
  return sum / n - (mean / n) ** 2;
}
