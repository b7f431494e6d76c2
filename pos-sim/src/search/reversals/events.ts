// Where each reversal lies is more than where it should lie, when the writer and not the noise moved it: cells are judged by how far their
// reversals are from the clock.

import { cellAt } from "../fit/matched.js";
import { REVERSALS, TURNS } from "../texts/chain.js";
import type { CellMetrics } from "../texts/weights.js";
import type { Moved } from "./moved.js";
import type { Reversal } from "./reversals.js";

/** A clock, what it says of the bits, and the deviation of reversals from it, cells. */
export interface Clock {
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  readonly jitter: number;
}

/** What a reversal at its place is worth, over none. */
const WORTH = 3;
/** And what a path pays that is not made of reversals one after the other. */
const BROKEN = -60;

/** What the reversals of a list cost at places of a clock, in the way it is read. */
class Places {
  readonly #list: readonly Reversal[];
  readonly #bounds: Float64Array;
  readonly #nearest: Int32Array;
  readonly #scale: number;
  readonly #way: 1 | -1;

  constructor(list: readonly Reversal[], bounds: Float64Array, nearest: Int32Array, scale: number, way: 1 | -1) {
    this.#list = list;
    this.#bounds = bounds;
    this.#nearest = nearest;
    this.#scale = scale;
    this.#way = way;
  }

  /** Of the reversal `count` behind number `from` at a place, in cells of `cell` samples. */
  at(from: number, count: number, place: number, cell: number): number {
    const event = from + this.#way * count;
    if (from < 0 || event < 0 || event >= this.#list.length) return BROKEN;
    const off = Math.min(1, Math.abs(this.#list[event]!.at - place) / cell);
    return WORTH - this.#scale * off * off;
  }

  /** Of it as a boundary's own: only one of each number can be. */
  end(from: number, count: number, boundary: number, cell: number): number {
    const event = from + this.#way * count;
    if (from < 0 || this.#nearest[boundary * TURNS + (((event % TURNS) + TURNS) % TURNS)] !== event) return BROKEN;
    return this.at(from, count, this.#bounds[boundary]!, cell);
  }

  /** Of going over a pair, `count` behind number `from`, that may not be there. */
  over(from: number, count: number): number {
    const pair = from + this.#way * count + (this.#way < 0 ? -1 : 0);
    const doubt = from < 0 ? undefined : this.#list[pair]?.doubt;
    return doubt === undefined ? BROKEN : -doubt;
  }
}

/** Metrics of cells by their reversals' distance from the clock. */
export function eventMetrics({ bounds, jitter }: Clock, { list, met }: Moved, reverse: boolean): CellMetrics {
  const cells = bounds.length - 1;
  const { states } = REVERSALS;
  const steps = REVERSALS.transitions.length;
  const gain = new Float64Array(cells * steps);
  const begin = new Float64Array(cells * states);
  const scale = 1 / (2 * jitter * jitter);
  const way = reverse ? -1 : 1;
  const nearest = nearestOf(bounds, list, 0);
  // The last one before a boundary whose own was not seen: half a cell back, or a whole one.
  const before = nearestOf(bounds, list, -0.75 * way);
  const places = new Places(list, bounds, nearest, scale, way);
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
      const number = here * TURNS + (reverse ? TURNS - 1 - turn : turn);
      const seen = nearest[number]!;
      const last = before[number]!;
      begin[k * states + turn] = places.at(seen, 0, bounds[here]!, cell);
      const halfway = places.at(seen, 1, middle, cell);
      const overFirst = places.over(seen, 1);
      const overMiddle = Math.max(overFirst + places.at(seen, 3, middle, cell), places.over(seen, 2) + halfway);
      const g = k * steps + turn * (steps / TURNS);
      // In the order of REVERSALS.
      gain[g] = places.end(seen, 1, there, around);
      gain[g + 1] = halfway + places.end(seen, 2, there, around);
      gain[g + 2] = metAhead;
      gain[g + 3] = halfway + metAhead;
      gain[g + 4] = metBehind;
      gain[g + 5] = places.end(last, 1, there, around);
      gain[g + 6] = gain[g + 5]!;
      gain[g + 7] = places.at(last, 1, middle, cell) + places.end(last, 2, there, around);
      gain[g + 8] = overFirst + places.end(seen, 3, there, around);
      gain[g + 9] = overMiddle + places.end(seen, 4, there, around);
    }
  }
  return { cells, chain: REVERSALS, gain, begin, power: new Float64Array(cells).fill(1) };
}

/** For each boundary, or a place so many cells from it, and each number modulo 4: the nearest such reversal, or -1. */
export function nearestOf(bounds: Float64Array, list: readonly Reversal[], aside: number): Int32Array {
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
