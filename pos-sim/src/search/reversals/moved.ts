// Where the writer and not the noise moved the reversals: each is found, followed by clocks, and fitted at a time of its own.

import { TEXT_CELLS } from "../../cells.js";
import { movingMean } from "../../signal/moving-mean.js";
import type { Seed } from "../acquire/acquire.js";
import { smooth } from "../fit/curve.js";
import { cellAt } from "../fit/matched.js";
import { type Pulse, STRIPE } from "../fit/pulse.js";
import type { Reading } from "../fit/refine.js";
import { finelyShaped } from "../fit/shape.js";
import { likelyFormats } from "../texts/parity.js";
import { type Paced, paced } from "./pace.js";
import {
  addPairs,
  doubtPairs,
  type Extreme,
  energyIn,
  extremesIn,
  leftBy,
  noiseAbout,
  type Reversal,
  settle,
  widthsOfMet,
} from "./reversals.js";

/** What times of their own leave, at most, of what a clock leaves, and of the whole. */
const MOVED = 0.65;
const EXPLAINED = 0.3;

/** Reversals at times of their own, and the clock that was followed through them. */
export interface Moved {
  readonly bounds: Float64Array;
  readonly list: readonly Reversal[];
  /** How likely it is that two more met about a place: see {@link widthsOfMet}. */
  readonly met: (at: number) => number;
  /** What they leave of the samples, mean square. */
  readonly variance: number;
  /** Deviation of a reversal's time that noise makes, cells. */
  readonly noisy: number;
}

/** Extremes of a signal, and the clock that was followed through them. */
export interface Path extends Paced {
  readonly extremes: readonly Extreme[];
  readonly heightAt: (at: number) => number;
}

/** A clock through the extremes around a run of zeros; undefined where there are too few for a text. */
export function pathIn(flat: Float32Array, { at, cell, height }: Seed, survivors: number): Path | undefined {
  const heightAt = heightsOf(flat, cell, LEAST * height, STRIPE);
  const extremes = extremesIn(flat, 0, flat.length, heightAt);
  const path = paced(
    extremes.map((extreme) => extreme.at),
    at,
    cell,
    survivors,
  );
  return path && path.bounds.length > TEXT_CELLS ? { ...path, extremes, heightAt } : undefined;
}

/**
 * The reversals along a path, each at its own time; undefined where they cannot be told from noise.
 *
 * @param flat - Samples without their base line.
 * @param coloured - By how much noise is stronger around pulses than its mean square.
 */
export function movedBy(
  flat: Float32Array,
  { bounds, bits, from, to, extremes, heightAt }: Path,
  coloured: number,
): Moved | undefined {
  if (likelyFormats(bits).length === 0) return undefined;
  let k = 0;
  let list = extremes.slice(from, to + 1).map(({ at, value }): Reversal => {
    while (k + 1 < bounds.length - 1 && bounds[k + 1]! < at) k++;
    return { at, sign: Math.sign(value), height: heightAt(at), cell: cellAt(bounds, k) };
  });
  if (list.length < TEXT_CELLS) return undefined;
  let left = leftBy(flat, list, STRIPE);
  settle(left, list, 0, list.length, STRIPE, 2);
  const placed = list.map(({ at, cell, sign, height }) => ({ at, cell, value: sign * height }));
  const pulse = finelyShaped(flat, placed, noiseAbout(left, list));
  left = leftBy(flat, list, pulse);
  list = levelled(left, list, pulse);
  left = leftBy(flat, list, pulse);
  settle(left, list, 0, list.length, pulse, 2);
  const [first, last] = [bounds[0]!, bounds[bounds.length - 1]!];
  if (energyIn(left, first, last) > EXPLAINED * energyIn(flat, first, last)) return undefined;
  const noise = coloured * noiseAbout(left, list);
  addPairs(left, list, noise, pulse);
  settle(left, list, 0, list.length, pulse, 4);
  doubtPairs(left, list, noise, pulse);
  if (list.length < TEXT_CELLS) return undefined;
  return {
    bounds,
    list,
    met: widthsOfMet(left, list, noise, pulse),
    variance: energyIn(left, first, last) / (last - first),
    noisy: noisyTimes(list, noise, pulse),
  };
}

function noisyTimes(list: readonly Reversal[], noise: number, pulse: Pulse): number {
  const sum = list.reduce((sum, { height, cell }) => sum + noise / (pulse.slopeEnergy * height * height * cell), 0);
  return Math.sqrt(sum / list.length);
}

/** True where times of their own explain a swipe much better than a clock does: they explain noise too, a little. */
export function outdoes(moved: Moved, reading: Reading): boolean {
  return moved.variance < MOVED * reading.variance;
}

/** Pulse heights by time, from the power around: pulses are one and a third a cell, as often as not. */
function heightsOf(flat: Float32Array, cell: number, least: number, pulse: Pulse): (at: number) => number {
  const squares = flat.map((sample) => sample * sample);
  const mean = movingMean(squares, Math.round(AROUND * cell));
  return (at) => Math.max(least, Math.sqrt(mean[Math.round(at)]! / (PULSES * pulse.energy)));
}

/** Cells over which power is averaged, and pulses in a cell. */
const AROUND = 12;
const PULSES = 4 / 3;
/** Least height of a pulse in a swipe, of that in its zeros. */
const LEAST = 0.25;

/** Heights as the pulses themselves bear out, smooth over the swipe. */
function levelled(left: Float32Array, list: readonly Reversal[], pulse: Pulse): Reversal[] {
  const places = list.map((_, i) => i);
  const heights = list.map(
    ({ at, sign, height, cell }) => height + (sign * pulse.match(left, at, cell, 1.25)) / (pulse.energy * cell),
  );
  const curve = smooth(places, heights, list.length, 4);
  return list.map((reversal, i) => ({ ...reversal, height: Math.max(0.3 * reversal.height, curve(i)) }));
}
