// The hand's clock: around each place a parabola through the times of the reversals near it. What is left over is jitter. A parabola
// follows acceleration; its window is short enough for any hand, and long enough to leave a single reversal alone.
import type { Reversals } from "./reversals.js";

export interface Fit {
  /** When the clock passes here, samples, and how long a cell is. */
  readonly time: number;
  readonly cell: number;
  /** Share of a reversal's own deviation that the fit swallows where the reversal took part in it. */
  readonly leverage: number;
}

/** Cells on each side that take part; where pulses are weak for long, up to so many. */
const WINDOW = 12;
const WIDEST = 96;
/** Fewer reversals say nothing. */
const LEAST = 6;

/** The clock at `place`, in cells; undefined where too little is there. Weak reversals take no part. */
export function clockAt(reversals: Reversals, place: number): Fit | undefined {
  for (let window = WINDOW; window <= WIDEST; window *= 2) {
    const fit = clockWithin(reversals, place, window);
    if (fit !== undefined) return fit;
  }
  return undefined;
}

function clockWithin({ places, times, weak }: Reversals, place: number, window: number): Fit | undefined {
  const s = [0, 0, 0, 0, 0];
  const y = [0, 0, 0];
  // Before a place there are at least as many reversals as cells.
  const first = Math.max(0, Math.floor(place - window));
  const origin = times[first]!;
  for (let i = first; i < places.length && places[i]! <= place + window; i++) {
    const x = places[i]! - place;
    if (weak[i] === 1 || x < -window) continue;
    const t = times[i]! - origin;
    s[0]! += 1;
    s[1]! += x;
    s[2]! += x * x;
    s[3]! += x * x * x;
    s[4]! += x * x * x * x;
    y[0]! += t;
    y[1]! += t * x;
    y[2]! += t * x * x;
  }
  if (s[0]! < LEAST) return undefined;
  // The normal equations of a + b x + c x^2, by cofactors.
  const [s0, s1, s2, s3, s4] = s as [number, number, number, number, number];
  const c00 = s2 * s4 - s3 * s3;
  const c01 = s2 * s3 - s1 * s4;
  const c02 = s1 * s3 - s2 * s2;
  const c11 = s0 * s4 - s2 * s2;
  const c12 = s1 * s2 - s0 * s3;
  const determinant = s0 * c00 + s1 * c01 + s2 * c02;
  if (!(Math.abs(determinant) > 1e-9)) return undefined;
  const [y0, y1, y2] = y as [number, number, number];
  return {
    time: origin + (c00 * y0 + c01 * y1 + c02 * y2) / determinant,
    cell: (c01 * y0 + c11 * y1 + c12 * y2) / determinant,
    leverage: c00 / determinant,
  };
}
