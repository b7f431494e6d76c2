// What cells say where reversals may be elsewhere, as an interrupt puts those of a card, or lost: each pulse is asked at its place and at some
// beside it. Without that what stands elsewhere must be a pulse of the text, and parity and LRC make up another one around it.

import { ASTRAY, BEFORE, ENDS, LATE, LATE_FROM, LOST } from "../texts/chain.js";
import { addLog, type CellMetrics } from "../texts/weights.js";
import { cellAt, type Grid } from "./matched.js";
import type { Pulse } from "./pulse.js";

/** Prior odds, as logarithms, that a pulse is at one of the places beside its own, and that it is lost. */
const ELSEWHERE = -13;
const GONE = -3.5;
/** That a swipe has such reversals at all. */
export const STRAYING = -8;

/** That it is neither: elsewhere it is too seldom to count. */
const THERE = Math.log1p(-Math.exp(GONE));

/** Places of a one's middle: its own, late and early. One that meets the pulse at either end is lost with it. */
const NEAR = LATE.filter((by) => by < 0.4);
const MIDDLES = [0, ...NEAR, ...NEAR.map((by) => -by)].map((by) => 0.5 + by);
/** Of the pulse at the end, its own and early; late ones the next cell holds. */
const EARLY = LATE.map((by) => 1 - by);
/** All places that a cell's pulses may be at, cells behind its beginning. */
const PLACES = [...LATE, ...MIDDLES, ...EARLY, 1];

/** A pulse: cells behind the boundary, and its sign over that of the boundary's. */
interface Put {
  readonly place: number;
  readonly sign: 1 | -1;
}

/** One way in which a cell's pulses may lie: those of PLACES, by number; their energy, overlaps with those before counted, of pulses and cells of 1; its odds. */
interface Way {
  readonly pulses: readonly { readonly number: number; readonly sign: number }[];
  readonly energy: number;
  readonly odds: number;
}

/**
 * Metrics of ASTRAY, in the order of time, or reversed.
 *
 * @param flat - Samples without their base line.
 * @param scale - By which what is summed over samples becomes a log likelihood.
 */
export function astrayMetrics(
  flat: Float32Array,
  { bounds, height, steps }: Grid,
  pulse: Pulse,
  scale: number,
  reverse: boolean,
): CellMetrics {
  const cells = bounds.length - 1;
  const row = BEFORE * ENDS * 2;
  const ways = waysOf(pulse);
  const gain = new Float64Array(cells * 2 * row);
  const begin = new Float64Array(cells * ASTRAY.states);
  const power = new Float64Array(cells);
  const along = new Float64Array(PLACES.length);
  for (let k = 0; k < cells; k++) {
    const here = reverse ? cells - k : k;
    const there = reverse ? cells - k - 1 : k + 1;
    const apart = bounds[there]! - bounds[here]!;
    const cell = Math.abs(apart);
    const a = height[there]!;
    power[k] = steps[there]! ** 2;
    for (const [i, place] of PLACES.entries()) {
      const wide = place === 1 ? cellAt(bounds, there) : cell;
      along[i] = a * pulse.match(flat, bounds[here]! + place * apart, wide);
    }
    const [first, second] = [k * 2 * row, (k * 2 + 1) * row];
    for (let step = 0; step < row; step++) {
      gain[first + step] = gainOf(ways[step]!, along, scale, a * a * cell);
      gain[second + step] = gainOf(ways[step]!, along, -scale, a * a * cell);
    }
    const h = height[here]!;
    const begun = h * pulse.match(flat, bounds[here]!, cellAt(bounds, here));
    const own = 0.5 * h * h * cell * pulse.energy;
    for (const [i, state] of ASTRAY.first.entries())
      begin[k * ASTRAY.states + state] = scale * ((i === 0 ? begun : -begun) - own);
  }
  return { cells, chain: ASTRAY, gain, begin, power };
}

/** Logarithm of the likelihood of all ways together. @param scale - Negative where the boundary's pulse is. */
function gainOf(ways: readonly Way[], along: Float64Array, scale: number, unit: number): number {
  let sum = Number.NEGATIVE_INFINITY;
  for (const { pulses, energy, odds } of ways) {
    let match = 0;
    for (const { number, sign } of pulses) match += sign * along[number]!;
    sum = addLog(sum, odds + scale * match - Math.abs(scale) * unit * energy);
  }
  return sum;
}

/** Of each step from a boundary of one polarity, all ways: `[(before * ENDS + end) * 2 + bit]`. */
function waysOf(pulse: Pulse): readonly (readonly Way[])[] {
  return Array.from({ length: BEFORE * ENDS * 2 }, (_, step) => {
    const [before, end, bit] = [Math.floor(step / (2 * ENDS)), (step >> 1) % ENDS, step & 1];
    const { late, others } = pulsesBefore(before);
    return endsOf(end, bit === 0 ? -1 : 1).flatMap(({ put, odds }) =>
      (bit === 0 ? [{ put: undefined, odds: 0 }] : middlesOf(before, put !== undefined)).map((middle): Way => {
        const own = [late, middle.put, put].filter((one) => one !== undefined);
        const pulses = own.map(({ place, sign }) => ({ number: PLACES.indexOf(place), sign }));
        return { pulses, energy: energyOf(own, others, pulse), odds: odds + middle.odds };
      }),
    );
  });
}

/** The boundary's pulse where it is late, and others that overlap what follows. */
function pulsesBefore(before: number): { readonly late: Put | undefined; readonly others: readonly Put[] } {
  if (before === LOST) return { late: undefined, others: [] };
  const isLate = before >= LATE_FROM;
  const bit = isLate ? Math.floor((before - LATE_FROM) / LATE.length) : before;
  const place = isLate ? LATE[(before - LATE_FROM) % LATE.length]! : 0;
  const boundary: Put = { place, sign: 1 };
  const others: readonly Put[] =
    bit === 0
      ? [{ place: -1, sign: -1 }]
      : [
          { place: -0.5, sign: -1 },
          { place: -1, sign: 1 },
        ];
  return isLate ? { late: boundary, others } : { late: undefined, others: [boundary, ...others] };
}

interface Choice {
  readonly put: Put | undefined;
  readonly odds: number;
}

function endsOf(end: number, sign: 1 | -1): readonly Choice[] {
  if (end === 0) return [{ put: { place: 1, sign }, odds: THERE }];
  if (end > 1) return [{ put: undefined, odds: ELSEWHERE }];
  return [{ put: undefined, odds: GONE }, ...EARLY.map((place) => ({ put: { place, sign }, odds: ELSEWHERE }))];
}

/** A middle is elsewhere only where the pulse on that side is there: what two cells have in common would count twice. */
function middlesOf(before: number, hasEnd: boolean): readonly Choice[] {
  const places = MIDDLES.filter((place) => place === 0.5 || (place > 0.5 ? hasEnd : before < LOST));
  const puts = places.map((place): Choice => ({ put: { place, sign: -1 }, odds: place === 0.5 ? THERE : ELSEWHERE }));
  return [{ put: undefined, odds: GONE }, ...puts];
}

/** Half of the pulses' own energy, and what they overlap. */
function energyOf(own: readonly Put[], others: readonly Put[], pulse: Pulse): number {
  let sum = 0;
  for (const [i, one] of own.entries()) {
    sum += 0.5 * pulse.energy;
    for (const other of [...own.slice(0, i), ...others])
      sum += one.sign * other.sign * pulse.overlap(one.place - other.place);
  }
  return sum;
}
