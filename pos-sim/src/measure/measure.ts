// Measures a swipe's signal: level, speed, jitter, dropouts, zeros, clipping, noise. Of a read, or of the best attempt that failed.
import type { CellTimes } from "../reader/burst.js";
import { TRACK_FORMATS, type TrackNumber } from "../track-format.js";
import { clockAt, type Fit } from "./clock.js";
import { dropoutsIn, goneBeside } from "./dropouts.js";
import { decibels, loudest } from "./levels.js";
import { CELL_LIMITS, type Limits, SUBINTERVAL_LIMITS } from "./limits.js";
import { clippedShare, noisePower, powerOf, snrOf } from "./power.js";
import type { Deviations, Dropout, SignalMeasures } from "./report.js";
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

/** Dropouts that are told, at most. */
const DROPOUTS = 20;
/** Zeros that end a swipe. */
const END_ZEROS = 10;
/** A place that may not tell a bit: several cells at any speed that is read. */
const COARSE_S = 0.02;

/** Undefined where there are too few reversals to measure. */
export function measured(swipe: Swipe): Measured | undefined {
  const { excerpt, sampleRateHz: rate, direction, symbolBits, track } = swipe;
  const { bits, frameFrom, frameBits } = swipe.cells;
  const shifted = swipe.cells.bounds.map((at) => at - excerpt.from);
  const cells: CellTimes = { ...swipe.cells, bounds: shifted };
  const reversals = reversalsOf(excerpt.samples, cells);
  const frameEnd = frameFrom + frameBits;
  const fits = Array.from({ length: frameBits + 1 }, (_, i) => clockAt(reversals, frameFrom + i));
  if (frameBits < 1 || fits.some((fit) => fit === undefined)) return undefined;
  const clock = fits as Fit[];

  const characterOf = (place: number): number | undefined => {
    if (symbolBits === undefined || place < frameFrom || place > frameEnd) return undefined;
    const along = direction === "forward" ? place - frameFrom : frameEnd - place;
    return Math.min(Math.ceil(frameBits / symbolBits), Math.floor(along / symbolBits) + 1);
  };
  const inch = TRACK_FORMATS[track].density;
  const ipsOf = (cell: number): number => rate / cell / inch;
  const each = eachCell(reversals, clock, cells).map((cell): CellMeasure & { readonly place: number } => ({
    place: cell.place,
    atS: (cell.at + excerpt.from) / rate,
    ips: ipsOf(cell.length),
    deviation: cell.deviation,
    ...(cell.halves && { halves: cell.halves }),
  }));
  const cell = (shifted[frameEnd]! - shifted[frameFrom]!) / frameBits;
  const place = (value: { readonly value: number; readonly place: number }) => ({
    value: value.value,
    character: characterOf(value.place),
  });
  const cellSpread = deviations(
    each.map(({ deviation, place: at }) => place({ value: deviation, place: at + 0.5 })),
    CELL_LIMITS,
  );
  const halfSpread = deviations(
    each.flatMap(({ halves = [], place: at }) => halves.map((value) => place({ value, place: at + 0.5 }))),
    SUBINTERVAL_LIMITS,
  );
  const [from, to] = [shifted[0]!, shifted[bits.length]!];
  const inFrame = excerpt.samples.subarray(Math.max(0, Math.floor(shifted[frameFrom]!)), Math.ceil(shifted[frameEnd]!));
  const gone = dropoutsIn(reversals);
  const beside = swipe.whole
    ? []
    : (["forward", "reverse"] as const).flatMap((way) => {
        // Behind so many zeros a swipe has ended, and what lies beyond is another one.
        if ((way === "forward" ? bits.length - frameEnd : frameFrom) >= END_ZEROS) return [];
        const gap = goneBeside(excerpt.samples, way === "forward" ? to : from, cell, way);
        return gap ? [{ ...gap, last: way === direction }] : [];
      });
  const dropouts = [...gone, ...beside].slice(0, DROPOUTS).map((gap): Dropout => {
    const known = "place" in gap ? characterOf(gap.place) : undefined;
    // Behind the last cell that was followed: in the character that it is of.
    const character = "last" in gap && gap.last ? characterOf(direction === "forward" ? frameEnd : frameFrom) : known;
    const exact = { atS: (gap.at + excerpt.from) / rate, lengthUs: (gap.length / rate) * 1e6 };
    const cellUs = (cell / rate) * 1e6;
    const coarse = {
      atS: Math.floor(exact.atS / COARSE_S) * COARSE_S,
      lengthUs: Math.max(1, Math.round(exact.lengthUs / cellUs)) * cellUs,
    };
    return { ...(swipe.coarse ? coarse : exact), ...(character !== undefined && { character }) };
  });
  const noise = noisePower(excerpt.samples, from, to, cell);
  const power = powerOf(inFrame);
  const speeds = Float64Array.from(clock.slice(0, -1), (fit) => ipsOf(fit.cell));
  const [before, after] = [frameFrom, bits.length - frameEnd];
  const signal: Omit<SignalMeasures, "weaknesses"> = {
    peakDb: decibels(loudest(inFrame, 0, inFrame.length)),
    swingDb: decibels(median(reversals.usual)),
    speed: { meanIps: ipsOf(cell), slowestIps: Math.min(...speeds), fastestIps: Math.max(...speeds) },
    cellUs: (cell / rate) * 1e6,
    cellSamples: cell,
    ...(cell >= JITTER_SAMPLES &&
      cellSpread && {
        jitter: {
          reversalsPercent: 100 * reversalJitter(reversals, frameFrom, frameEnd),
          cells: cellSpread,
          ...(halfSpread && { subintervals: halfSpread }),
        },
      }),
    lowestPulsePercent: Math.max(0, 100 * lowest(reversals, frameFrom, frameEnd)),
    dropouts,
    leadingZeros: direction === "forward" ? before : after,
    trailingZeros: direction === "forward" ? after : before,
    clippedPercent: 100 * clippedShare(inFrame),
    ...(noise !== undefined && { snrDb: snrOf(power, noise) }),
  };
  return {
    signal: { ...signal, weaknesses: weaknessesOf(signal, swipe.whole) },
    speedIps: speeds,
    cells: each.map(({ place: _, ...shown }) => shown),
  };
}

interface OneCell {
  readonly place: number;
  /** Middle and length, samples. */
  readonly at: number;
  readonly length: number;
  readonly deviation: number;
  readonly halves?: readonly [number, number];
}

/** The cells of a frame whose reversals are all there. */
function eachCell({ places, times, weak }: Reversals, clock: readonly Fit[], cells: CellTimes): OneCell[] {
  const found: OneCell[] = [];
  let i = places.findIndex((place) => place >= cells.frameFrom);
  for (let k = 0; k < cells.frameBits; k++) {
    const one = cells.bits[cells.frameFrom + k] === 1;
    const next = i + (one ? 2 : 1);
    const hand = (clock[k]!.cell + clock[k + 1]!.cell) / 2;
    const length = times[next]! - times[i]!;
    if (!(weak[i] === 1 || weak[next] === 1 || (one && weak[i + 1] === 1))) {
      const half = (from: number): number => 100 * ((times[from + 1]! - times[from]!) / (hand / 2) - 1);
      found.push({
        place: cells.frameFrom + k,
        at: (times[i]! + times[next]!) / 2,
        length,
        deviation: 100 * (length / hand - 1),
        ...(one && { halves: [half(i), half(i + 1)] as const }),
      });
    }
    i = next;
  }
  return found;
}

function deviations(
  values: readonly { readonly value: number; readonly character: number | undefined }[],
  { newPercent, usedPercent }: Limits,
): Deviations | undefined {
  if (values.length === 0) return undefined;
  let worst = values[0]!;
  let sum = 0;
  for (const one of values) {
    if (Math.abs(one.value) > Math.abs(worst.value)) worst = one;
    sum += one.value ** 2;
  }
  const most = Math.abs(worst.value);
  return {
    rmsPercent: Math.sqrt(sum / values.length),
    worstPercent: most,
    worstOfNewPercent: (100 * most) / newPercent,
    worstOfUsedPercent: (100 * most) / usedPercent,
    ...(worst.character !== undefined && { worstCharacter: worst.character }),
  };
}

/** Root mean square of what single reversals deviate from the clock around them, in cells. */
function reversalJitter(reversals: Reversals, from: number, to: number): number {
  const { places, times, weak } = reversals;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < places.length; i++) {
    if (weak[i] === 1 || places[i]! < from || places[i]! > to) continue;
    const fit = clockAt(reversals, places[i]!);
    if (fit === undefined || fit.leverage > 0.5) continue;
    // The fit has followed the reversal by its leverage.
    sum += ((times[i]! - fit.time) / fit.cell) ** 2 / (1 - fit.leverage);
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
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
