// A clock through reversals that are known one by one: from a run of zeros outwards, cell by cell, many readings at once. Each takes one
// reversal for a zero and two for a one, and its clock follows them with a Kalman filter.

import { CELLS_MAX, gainsFor, SETTLED, STEADY_HAND } from "../fit/follow.js";

/** A reversal's place, samples, in rising order. */
export interface Paced {
  /** Boundaries of cells in rising order, as the clock says. */
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  /** The reversals that it explains: from this one to that one. */
  readonly from: number;
  readonly to: number;
}

/** Deviation that reversals are expected to have, cells. */
const WOBBLE = 0.13;
/** What a reversal at its place is worth, over none. */
const WORTH = 3;
/** What a cell must gain. */
const TOLL = 1;
/** A cell without a reversal, as two met and left nothing to see. */
const NOTHING = -7;
/** A reading so far behind the best one is given up, and one that lost so much since its best is at its end. */
const BEHIND = 25;
const LOST = 25;
/** Farthest a reversal may lie from the clock, cells. */
const FAR = 0.62;

interface Reading {
  /** Reversals taken: the last one's index, from the seed's outwards. */
  readonly taken: number;
  readonly at: number;
  readonly cell: number;
  readonly drift: number;
  readonly gain: number;
  readonly parent: Reading | undefined;
}

/**
 * @param times - Of all reversals. `at` and `cell` are a run of zeros' own.
 * @param survivors - Readings that are kept.
 */
export function paced(times: ArrayLike<number>, at: number, cell: number, survivors: number): Paced | undefined {
  let first = -1;
  for (let i = 0; i < times.length; i++) {
    if (first < 0 || Math.abs(times[i]! - at) < Math.abs(times[first]! - at)) first = i;
  }
  if (first < 0 || Math.abs(times[first]! - at) > cell / 2) return undefined;
  const forth = walk(times, first, at, cell, survivors, 1);
  const back = walk(times, first, at, cell, survivors, -1);
  return {
    bounds: Float64Array.from([...back.bounds.reverse(), at, ...forth.bounds]),
    bits: Uint8Array.from([...back.bits.reverse(), ...forth.bits]),
    from: first - back.taken,
    to: first + forth.taken,
  };
}

function walk(times: ArrayLike<number>, first: number, at: number, cell: number, survivors: number, way: 1 | -1) {
  const gains = gainsFor({ wobble: WOBBLE, drift: STEADY_HAND });
  let readings: Reading[] = [{ taken: 0, at, cell, drift: 0, gain: 0, parent: undefined }];
  let best = readings[0]!;
  for (let k = 0; k < CELLS_MAX; k++) {
    const step = 3 * Math.min(k, SETTLED - 1);
    const next: Reading[] = [];
    for (const reading of readings) {
      const { taken, cell: c } = reading;
      const end = reading.at + way * c;
      const nearest = times[first + way * (taken + 1)];
      const second = times[first + way * (taken + 2)];
      if (nearest !== undefined) {
        const zero = (way * (nearest - end)) / c;
        if (Math.abs(zero) < FAR) next.push(stepped(reading, way, gains, step, zero, 1, worth(zero)));
        if (second !== undefined) {
          const middle = zero + 0.5;
          const one = (way * (second - end)) / c;
          if (Math.abs(middle) < FAR && Math.abs(one) < FAR) {
            next.push(stepped(reading, way, gains, step, (middle + one) / 2, 2, worth(middle) + worth(one)));
          }
        }
      }
      next.push(stepped(reading, way, gains, step, 0, 0, NOTHING));
    }
    next.sort((a, b) => b.gain - a.gain);
    const kept: Reading[] = [];
    for (const reading of next) {
      if (kept.length === survivors || reading.gain < next[0]!.gain - BEHIND) break;
      const same = kept.some(
        (other) => other.taken === reading.taken && Math.abs(other.at - reading.at) < 0.02 * reading.cell,
      );
      if (!same) kept.push(reading);
    }
    readings = kept;
    if (readings.length === 0) break;
    if (kept[0]!.gain > best.gain) best = kept[0]!;
    if (kept[0]!.gain < best.gain - LOST) break;
  }
  const bounds: number[] = [];
  const bits: number[] = [];
  for (let reading = best; reading.parent !== undefined; reading = reading.parent) {
    bounds.push(reading.at);
    bits.push(reading.taken - reading.parent.taken === 2 ? 1 : 0);
  }
  return { bounds: bounds.reverse(), bits: bits.reverse(), taken: best.taken };
}

/** One cell on, over `more` reversals whose mean is `error` cells behind the clock. */
function stepped(
  reading: Reading,
  way: 1 | -1,
  gains: Float64Array,
  step: number,
  error: number,
  more: number,
  gain: number,
): Reading {
  const { cell, drift } = reading;
  return {
    taken: reading.taken + more,
    at: reading.at + way * cell + way * gains[step]! * error * cell,
    cell: cell * (1 + drift) + gains[step + 1]! * error * cell,
    drift: Math.max(-0.03, Math.min(0.03, drift + gains[step + 2]! * error)),
    gain: reading.gain + gain - TOLL,
    parent: reading,
  };
}

function worth(off: number): number {
  return WORTH - (off * off) / (2 * WOBBLE * WOBBLE);
}
