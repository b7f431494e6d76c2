// A clock for reversals that lie where they like: smooth over the swipe, and with it what the bits are and how far reversals are from it.

import { TEXT_CELLS } from "../../cells.js";
import { MEDIAN, smooth } from "../fit/curve.js";
import { cellAt } from "../fit/matched.js";
import { CLOCK_ORDERS } from "../fit/refine.js";
import { MET_BEHIND, TURNS } from "../texts/chain.js";
import { freePath } from "../texts/free-path.js";
import { type Clock, eventMetrics, nearestOf } from "./events.js";
import type { Moved } from "./moved.js";

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
  const curve = smooth(places, times, cells, CLOCK_ORDERS);
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
  if (to - from < TEXT_CELLS) [start, end, from, to] = [0, errors.length, 0, cells];
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
  const usual = Math.max(LEAST_JITTER, sizes[sizes.length >> 1]! / MEDIAN);
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
