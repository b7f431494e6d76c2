// What the search sighted, as a frame like the cheap path's.
import type { CellTimes } from "../cells.js";
import type { Sighting } from "../search/searcher.js";
import { trackBits } from "../signal/stripe.js";
import { type Frame, ZEROS_KEPT } from "./frame.js";

export function frameOf(sighting: Sighting): Frame {
  const { symbolBits, data, direction, probability, characters, fromSample, toSample, from, to, stretch } = sighting;
  return {
    symbolBits,
    data,
    direction,
    confidence: probability,
    characters,
    from: fromSample,
    to: toSample,
    level: 0,
    cell: (toSample - fromSample) / (to - from),
    jitter: stretch.jitter,
    cells: cellsAround(sighting),
  };
}

/** Its text's own bits in the order of time, and the zeros around them. */
function cellsAround({ stretch, from, to, symbolBits, data, direction }: Sighting): CellTimes {
  const bits = Uint8Array.from(stretch.bits);
  const text = trackBits(symbolBits === 7 ? 1 : 2, data);
  bits.set(direction === "forward" ? text : text.reverse(), from);
  let low = from;
  while (low > 0 && from - low < ZEROS_KEPT && bits[low - 1] === 0) low--;
  let high = to;
  while (high < bits.length && high - to < ZEROS_KEPT && bits[high] === 0) high++;
  return {
    bounds: stretch.bounds.slice(low, high + 1),
    bits: bits.slice(low, high),
    frameFrom: from - low,
    frameBits: to - from,
  };
}
