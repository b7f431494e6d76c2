// Where each reversal lies is more than where it should lie, when the writer and not the noise moved it: pulses' own times are fitted,
// and cells are judged by how far they are from the clock.

import type { CellMetrics } from "./background.js";
import { cellAt } from "./metrics.js";
import type { Pulse } from "./pulse.js";
import { forPulses, freePath, type Reading, smooth, without } from "./refine.js";

/** Reversals in the order of time, of alternating sign. */
export interface Events {
  readonly at: number[];
  readonly sign: number[];
  /** Pulse height and cell around each. */
  readonly height: number[];
  readonly cell: number[];
}

const ROUNDS = 15;
const FEW = 3;
/** What times of their own leave, at most, of what the clock leaves. */
const MOVED = 0.65;
/** How far one reversal may have passed the one before it, cells: a writer that moves each by itself crosses some. */
const CROSSED = 0.25;
/** Pairs closer than that, cells, are asked what they explain. */
const IDLE = 0.3;
/** Share of a lone pulse's energy that a pair of reversals must show to be taken for one. */
const SEEN = 0.02;
/** Pairs of reversals that the reading missed, at most. */
const MISSED = 12;

/** The reversals of a reading, each at its own time, and pairs that the reading missed; undefined where noise moved them, not the writer. */
export function eventsOf(
  samples: Float32Array,
  base: Float32Array,
  reading: Reading,
  pulse: Pulse,
): Events | undefined {
  const events: Events = { at: [], sign: [], height: [], cell: [] };
  forPulses(reading, (at, cell, sign, height) => {
    events.at.push(at);
    events.sign.push(sign);
    events.height.push(height);
    events.cell.push(cell);
  });
  const clean = without(samples, base);
  const before = energy(rest(clean, events, pulse));
  let left = settle(clean, events, pulse, FEW);
  // Times of their own explain noise too, a little; what the writer moved, they explain much better.
  if (energy(left) > MOVED * before) return undefined;
  left = settle(clean, events, pulse, ROUNDS);
  const seen = SEEN * pulse.energy * events.cell[0]! * Math.max(...events.height) ** 2;
  for (let tried = 0; tried < MISSED; tried++) {
    const noise = quietest(left, events);
    const place = worst(left, events, pulse);
    if (place === undefined || place.energy < Math.max(40 * noise, seen)) break;
    const trial: Events = {
      at: [...events.at],
      sign: [...events.sign],
      height: [...events.height],
      cell: [...events.cell],
    };
    const { index, at, distance } = place;
    const cell = events.cell[index]!;
    const sign = events.sign[index]!;
    trial.at.splice(index + 1, 0, at - (distance * cell) / 2, at + (distance * cell) / 2);
    trial.sign.splice(index + 1, 0, -sign, sign);
    trial.height.splice(index + 1, 0, events.height[index]!, events.height[index]!);
    trial.cell.splice(index + 1, 0, cell, cell);
    const after = settle(clean, trial, pulse, ROUNDS);
    if (energy(after) > energy(left) - Math.max(20 * noise, seen / 2)) break;
    events.at.splice(0, events.at.length, ...trial.at);
    events.sign.splice(0, events.sign.length, ...trial.sign);
    events.height.splice(0, events.height.length, ...trial.height);
    events.cell.splice(0, events.cell.length, ...trial.cell);
    left = after;
  }
  return withoutIdle(clean, left, events, pulse, seen);
}

/** Drops close pairs that explain no more than noise would: the reading made them up. */
function withoutIdle(clean: Float32Array, left: Float32Array, events: Events, pulse: Pulse, seen: number): Events {
  let kept = events;
  let rest = left;
  for (let i = 0; i + 1 < kept.at.length; i++) {
    const close = Math.abs(kept.at[i + 1]! - kept.at[i]!) < IDLE * kept.cell[i]!;
    if (!close) continue;
    const without = (list: readonly number[]): number[] => [...list.slice(0, i), ...list.slice(i + 2)];
    const trial: Events = {
      at: without(kept.at),
      sign: without(kept.sign),
      height: without(kept.height),
      cell: without(kept.cell),
    };
    const after = settle(clean, trial, pulse, FEW);
    if (energy(after) > energy(rest) + Math.max(40 * quietest(rest, kept), seen)) continue;
    kept = trial;
    rest = after;
    i--;
  }
  return kept;
}

/** Moves each reversal to where it leaves least; returns what is left of the samples. */
function settle(samples: Float32Array, events: Events, pulse: Pulse, rounds: number): Float32Array {
  const { at, sign, height, cell } = events;
  let left = rest(samples, events, pulse);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < at.length; i++) {
      const c = cell[i]!;
      const shift = (0.8 * sign[i]! * pulse.slope(left, at[i]!, c, 1)) / (pulse.slopeEnergy * height[i]! * c);
      let to = at[i]! + Math.max(-0.1, Math.min(0.1, shift)) * c;
      if (i > 0) to = Math.max(to, at[i - 1]! - CROSSED * c);
      if (i + 1 < at.length) to = Math.min(to, at[i + 1]! + CROSSED * c);
      if (Math.abs(to - at[i]!) < 0.002 * c) continue;
      pulse.add(left, at[i]!, c, sign[i]! * height[i]!);
      at[i] = to;
      pulse.add(left, to, c, -sign[i]! * height[i]!);
    }
    if (round % 3 === 2) left = rescaled(samples, left, events, pulse);
  }
  return left;
}

/** Heights that were fitted to a clock are too low where reversals lie off it: one factor for all, by least squares. */
function rescaled(samples: Float32Array, left: Float32Array, events: Events, pulse: Pulse): Float32Array {
  let along = 0;
  let power = 0;
  for (let n = 0; n < samples.length; n++) {
    const model = samples[n]! - left[n]!;
    along += model * samples[n]!;
    power += model * model;
  }
  if (!(power > 0)) return left;
  const factor = Math.min(1.5, Math.max(0.7, along / power));
  for (let i = 0; i < events.height.length; i++) events.height[i]! *= factor;
  return rest(samples, events, pulse);
}

function rest(samples: Float32Array, { at, sign, height, cell }: Events, pulse: Pulse): Float32Array {
  const left = samples.slice();
  for (let i = 0; i < at.length; i++) pulse.add(left, at[i]!, cell[i]!, -sign[i]! * height[i]!);
  return left;
}

function energy(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}

/** No signal follows the model better than that share of a pulse's power. */
const FAITHFUL = 3e-4;

/** Variance in the quieter half of the swipe. */
function quietest(left: Float32Array, { at, cell, height }: Events): number {
  const parts: number[] = [];
  for (let i = 0; i < at.length; i++) {
    const from = Math.max(0, Math.floor(at[i]! - cell[i]! / 2));
    const to = Math.min(left.length, Math.ceil(at[i]! + cell[i]! / 2));
    let sum = 0;
    for (let n = from; n < to; n++) sum += left[n]! * left[n]!;
    parts.push(sum / Math.max(1, to - from));
  }
  parts.sort((a, b) => a - b);
  const tallest = height.reduce((most, a) => Math.max(most, a), 0);
  return Math.max(parts[Math.floor(parts.length * 0.4)]!, FAITHFUL * tallest * tallest);
}

/** Where a pair of close reversals, up and down, would explain most of what is left. */
function worst(left: Float32Array, { at, sign, height, cell }: Events, pulse: Pulse) {
  let best: { index: number; at: number; distance: number; energy: number } | undefined;
  for (let i = 0; i + 1 < at.length; i++) {
    const c = cell[i]!;
    const steps = Math.max(1, Math.round((at[i + 1]! - at[i]!) / (c / 8)));
    for (let step = 0; step <= steps; step++) {
      const place = at[i]! + ((at[i + 1]! - at[i]!) * step) / steps;
      // Slope of what is left, as a pulse sees it: a pair -s, +s is -s times minus its derivative.
      const along = sign[i]! * pulse.slope(left, place, c, 1);
      const distance = along / (pulse.slopeEnergy * height[i]! * c);
      const explains = (along * along) / (pulse.slopeEnergy * c);
      if (best === undefined || explains > best.energy)
        best = { index: i, at: place, distance: Math.min(0.5, Math.max(-CROSSED, distance)), energy: explains };
    }
  }
  return best;
}

/** What a reversal at its place is worth, over none. */
const WORTH = 3;
/** And what a path pays that is not made of reversals one after the other. */
const BROKEN = -60;
const TURNS = 4;

/** Metrics of cells by their reversals' distance from the clock, deviation `jitter` cells. */
export function eventMetrics({ bounds }: Reading, events: Events, jitter: number, reverse: boolean): CellMetrics {
  const cells = bounds.length - 1;
  const gain = new Float64Array(cells * TURNS * 4);
  const begin = new Float64Array(cells * TURNS);
  const scale = 1 / (2 * jitter * jitter);
  const nearest = nearestOf(bounds, events);
  const way = reverse ? -1 : 1;
  const cost = (event: number, place: number, cell: number): number => {
    const off = Math.min(1, Math.abs(events.at[event]! - place) / cell);
    return WORTH - scale * off * off;
  };
  for (let k = 0; k < cells; k++) {
    const here = reverse ? cells - k : k;
    const there = here + way;
    const cell = Math.abs(bounds[there]! - bounds[here]!);
    const around = cellAt(bounds, there);
    const middle = (bounds[here]! + bounds[there]!) / 2;
    for (let turn = 0; turn < TURNS; turn++) {
      const first = nearest[here * TURNS + (reverse ? TURNS - 1 - turn : turn)]!;
      begin[k * TURNS + turn] = first < 0 ? BROKEN : cost(first, bounds[here]!, cell);
      const on = (count: number): boolean => {
        const event = first + way * count;
        return (
          first >= 0 && event >= 0 && event < events.at.length && nearest[there * TURNS + (event % TURNS)] === event
        );
      };
      const zero = on(1) ? cost(first + way, bounds[there]!, around) : BROKEN;
      const one = on(2) ? cost(first + 2 * way, bounds[there]!, around) + cost(first + way, middle, cell) : BROKEN;
      const at = (k * TURNS + turn) * 4;
      gain[at] = zero;
      gain[at + 1] = one;
      gain[at + 2] = zero;
      gain[at + 3] = one;
    }
  }
  return { cells, turns: TURNS, gain, begin };
}

/** For each boundary and number modulo 4, the nearest reversal of such a number, or -1. */
function nearestOf(bounds: Float64Array, events: Events): Int32Array {
  const nearest = new Int32Array(bounds.length * TURNS).fill(-1);
  let from = 0;
  for (let k = 0; k < bounds.length; k++) {
    const place = bounds[k]!;
    const reach = 1.5 * cellAt(bounds, k);
    while (from > 0 && events.at[from - 1]! > place - reach) from--;
    while (from < events.at.length && events.at[from]! < place - reach) from++;
    for (let i = from; i < events.at.length && events.at[i]! < place + reach; i++) {
      const at = k * TURNS + (i % TURNS);
      const best = nearest[at]!;
      if (best < 0 || Math.abs(events.at[i]! - place) < Math.abs(events.at[best]! - place)) nearest[at] = i;
    }
  }
  return nearest;
}

/** Bits that are chosen to fit put reversals nearer to the clock than they were: 0.114 where swipes had been made with 0.12. */
const NEARER = 1.05;

/** A clock fitted to reversals by what the bits say they are, and their deviation from it, cells. */
export function clocked(reading: Reading, events: Events, jitter: number): { reading: Reading; jitter: number } {
  const cells = reading.bits.length;
  const { bits, turns } = freePath(eventMetrics(reading, events, jitter, false));
  const nearest = nearestOf(reading.bounds, events);
  const places: number[] = [];
  const times: number[] = [];
  for (let k = 0; k <= cells; k++) {
    const event = nearest[k * TURNS + turns[k]!]!;
    if (event < 0) continue;
    places.push(k);
    times.push(events.at[event]!);
    if (bits[k] === 1 && event + 1 < events.at.length) {
      places.push(k + 0.5);
      times.push(events.at[event + 1]!);
    }
  }
  const curve = smooth(places, times, cells, 12);
  const bounds = Float64Array.from(reading.bounds, (_, k) => curve(k));
  for (let k = 1; k <= cells; k++) if (!(bounds[k]! > bounds[k - 1]!)) return { reading, jitter };
  let sum = 0;
  for (const [i, place] of places.entries()) {
    const cell = cellAt(bounds, Math.min(cells, Math.floor(place)));
    sum += Math.min(0.16, ((times[i]! - curve(place)) / cell) ** 2);
  }
  return {
    reading: { ...reading, bounds, bits },
    jitter: Math.max(0.03, NEARER * Math.sqrt(sum / Math.max(1, places.length - 12))),
  };
}

/** Between two reversals there is no more than a cell, and what the writer moved: where more is, two may have met and left nothing to see. */
const GAPING = 1.25;
/** What such a pair pays: it is no evidence of itself, and had to come so close. */
const UNSEEN = 2 * WORTH + 4;
/** Ways that are followed, and pairs that are made up, at most. */
const WAYS = 3;
const PAIRS = 8;

/** A list of reversals that is whole, and what was paid for it. */
export interface Whole {
  readonly events: Events;
  readonly paid: number;
}

/** Ways to complete the list where two reversals met, likeliest first. */
export function completed(reading: Reading, events: Events, jitter: number): readonly Whole[] {
  let ways: Whole[] = [{ events, paid: 0 }];
  let best = worthOf(reading, ways[0]!, jitter);
  for (let pair = 0; pair < PAIRS; pair++) {
    const next: { way: Whole; value: number }[] = [];
    for (const way of ways) {
      for (const { index, at } of gapsOf(reading.bounds, way.events)) {
        const fuller = { events: withPair(way.events, index, at), paid: way.paid + UNSEEN };
        next.push({ way: fuller, value: worthOf(reading, fuller, jitter) });
      }
    }
    next.sort((a, b) => b.value - a.value);
    if (next.length === 0 || next[0]!.value < best) break;
    best = next[0]!.value;
    ways = next.slice(0, WAYS).map(({ way }) => way);
  }
  return ways;
}

function withPair(events: Events, index: number, at: number): Events {
  const [sign, height, cell] = [events.sign[index]!, events.height[index]!, events.cell[index]!];
  const insert = (list: readonly number[], ...values: number[]): number[] => [
    ...list.slice(0, index + 1),
    ...values,
    ...list.slice(index + 1),
  ];
  return {
    at: insert(events.at, at, at),
    sign: insert(events.sign, -sign, sign),
    height: insert(events.height, height, height),
    cell: insert(events.cell, cell, cell),
  };
}

/** Where the gap is: the middles of half cells, at which a pair has most likely met. */
function gapsOf(bounds: Float64Array, events: Events): { index: number; at: number }[] {
  const places: { index: number; at: number }[] = [];
  let k = 0;
  for (let i = 0; i + 1 < events.at.length; i++) {
    const [from, to] = [events.at[i]!, events.at[i + 1]!];
    if (to - from < GAPING * events.cell[i]!) continue;
    while (k > 0 && bounds[k]! > from) k--;
    while (k + 1 < bounds.length && bounds[k + 1]! < from) k++;
    for (let cell = k; cell + 1 < bounds.length && bounds[cell]! < to; cell++) {
      for (const share of [0.25, 0.75]) {
        const at = bounds[cell]! + share * (bounds[cell + 1]! - bounds[cell]!);
        if (at > from && at < to) places.push({ index: i, at });
      }
    }
  }
  return places;
}

function worthOf(reading: Reading, { events, paid }: Whole, jitter: number): number {
  return freePath(eventMetrics(reading, events, jitter, false)).score - paid;
}
