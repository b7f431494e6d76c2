// Stretches of a swipe where its pulses are gone: a scratch, dirt, a head that lifts.
import { type Reversals, WEAK } from "./reversals.js";

/** In samples of the excerpt. */
export interface Gap {
  /** The last pulse before it. */
  readonly at: number;
  readonly length: number;
}

/** Beside the pulses that end a gap nothing is looked at, in cells: their flanks reach so far. */
const FLANK = 0.3;
/** Shorter ones, in cells, are a single pulse that moved or is low. */
const SHORTEST = 2;

/** Gaps, and their middles in cells, between the pulses of cells that are known, in which there is nothing: pulses that lie elsewhere, or drown in noise, make none. */
export function dropoutsIn(reversals: Reversals): (Gap & { readonly place: number })[] {
  const { flat, places, times, usual, weak } = reversals;
  const gaps: (Gap & { readonly place: number })[] = [];
  let good = weak.indexOf(0);
  for (let i = good + 1; i < weak.length; i++) {
    if (weak[i] === 1) continue;
    const cells = places[i]! - places[good]!;
    if (cells >= SHORTEST) {
      const [from, to] = [times[good]!, times[i]!];
      const flank = (FLANK * (to - from)) / cells;
      const least = WEAK * Math.min(usual[good]!, usual[i]!);
      const inside = flat.subarray(Math.ceil(from + flank), Math.floor(to - flank));
      if (inside.every((value) => Math.abs(value) < least)) {
        gaps.push({ at: from, length: to - from, place: (places[i]! + places[good]!) / 2 });
      }
    }
    good = i;
  }
  return gaps;
}

/** A window that holds a pulse wherever it lies, in cells, and how it moves on. */
const WINDOW = 1.5;
const HOP = 0.25;
/** Cells beside those that were followed in which a gap may begin, and the longest one. */
const BEGIN = 6;
const LONGEST = 100;
/** Cells that tell what is usual. */
const USUAL = 20;

/**
 * A gap beside the cells that could be followed, behind their end or, in reverse, before their start, with signal beyond it. Undefined where
 * the signal goes on, and where it does not come back.
 */
export function goneBeside(
  samples: Float32Array,
  end: number,
  cell: number,
  direction: "forward" | "reverse",
): Gap | undefined {
  const way = direction === "forward" ? 1 : -1;
  const swingAt = (cells: number): number => {
    const middle = end + way * cells * cell;
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const from = Math.max(0, Math.ceil(middle - (WINDOW / 2) * cell));
    const to = Math.min(samples.length, Math.floor(middle + (WINDOW / 2) * cell));
    for (let i = from; i < to; i++) {
      low = Math.min(low, samples[i]!);
      high = Math.max(high, samples[i]!);
    }
    return high - low;
  };
  const before = Array.from({ length: USUAL / HOP }, (_, i) => swingAt(-HOP * (i + 4))).filter(Number.isFinite);
  const usual = before.sort((a, b) => a - b)[before.length >> 1] ?? 0;
  const quiet = (cells: number): boolean => !(swingAt(cells) >= WEAK * usual);
  let from = 0;
  while (from < BEGIN && !quiet(from)) from += HOP;
  if (from >= BEGIN) return undefined;
  let to = from;
  while (to < LONGEST && quiet(to)) to += HOP;
  if (to >= LONGEST) return undefined;
  const [first, last] = [from - WINDOW / 2, to + WINDOW / 2].map((cells) => end + way * cells * cell) as [
    number,
    number,
  ];
  return { at: Math.min(first, last), length: Math.abs(last - first) };
}
