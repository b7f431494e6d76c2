// Where noise is as loud as the swipe, a clock slips now and then: it takes a cell too many or too few, and is a cell off beyond. It drifts
// by that cell within a few, as no hand does.

import { cellAt } from "./metrics.js";
import { smooth } from "./refine.js";

/** Terms of a clock that does not slip: a hand's speed in the rough. */
const TERMS = 5;
/** Cells within which a clock slips, and by how much it drifts there against a hand's, cells. */
const WITHIN = 20;
const DRIFT = 0.25;
/** Places that are tried. */
const PLACES = 2;

/** Boundaries with a cell more, or less, where a clock may have slipped; the likeliest place first, none where it runs smoothly. */
export function withoutSlip(bounds: Float64Array): readonly Float64Array[] {
  const cells = bounds.length - 1;
  const hand = smooth([...bounds.keys()], Array.from(bounds), cells, TERMS);
  const drift = Array.from(bounds, (bound, k) => (bound - hand(k)) / cellAt(bounds, k));
  const slope = (k: number): number => drift[k + WITHIN]! - drift[k]!;
  const tops: number[] = [];
  for (let k = 0; k + WITHIN <= cells; k++) {
    const size = Math.abs(slope(k));
    if (size < DRIFT) continue;
    const rival = tops.findIndex((top) => Math.abs(top - k) < WITHIN);
    if (rival < 0) tops.push(k);
    else if (size > Math.abs(slope(tops[rival]!))) tops[rival] = k;
  }
  return tops
    .sort((a, b) => Math.abs(slope(b)) - Math.abs(slope(a)))
    .slice(0, PLACES)
    .map((k) => respaced(bounds, k, slope(k) > 0 ? 1 : -1));
}

/** With so many cells more within those from `from` on, evenly. */
function respaced(bounds: Float64Array, from: number, more: number): Float64Array {
  const [start, end] = [bounds[from]!, bounds[from + WITHIN]!];
  const count = WITHIN + more;
  const inner = Array.from({ length: count }, (_, i) => start + ((end - start) * i) / count);
  return Float64Array.from([...bounds.subarray(0, from), ...inner, ...bounds.subarray(from + WITHIN)]);
}
