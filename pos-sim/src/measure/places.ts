// Where in a swipe something lies, as it may be told: dropouts, and the ends of a recording that cut it. Of a swipe whose bits may not be seen
// places are characters, or 16 cells, and lengths whole cells.

import { END_ZEROS } from "../cells.js";
import { dropoutsIn, type Gap, goneBeside } from "./dropouts.js";
import { levelStep, pulsesTo } from "./level-step.js";
import { DEVIATION, median, SECOND_DIFFERENCE } from "./median.js";
import type { Dropout, LevelStep, SignalMeasures } from "./report.js";
import type { Reversals } from "./reversals.js";
import type { Swipe } from "./swipe.js";

/** In which character a cell lies, the start sentinel being number 1; undefined outside the data, and where no character is known. */
export function placing(swipe: Swipe): (place: number) => number | undefined {
  const { cells, direction, symbolBits, followed } = swipe;
  const { frameFrom, frameBits } = cells;
  return (place) => {
    if (symbolBits === undefined || followed?.start === false || place < frameFrom || place > frameFrom + frameBits)
      return undefined;
    const along = direction === "forward" ? place - frameFrom : frameFrom + frameBits - place;
    return Math.min(Math.ceil(frameBits / symbolBits), Math.floor(along / symbolBits) + 1);
  };
}

/** Dropouts that are told, at most. */
const DROPOUTS = 20;
/** Cells in which a place that may not tell a bit may lie: as the parts of a swipe's level. */
export const COARSE_CELLS = 16;
/** Cells beside a gap at an end in which a swipe was followed by guess. */
const SPOILED_CELLS = 2;

export interface Dropouts {
  readonly told: readonly Dropout[];
  /** Where reversals say nothing of the clock, in samples of the excerpt: gaps, and what lies next to where nothing could be followed. */
  readonly spoiled: readonly Pick<Gap, "at" | "length">[];
}

/**
 * Dropouts within the cells; of an attempt that failed, also where it began and ended.
 *
 * @param cell - Mean cell, samples.
 * @param sigma - Deviation of the noise, full scale.
 */
export function dropoutsOf(swipe: Swipe, reversals: Reversals, cell: number, sigma: number): Dropouts {
  const { cells, excerpt, direction, sampleRateHz, coarse } = swipe;
  const { bits, bounds, frameFrom, frameBits } = cells;
  const frameEnd = frameFrom + frameBits;
  const characterOf = placing(swipe);
  const told = ({ at, length, height }: Gap, character: number | undefined): Dropout => {
    const whole = Math.max(1, Math.round(length / cell));
    return {
      atS: toldAt(swipe, at, cell),
      lengthUs: ((coarse ? whole * cell : length) / sampleRateHz) * 1e6,
      cells: coarse ? whole : length / cell,
      pulsePercent: 100 * height,
      ...(character !== undefined && { character }),
    };
  };
  const usual = median(reversals.usual);
  const known = usual > 0 ? dropoutsIn(reversals, sigma / usual, unrest(reversals) / cell) : [];
  const spoiled: Pick<Gap, "at" | "length">[] = [...known];
  const found = known.map((gap) => told(gap, characterOf(gap.place)));
  const beside = (way: "forward" | "reverse"): void => {
    const end = bounds[way === "forward" ? bits.length : 0]! - excerpt.from;
    const gap = goneBeside(excerpt.samples, end, cell, sigma, way);
    if (gap === undefined) return;
    const [from, to] = [gap.at + excerpt.from, gap.at + gap.length + excerpt.from];
    // A hand that slows down, stops and goes on has low pulses beside its stop.
    const stops = swipe.place?.pauses.some((pause) => pause.from < to && pause.to > from) ?? false;
    const { symbolBits, followed } = swipe;
    const counted = symbolBits !== undefined && followed?.start !== false && direction === way;
    if (!stops) found.push(told(gap, counted ? Math.floor(frameBits / symbolBits) + 1 : undefined));
    spoiled.push({ at: gap.at - SPOILED_CELLS * cell, length: gap.length + 2 * SPOILED_CELLS * cell });
  };
  // Behind so many zeros a swipe has ended, and what lies beyond is another one.
  if (!swipe.whole && bits.length - frameEnd < END_ZEROS) beside("forward");
  if (!swipe.whole && frameFrom < END_ZEROS) beside("reverse");
  return { told: found.slice(0, DROPOUTS), spoiled };
}

/** Seconds at which a sample of the excerpt may be told. */
function toldAt({ cells, excerpt, coarse, sampleRateHz }: Swipe, at: number, cell: number): number {
  const start = cells.bounds[0]!;
  const sample = at + excerpt.from;
  const part = COARSE_CELLS * cell;
  return Math.max(0, coarse ? start + Math.floor((sample - start) / part) * part : sample) / sampleRateHz;
}

/** A low stretch that was told is no level: cells of it. */
const STRETCH_CELLS = 12;

/** Where the level of a swipe changes and stays so. @param sigma - Deviation of the noise, of `samples`. */
export function stepOf(
  swipe: Swipe,
  samples: Float32Array,
  cell: number,
  sigma: number,
  dropouts: readonly Dropout[],
): LevelStep | undefined {
  const { cells, excerpt, place, direction, symbolBits, followed } = swipe;
  const { bounds, bits, frameFrom, frameBits } = cells;
  if ((place?.pauses.length ?? 0) > 0 || dropouts.some((one) => one.cells > STRETCH_CELLS)) return undefined;
  const end = bounds[bits.length]!;
  let [first, last] = [Math.min(bounds[0]!, place?.from ?? bounds[0]!), Math.max(end, place?.to ?? end)].map(
    (sample) => sample - excerpt.from,
  ) as [number, number];
  // An end without zeros is where it was lost.
  if (!swipe.whole && frameFrom < END_ZEROS) first = pulsesTo(samples, first, -1, cell, sigma);
  if (!swipe.whole && bits.length - frameFrom - frameBits < END_ZEROS) last = pulsesTo(samples, last, 1, cell, sigma);
  const cellOf = (sample: number): number => {
    const k = bounds.findIndex((bound) => bound > sample + excerpt.from);
    const at = k < 0 ? bits.length - AROUND : Math.max(AROUND, Math.min(bits.length - AROUND, k));
    return (bounds[at + AROUND]! - bounds[at - AROUND]!) / (2 * AROUND);
  };
  if (bits.length < 2 * AROUND) return undefined;
  const found = levelStep(samples, [first, last], cell, cellOf, sigma);
  if (found === undefined) return undefined;
  const sample = found.at + excerpt.from;
  const k = bounds.findIndex((bound) => bound > sample);
  // Behind what was followed cells go on at the same pace.
  const beyond = k < 0 && direction === "forward" && symbolBits !== undefined && followed?.start !== false;
  const character = beyond
    ? Math.floor((bits.length - frameFrom + (sample - end) / cell) / symbolBits) + 1
    : placing(swipe)(k - 0.5);
  return {
    atS: toldAt(swipe, found.at, cell),
    pulsePercent: 100 * found.ratio,
    ...(character !== undefined && { character }),
  };
}

/** Cells on each side that tell the hand's pace. */
const AROUND = 6;

/** Jitter of the cells' edges, samples: of the second differences of their times, which no steady hand has. */
function unrest({ places, times }: Reversals): number {
  const edges = times.filter((_, i) => Number.isInteger(places[i]!));
  const bends = edges.slice(2).map((time, i) => Math.abs(time - 2 * edges[i + 1]! + edges[i]!));
  return bends.length === 0 ? 0 : median(bends) / DEVIATION / SECOND_DIFFERENCE;
}

/** Cells at an end of a recording within which a swipe that is cut there has pulses, and was followed. */
const EDGE_CELLS = 2;
const FOLLOWED_CELLS = 16;
/** Of a pulse's height: what stands there is a pulse. */
const PULSE = 0.5;

/** Does the recording begin or end within a swipe that was not read? @param height - Of a usual pulse. */
export function cutOf(swipe: Swipe, height: number, cell: number): SignalMeasures["cut"] {
  const { place, excerpt, ended = false, cells } = swipe;
  if (place === undefined) return { begins: false, ends: false };
  const { samples, from } = excerpt;
  const edge = Math.ceil(EDGE_CELLS * cell);
  const loud = (part: Float32Array): boolean => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const sample of part) {
      low = Math.min(low, sample);
      high = Math.max(high, sample);
    }
    return high - low > 2 * PULSE * height;
  };
  const { bits, frameFrom, frameBits } = cells;
  const end = from + samples.length;
  return {
    begins:
      from === 0 && frameFrom < END_ZEROS && place.from < FOLLOWED_CELLS * cell && loud(samples.subarray(0, edge)),
    ends:
      ended &&
      bits.length - frameFrom - frameBits < END_ZEROS &&
      place.to > end - FOLLOWED_CELLS * cell &&
      loud(samples.subarray(-edge)),
  };
}
