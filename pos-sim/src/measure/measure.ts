// Measures a swipe's signal: level, speed, jitter, dropouts, zeros, clipping, noise. Of a read, or of the best attempt that failed.
import type { CellTimes } from "../reader/burst.js";
import { TRACK_FORMATS, type TrackNumber } from "../track-format.js";
import { clockAt, type Fit } from "./clock.js";
import { dropoutsIn, type Gap, goneBeside } from "./dropouts.js";
import { eachCell, jitterOf } from "./jitter.js";
import { decibels, loudest } from "./levels.js";
import { clippedShare, noisePower, powerOf, snrOf } from "./power.js";
import type { Dropout, SignalMeasures } from "./report.js";
import { type Reversals, reversalsOf } from "./reversals.js";
import type { Excerpt } from "./tape.js";
import { weaknessesOf } from "./weaknesses.js";

/** What is to be measured. */
export interface Swipe {
  /** The swipe and what lies around it. */
  readonly excerpt: Excerpt;
  readonly sampleRateHz: number;
  /** In samples of the recording. */
  readonly cells: CellTimes;
  readonly direction: "forward" | "reverse";
  /** Its density gives the speed. */
  readonly track: TrackNumber;
  /** Bits of a character; undefined where none was found. */
  readonly symbolBits?: 5 | 7;
  /** The frame is a read's: what lies behind its end is no part of it. */
  readonly whole: boolean;
  /** Its bits may not be seen: dropouts are placed by their character, and last whole cells. */
  readonly coarse: boolean;
}

/** Each cell by itself: what a picture shows of a swipe whose bits may be seen. */
export interface CellMeasure {
  readonly atS: number;
  readonly ips: number;
  /** Per cent of the hand's cell there. */
  readonly deviation: number;
  /** Of a one: its two halves, per cent of half a cell. */
  readonly halves?: readonly [number, number];
}

export interface Measured {
  readonly signal: SignalMeasures;
  /** The hand's speed at each cell of the frame, inches a second. */
  readonly speedIps: Float64Array;
  readonly cells: readonly CellMeasure[];
}

/** Below so many samples a cell, the middle of a one lies between too few to be placed. */
const JITTER_SAMPLES = 7;

/** Undefined where there are too few reversals to measure. */
export function measured(swipe: Swipe): Measured | undefined {
  const { excerpt, sampleRateHz: rate } = swipe;
  const { bits, frameFrom, frameBits } = swipe.cells;
  const cells: CellTimes = { ...swipe.cells, bounds: swipe.cells.bounds.map((at) => at - excerpt.from) };
  const { bounds } = cells;
  const frameEnd = frameFrom + frameBits;
  const reversals = reversalsOf(excerpt.samples, cells);
  const fits = Array.from({ length: frameBits + 1 }, (_, i) => clockAt(reversals, frameFrom + i));
  if (frameBits < 1 || fits.some((fit) => fit === undefined)) return undefined;
  const clock = fits as Fit[];

  const ipsOf = (cell: number): number => rate / cell / TRACK_FORMATS[swipe.track].density;
  const cell = (bounds[frameEnd]! - bounds[frameFrom]!) / frameBits;
  const each = eachCell(reversals, clock, cells);
  const speeds = Float64Array.from(clock.slice(0, -1), (fit) => ipsOf(fit.cell));
  const inFrame = excerpt.samples.subarray(Math.max(0, Math.floor(bounds[frameFrom]!)), Math.ceil(bounds[frameEnd]!));
  const jitter = cell < JITTER_SAMPLES ? undefined : jitterOf(reversals, each, cells, placing(swipe));
  const noise = noisePower(excerpt.samples, bounds[0]!, bounds[bits.length]!, cell);
  const [before, after] = [frameFrom, bits.length - frameEnd];
  const signal: Omit<SignalMeasures, "weaknesses"> = {
    peakDb: decibels(loudest(inFrame, 0, inFrame.length)),
    swingDb: decibels(median(reversals.usual)),
    speed: { meanIps: ipsOf(cell), slowestIps: Math.min(...speeds), fastestIps: Math.max(...speeds) },
    cellUs: (cell / rate) * 1e6,
    cellSamples: cell,
    ...(jitter && { jitter }),
    lowestPulsePercent: Math.max(0, 100 * lowest(reversals, frameFrom, frameEnd)),
    dropouts: dropoutsOf(swipe, reversals, cell),
    leadingZeros: swipe.direction === "forward" ? before : after,
    trailingZeros: swipe.direction === "forward" ? after : before,
    clippedPercent: 100 * clippedShare(inFrame),
    ...(noise !== undefined && { snrDb: snrOf(powerOf(inFrame), noise) }),
  };
  return {
    signal: { ...signal, weaknesses: weaknessesOf(signal, swipe.whole) },
    speedIps: speeds,
    cells: each.map(({ at, length, deviation, halves }) => ({
      atS: (at + excerpt.from) / rate,
      ips: ipsOf(length),
      deviation,
      ...(halves && { halves }),
    })),
  };
}

/** In which character a cell lies, the start sentinel being number 1; undefined outside the data, and where no character is known. */
function placing({ cells, direction, symbolBits }: Swipe): (place: number) => number | undefined {
  const { frameFrom, frameBits } = cells;
  return (place) => {
    if (symbolBits === undefined || place < frameFrom || place > frameFrom + frameBits) return undefined;
    const along = direction === "forward" ? place - frameFrom : frameFrom + frameBits - place;
    return Math.min(Math.ceil(frameBits / symbolBits), Math.floor(along / symbolBits) + 1);
  };
}

/** Dropouts that are told, at most. */
const DROPOUTS = 20;
/** Zeros that end a swipe. */
const END_ZEROS = 10;
/** A time that may not tell a bit: 18 cells of the slowest swipe that is read. */
const COARSE_S = 0.1;

/** Dropouts within the cells; of an attempt that failed, also where it began and ended. @param cell - Mean cell, samples. */
function dropoutsOf(swipe: Swipe, reversals: Reversals, cell: number): Dropout[] {
  const { cells, excerpt, direction, sampleRateHz, coarse } = swipe;
  const { bits, bounds, frameFrom, frameBits } = cells;
  const frameEnd = frameFrom + frameBits;
  const characterOf = placing(swipe);
  const told = ({ at, length }: Gap, character: number | undefined): Dropout => {
    const atS = (at + excerpt.from) / sampleRateHz;
    const wholeCells = Math.max(1, Math.round(length / cell)) * cell;
    return {
      atS: coarse ? Math.floor(atS / COARSE_S) * COARSE_S : atS,
      lengthUs: ((coarse ? wholeCells : length) / sampleRateHz) * 1e6,
      ...(character !== undefined && { character }),
    };
  };
  const found = dropoutsIn(reversals).map((gap) => told(gap, characterOf(gap.place)));
  // Behind so many zeros a swipe has ended, and what lies beyond is another one.
  if (!swipe.whole && bits.length - frameEnd < END_ZEROS) {
    const gap = goneBeside(excerpt.samples, bounds[bits.length]! - excerpt.from, cell, "forward");
    if (gap) found.push(told(gap, direction === "forward" ? characterOf(frameEnd) : undefined));
  }
  if (!swipe.whole && frameFrom < END_ZEROS) {
    const gap = goneBeside(excerpt.samples, bounds[0]! - excerpt.from, cell, "reverse");
    if (gap) found.push(told(gap, direction === "reverse" ? characterOf(frameFrom) : undefined));
  }
  return found.slice(0, DROPOUTS);
}

function lowest({ places, heights, usual }: Reversals, from: number, to: number): number {
  let least = 1;
  for (let i = 0; i < places.length; i++) {
    if (places[i]! >= from && places[i]! <= to) least = Math.min(least, heights[i]! / usual[i]!);
  }
  return least;
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  return sorted[sorted.length >> 1]!;
}
