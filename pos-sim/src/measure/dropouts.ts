// Stretches of a swipe where its pulses are gone or weak: a scratch, dirt, a worn stripe, a head that lifts.
import { type Reversals, WEAK } from "./reversals.js";

/** In samples of the excerpt. */
export interface Gap {
  /** The last good pulse before it. */
  readonly at: number;
  readonly length: number;
  /** Height of the pulses in it, of what is usual; 0 where there are none. */
  readonly height: number;
}

/** Below, pulses are low: several in a row are a weak stretch. */
const LOW = 0.5;
const SEVERAL = 3;
/** Among noise or jitter that moves reversals by more, a few low pulses are nothing; deviations, in pulse heights and in cells. */
const NOISY = 0.12;
const JITTERY = 0.08;
/** There, pulses must be gone for so many cells, or low for so many reversals. */
const GONE_CELLS = 3;
const MANY = 8;
/** Where noise is louder than this, for so many. */
const LOUD = 0.25;
const GONE_IN_NOISE = 6;
/** What flanks of neighbours leave where no pulse is, of the usual height. */
const NOTHING = 0.07;
/** Beside the pulses that end a gap nothing is looked at, in cells: their flanks reach so far. */
const FLANK = 0.3;
/** What a line has instead of a pulse's flanks: it sways by less than this, of the usual height, for so much of a cell, and for so much longer
 * than between the swipe's other reversals. Told where noise sways by much less. */
const STILL = 0.06;
const STILL_CELLS = 0.6;
const STILL_MORE = 0.25;
const STILL_NOISE = 0.015;
/** A hand that slows down makes lower pulses. Cells on each side that tell how long one is. */
const PACE_CELLS = 4;

/** Cells behind the last good pulse in which a long gap has begun for certain: its character. */
const BEGUN = 1.5;

/**
 * Gaps, and where they lie in cells, among the reversals of cells that are known.
 *
 * @param noise - Deviation of the noise, of the usual height.
 * @param jitter - Of reversals, in cells.
 */
export function dropoutsIn(reversals: Reversals, noise: number, jitter: number): (Gap & { readonly place: number })[] {
  const { places, times, heights, usual } = reversals;
  const gaps: (Gap & { readonly place: number })[] = [];
  const last = places.length - 1;
  const unsure = noise > NOISY || jitter > JITTERY;
  const share = (i: number): number => heights[i]! / usual[i]!;
  for (let i = 1; i < last; i++) {
    if (share(i) >= LOW) continue;
    const from = i - 1;
    let to = i;
    let least = share(i);
    // A single better pulse among low ones ends nothing.
    while (to < last && (share(to) < LOW || (to + 1 < last && share(to + 1) < LOW)))
      least = Math.min(least, share(to++));
    i = to;
    // Beside a single pulse there is no swipe to miss any: it is noise that a clock was followed to.
    if (from === 0 || to === last) continue;
    const count = to - from - 1;
    const cells = places[to]! - places[from]!;
    const level = count < SEVERAL ? medianOf(heights, usual, from + 1, to) : heightWithin(reversals, from, to);
    const height = level * slowness(reversals, from, to);
    const gone = height < NOTHING + 2 * noise;
    const told = unsure
      ? gone
        ? cells >= (noise > LOUD ? GONE_IN_NOISE : GONE_CELLS) && isEmpty(reversals, from, to)
        : count >= MANY && height < LOW
      : count < SEVERAL
        ? height < WEAK || least < WEAK
        : height < LOW;
    if (!told) continue;
    gaps.push({
      at: times[from]!,
      length: times[to]! - times[from]!,
      height: gone ? 0 : count < SEVERAL ? Math.max(0, least) : height,
      place: places[from]! + Math.min((places[to]! - places[from]!) / 2, BEGUN),
    });
  }
  if (noise < STILL_NOISE && !unsure) gaps.push(...stillIn(reversals, gaps));
  return gaps.sort((a, b) => a.at - b.at);
}

/** Between two good pulses, lines where their flanks should be. */
function stillIn(reversals: Reversals, others: readonly Gap[]): (Gap & { readonly place: number })[] {
  const { places, times, usual } = reversals;
  const cells = Float64Array.from({ length: places.length - 1 }, (_, i) => places[i + 1]! - places[i]!);
  const shares = cells.map((_, i) => stillShare(reversals, times[i]!, times[i + 1]!, STILL * usual[i]!));
  const whole = shares.filter((_, i) => cells[i] === 1).sort();
  const usualShare = whole[whole.length >> 1] ?? 0;
  return Array.from(shares).flatMap((share, i) => {
    const at = times[i]!;
    const length = times[i + 1]! - at;
    if (share * cells[i]! < STILL_CELLS || share < usualShare + STILL_MORE) return [];
    if (others.some((gap) => gap.at <= at && gap.at + gap.length >= at + length)) return [];
    return [{ at, length, height: 0, place: (places[i]! + places[i + 1]!) / 2 }];
  });
}

/** Share of a time, about its middle, in which the signal sways by no more than `least`. */
function stillShare({ flat }: Reversals, from: number, to: number, least: number): number {
  const middle = Math.max(0, Math.min(flat.length - 1, Math.round((from + to) / 2)));
  let [low, high] = [flat[middle]!, flat[middle]!];
  let [first, last] = [middle, middle];
  for (let grows = true; grows; ) {
    grows = false;
    for (const next of [first - 1, last + 1]) {
      if (next < from || next > to || next < 0 || next >= flat.length) continue;
      const [under, over] = [Math.min(low, flat[next]!), Math.max(high, flat[next]!)];
      if (over - under > least) continue;
      [low, high] = [under, over];
      if (next < first) first = next;
      else last = next;
      grows = true;
    }
  }
  return (last - first) / (to - from);
}

/** Pulses that lie elsewhere make no gap. */
function isEmpty({ flat, places, times, usual }: Reversals, before: number, behind: number): boolean {
  const [from, to] = [times[before]!, times[behind]!];
  const flank = (FLANK * (to - from)) / (places[behind]! - places[before]!);
  const least = WEAK * Math.min(usual[before]!, usual[behind]!);
  return flat.subarray(Math.ceil(from + flank), Math.floor(to - flank)).every((value) => Math.abs(value) < least);
}

function medianOf(heights: Float64Array, usual: Float64Array, from: number, to: number): number {
  const shares = heights.slice(from, to);
  for (let i = 0; i < shares.length; i++) shares[i]! /= usual[from + i]!;
  shares.sort();
  const half = shares.length >> 1;
  return shares.length % 2 === 1 ? shares[half]! : (shares[half - 1]! + shares[half]!) / 2;
}

/** Of the pulses in a long gap, wherever they lie: of each cell the highest, and of these the median. */
function heightWithin({ flat, places, times, usual }: Reversals, from: number, to: number): number {
  const cells = Math.round(places[to]! - places[from]!);
  const cell = (times[to]! - times[from]!) / cells;
  const heights = new Float64Array(Math.max(1, cells - 1));
  for (let k = 0; k < heights.length; k++) {
    const low = Math.max(0, Math.ceil(times[from]! + (k + 0.5) * cell));
    const high = Math.min(flat.length - 1, Math.floor(times[from]! + (k + 1.5) * cell));
    for (let n = low; n <= high; n++) heights[k] = Math.max(heights[k]!, Math.abs(flat[n]!));
  }
  heights.sort();
  return heights[heights.length >> 1]! / Math.min(usual[from]!, usual[to]!);
}

/** How much longer cells are in a stretch than beside it. */
function slowness({ places, times }: Reversals, from: number, to: number): number {
  const cell = (a: number, b: number): number => (times[b]! - times[a]!) / (places[b]! - places[a]!);
  const before = from >= PACE_CELLS ? cell(from - PACE_CELLS, from) : undefined;
  const behind = to + PACE_CELLS < places.length ? cell(to, to + PACE_CELLS) : undefined;
  const beside = Math.min(before ?? Number.POSITIVE_INFINITY, behind ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(beside) ? Math.max(1, cell(from, to) / beside) : 1;
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
 *
 * @param noise - Deviation of the noise, of full scale.
 */
export function goneBeside(
  samples: Float32Array,
  end: number,
  cell: number,
  noise: number,
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
  const inside: number[] = [];
  while (to < LONGEST && quiet(to)) {
    inside.push(swingAt(to));
    to += HOP;
  }
  if (to >= LONGEST) return undefined;
  const [first, last] = [from - WINDOW / 2, to + WINDOW / 2].map((cells) => end + way * cells * cell) as [
    number,
    number,
  ];
  const swing = inside.sort((a, b) => a - b)[inside.length >> 1]!;
  // Noise swings by some four deviations in a window.
  const height = swing < SILENT * usual + SWING_OF_NOISE * noise ? 0 : swing / usual;
  return { at: Math.min(first, last), length: Math.abs(last - first), height };
}

const SWING_OF_NOISE = 5;
/** What is left of the pulses beside it, of the usual swing. */
const SILENT = 0.04;
