// Where each reversal lies is more than where it should lie, when the writer and not the noise moved it: cells are judged by how far their
// reversals are from the clock.

import type { Seed } from "./acquire.js";
import type { CellMetrics } from "./background.js";
import { MET_BEHIND, REVERSALS, TURNS } from "./chain.js";
import { cellAt } from "./metrics.js";
import { type Paced, paced } from "./pace.js";
import { likelyFormats } from "./parity.js";
import type { Pulse } from "./pulse.js";
import { freePath, movingMean, type Reading, smooth } from "./refine.js";
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
import { finelyShaped, STRIPE } from "./shape.js";

/** What times of their own leave, at most, of what a clock leaves, and of the whole. */
const MOVED = 0.65;
const EXPLAINED = 0.3;
/** Fewer cells hold no text. */
const CELLS_MIN = 60;

/** Reversals at times of their own, and the clock that was followed through them. */
export interface Moved {
  readonly bounds: Float64Array;
  readonly list: readonly Reversal[];
  /** How likely it is that two more met about a place: see {@link widthsOfMet}. */
  readonly met: (at: number) => number;
  /** What they leave of the samples, mean square. */
  readonly variance: number;
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
  return path && path.bounds.length > CELLS_MIN ? { ...path, extremes, heightAt } : undefined;
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
  if (list.length < CELLS_MIN) return undefined;
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
  if (list.length < CELLS_MIN) return undefined;
  return {
    bounds,
    list,
    met: widthsOfMet(left, list, noise, pulse),
    variance: energyIn(left, first, last) / (last - first),
  };
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

/** What a reversal at its place is worth, over none. */
const WORTH = 3;
/** And what a path pays that is not made of reversals one after the other. */
const BROKEN = -60;

/** Metrics of cells by their reversals' distance from the clock. */
export function eventMetrics({ bounds, jitter }: Clock, { list, met }: Moved, reverse: boolean): CellMetrics {
  const cells = bounds.length - 1;
  const steps = REVERSALS.transitions.length;
  const gain = new Float64Array(cells * steps);
  const begin = new Float64Array(cells * REVERSALS.states);
  const scale = 1 / (2 * jitter * jitter);
  const way = reverse ? -1 : 1;
  const nearest = nearestOf(bounds, list, 0);
  // The last one before a boundary whose own was not seen: half a cell back, or a whole one.
  const before = nearestOf(bounds, list, -0.75 * way);
  const cost = (event: number, place: number, cell: number): number => {
    const off = Math.min(1, Math.abs(list[event]!.at - place) / cell);
    return WORTH - scale * off * off;
  };
  // Two deviates of reversals half a cell apart that differ by less than is seen.
  const apart = -Math.log(2 * jitter * Math.sqrt(Math.PI)) - scale / 8;
  for (let k = 0; k < cells; k++) {
    const here = reverse ? cells - k : k;
    const there = here + way;
    const cell = Math.abs(bounds[there]! - bounds[here]!);
    const around = cellAt(bounds, there);
    const middle = (bounds[here]! + bounds[there]!) / 2;
    const metAhead = apart + met(bounds[there]! + (way * around) / 4);
    const metBehind = apart + met(bounds[there]! - (way * cell) / 4);
    for (let turn = 0; turn < TURNS; turn++) {
      const number = reverse ? TURNS - 1 - turn : turn;
      const seen = nearest[here * TURNS + number]!;
      const last = before[here * TURNS + number]!;
      begin[k * REVERSALS.states + turn] = seen < 0 ? BROKEN : cost(seen, bounds[here]!, cell);
      const at = (from: number, count: number, place: number, width: number): number => {
        const event = from + way * count;
        return from >= 0 && event >= 0 && event < list.length ? cost(event, place, width) : BROKEN;
      };
      // Only one reversal of each number can be a boundary's own.
      const end = (from: number, count: number): number => {
        const event = from + way * count;
        return from >= 0 && nearest[there * TURNS + (((event % TURNS) + TURNS) % TURNS)] === event
          ? at(from, count, bounds[there]!, around)
          : BROKEN;
      };
      // Over a pair that may not be there.
      const over = (count: number): number => {
        const pair = seen + way * count + (reverse ? -1 : 0);
        const doubt = seen < 0 ? undefined : list[pair]?.doubt;
        return doubt === undefined ? BROKEN : -doubt;
      };
      const g = k * steps + turn * (steps / TURNS);
      // In the order of REVERSALS.
      gain[g] = end(seen, 1);
      gain[g + 1] = at(seen, 1, middle, cell) + end(seen, 2);
      gain[g + 2] = metAhead;
      gain[g + 3] = at(seen, 1, middle, cell) + metAhead;
      gain[g + 4] = metBehind;
      gain[g + 5] = end(last, 1);
      gain[g + 6] = end(last, 1);
      gain[g + 7] = at(last, 1, middle, cell) + end(last, 2);
      gain[g + 8] = over(1) + end(seen, 3);
      gain[g + 9] = Math.max(over(1) + at(seen, 3, middle, cell), over(2) + at(seen, 1, middle, cell)) + end(seen, 4);
    }
  }
  return { cells, chain: REVERSALS, gain, begin };
}

/** For each boundary, or a place so many cells from it, and each number modulo 4: the nearest such reversal, or -1. */
function nearestOf(bounds: Float64Array, list: readonly Reversal[], aside: number): Int32Array {
  const nearest = new Int32Array(bounds.length * TURNS).fill(-1);
  let from = 0;
  for (let k = 0; k < bounds.length; k++) {
    const cell = cellAt(bounds, k);
    const place = bounds[k]! + aside * cell;
    const reach = 1.5 * cell;
    while (from > 0 && list[from - 1]!.at > place - reach) from--;
    while (from < list.length && list[from]!.at < place - reach) from++;
    for (let i = from; i < list.length && list[i]!.at < place + reach; i++) {
      const at = k * TURNS + (i % TURNS);
      const best = nearest[at]!;
      if (best < 0 || Math.abs(list[i]!.at - place) < Math.abs(list[best]!.at - place)) nearest[at] = i;
    }
  }
  return nearest;
}

/** A clock, what it says of the bits, and the deviation of reversals from it, cells. */
export interface Clock {
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  readonly jitter: number;
}

/**
 * A clock fitted to reversals by what the bits say they are. Bits that are chosen to fit put reversals nearer to the clock than they were
 * (0.114 where swipes had been made with 0.12): once a text is likely, its bits are `known`.
 */
export function clocked(clock: Clock, moved: Moved, known?: Uint8Array): Clock {
  const { list } = moved;
  const cells = clock.bits.length;
  const { bits, states } = freePath(eventMetrics(clock, moved, false), known);
  const nearest = nearestOf(clock.bounds, list, 0);
  const places: number[] = [];
  const times: number[] = [];
  const put = (place: number, event: number): void => {
    if (event < 0 || event >= list.length) return;
    places.push(place);
    times.push(list[event]!.at);
  };
  let last = -1;
  for (let k = 0; k <= cells; k++) {
    const state = states[k]!;
    const own = state < TURNS ? nearest[k * TURNS + state]! : -1;
    // In the middle of a one: seen unless it met the boundary's own, on either side, or stands beside a pair in doubt.
    const middle = k > 0 && bits[k - 1] === 1 && (own < 0 ? state < MET_BEHIND : own === last + 2);
    if (middle) put(k - 0.5, ++last);
    if (own < 0) continue;
    last = own;
    put(k, own);
  }
  const curve = smooth(places, times, cells, 12);
  const bounds = Float64Array.from(clock.bounds, (_, k) => curve(k));
  for (let k = 1; k <= cells; k++) if (!(bounds[k]! > bounds[k - 1]!)) return clock;
  const errors = places.map((place, i) => {
    const cell = cellAt(bounds, Math.min(cells, Math.floor(place)));
    return (times[i]! - curve(place)) / cell;
  });
  // What was followed beyond the swipe scatters more than it. Known bits have their places.
  let [start, end] = known === undefined ? steadyPart(errors) : [0, errors.length];
  let from = start === 0 ? 0 : Math.ceil(places[start]!);
  let to = end === errors.length ? cells : Math.floor(places[end - 1]!);
  if (to - from < CELLS_MIN) [start, end, from, to] = [0, errors.length, 0, cells];
  const inside = errors.slice(start, end);
  const sum = inside.reduce((squares, error) => squares + error * error, 0);
  return {
    bounds: bounds.slice(from, to + 1),
    bits: bits.slice(from, to),
    jitter: Math.max(LEAST_JITTER, Math.sqrt(sum / Math.max(1, inside.length - curve.terms))),
  };
}

const LEAST_JITTER = 0.03;

/** From where to where errors are about as large as most of them are. */
function steadyPart(errors: readonly number[]): readonly [number, number] {
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  // Of normal errors half are less than two thirds of a deviation.
  const usual = Math.max(LEAST_JITTER, sizes[sizes.length >> 1]! / 0.6745);
  let best = 0;
  let sum = 0;
  let start = 0;
  let part: [number, number] = [0, errors.length];
  for (const [i, error] of errors.entries()) {
    sum += STEADY - Math.min(FAR_OFF, (error / usual) ** 2 / 2);
    if (sum <= 0) [sum, start] = [0, i + 1];
    else if (sum > best) [best, part] = [sum, [start, i + 1]];
  }
  return part;
}

/** What an error of the usual size is worth, twice over, and what it costs at most: one that is far off is no end. */
const STEADY = 2.5;
const FAR_OFF = 12;
