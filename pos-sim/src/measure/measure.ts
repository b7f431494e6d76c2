// Measures a swipe's signal: level, speed, jitter, dropouts, zeros, clipping, noise. Of a read, or of the best attempt that failed.
import type { CellTimes } from "../cells.js";
import { TRACK_FORMATS } from "../track-format.js";
import { baseLineOf } from "./base-line.js";
import { clockAt, type Fit } from "./clock.js";
import { eachCell, jitterOf } from "./jitter.js";
import { decibels, loudest } from "./levels.js";
import { median } from "./median.js";
import { meanPulse, noiseJitter } from "./noise-jitter.js";
import { cutOf, dropoutsOf, placing, stepOf } from "./places.js";
import { clippedShare, noiseOf, noiseWithin, quietBeside, snrOf, swipePower } from "./power.js";
import type { SignalMeasures } from "./report.js";
import { type Reversals, reversalsOf } from "./reversals.js";
import { swingOf } from "./speed-swing.js";
import type { Swipe } from "./swipe.js";
import { CLIPPED_PERCENT, weaknessesOf } from "./weaknesses.js";
import { withoutPulses } from "./without-pulses.js";

/** Each cell by itself: what a picture shows of a swipe whose bits may be seen. */
export interface CellMeasure {
  readonly atS: number;
  readonly ips: number;
  /** Per cent of the hand's cell there. */
  readonly deviation: number;
  /** Of a one: its two halves, per cent of half a cell. */
  readonly halves?: readonly [number, number];
}

/** The hand's clock at a cell's edge. */
export interface HandMeasure {
  readonly atS: number;
  readonly ips: number;
}

export interface Measured {
  readonly signal: SignalMeasures;
  readonly cells: readonly CellMeasure[];
  /** At every edge of the frame's cells, both ends too. */
  readonly hand: readonly HandMeasure[];
}

/** Below so many samples a cell, the middle of a one lies between too few to be placed. */
const JITTER_SAMPLES = 7;
/** Hum from which on it is taken away before anything is measured, of the loudest sample. */
const HUM = 0.05;

/** From there on characters, of five cells and seven, come as often as the mains and its harmonics swing, or nearly so. */
const SLOW_CELL_S = 0.0007;

/** Undefined where there are too few reversals to measure. */
export function measured(swipe: Swipe): Measured | undefined {
  const { excerpt, sampleRateHz: rate } = swipe;
  const { bits, frameFrom, frameBits } = swipe.cells;
  const cells: CellTimes = { ...swipe.cells, bounds: swipe.cells.bounds.map((at) => at - excerpt.from) };
  const { bounds } = cells;
  const frameEnd = frameFrom + frameBits;
  const cell = (bounds[frameEnd]! - bounds[frameFrom]!) / frameBits;
  const inFrame = partOf(excerpt.samples, bounds[frameFrom]!, bounds[frameEnd]!);
  const clippedPercent = 100 * clippedShare(inFrame);
  const clipped = clippedPercent > CLIPPED_PERCENT;
  const base = baseLineOf(excerpt.samples, rate);
  const { wander } = base;
  const peak = loudest(inFrame, 0, inFrame.length);
  // Samples that are no numbers are silence here, and have no level.
  if (peak === 0) return undefined;
  const isSlow = cell > SLOW_CELL_S * rate && (base.hum ?? 0) > HUM * peak;
  const rest = isSlow ? withoutPulses(excerpt.samples, cells, cell, clipped) : undefined;
  const { hum, humAt } = rest === undefined ? base : baseLineOf(rest, rate);
  const samples = (hum ?? 0) > HUM * peak ? excerpt.samples.map((sample, i) => sample - humAt(i)) : excerpt.samples;
  const found = reversalsOf(samples, cells, clipped);
  const height = median(found.usual);
  // Beside all that was followed: next to one part of a swipe may lie the other one.
  const { place } = swipe;
  const first = place === undefined ? bounds[0]! : Math.min(bounds[0]!, place.from - excerpt.from);
  const last = place === undefined ? bounds[bits.length]! : Math.max(bounds[bits.length]!, place.to - excerpt.from);
  const pulse = meanPulse(found, cell);
  const white = noiseWithin(inFrame);
  const power = swipePower(partOf(samples, bounds[frameFrom]!, bounds[frameEnd]!), cell);
  const quiet = quietBeside(samples, first, last, cell, excerpt.samples);
  // Noise of a narrow band bends no less slowly than pulses do, but makes each of them another one.
  const within = Math.max(white ** 2, pulse?.rest ?? 0);
  const noise = clipped || quiet === undefined ? quiet?.power : noiseOf(quiet.power, within, power);
  const sigma = noise === undefined ? white : Math.sqrt(noise);
  const dropouts = dropoutsOf(swipe, found, cell, sigma);
  const reversals = { ...found, weak: withoutNeighbours(found, dropouts.spoiled) };
  const fits = Array.from({ length: frameBits + 1 }, (_, i) => clockAt(reversals, frameFrom + i));
  if (frameBits < 1 || fits.some((fit) => fit === undefined)) return undefined;
  const clock = fits as Fit[];

  const ipsOf = (samples: number): number => rate / samples / TRACK_FORMATS[swipe.track].density;
  const each = eachCell(reversals, clock, cells);
  const speeds = clock.slice(0, -1).map((fit) => ipsOf(fit.cell));
  const swing = swingOf(speeds, frameFrom, placing(swipe));
  const jitter = cell < JITTER_SAMPLES ? undefined : jitterOf(reversals, each, cells, placing(swipe));
  const byNoise =
    jitter &&
    pulse &&
    noiseJitter(reversals, pulse, sigma, noise === quiet?.power ? quiet?.pieces : undefined, cell, clipped);
  const step = stepOf(swipe, samples, cell, sigma, dropouts.told);
  const [before, after] = [Math.max(0, frameFrom - outside(found)), bits.length - frameEnd];
  const signal: Omit<SignalMeasures, "weaknesses"> = {
    peakDb: decibels(peak),
    swingDb: decibels(height),
    speed: {
      meanIps: ipsOf(cell),
      slowestIps: Math.min(...speeds),
      fastestIps: Math.max(...speeds),
      ...(swing && { swing }),
    },
    cellUs: (cell / rate) * 1e6,
    cellSamples: cell,
    ...(jitter && {
      jitter: {
        ...jitter,
        ...(byNoise && { noisePercent: 100 * byNoise.rms, noiseWorstPercent: 100 * byNoise.worst }),
      },
    }),
    lowestPulsePercent: Math.max(0, 100 * lowest(reversals, frameFrom, frameEnd)),
    dropouts: dropouts.told,
    ...(step && { levelStep: step }),
    pauses: (swipe.place?.pauses ?? []).map(({ from, to }) => ({ atS: from / rate, lengthS: (to - from) / rate })),
    cut: cutOf(swipe, height, cell),
    ...(hum !== undefined && { humPercent: (100 * hum) / height }),
    wanderPercent: (100 * wander) / height,
    ...(swipe.followed?.start !== false && { leadingZeros: swipe.direction === "forward" ? before : after }),
    ...(swipe.followed?.end !== false && { trailingZeros: swipe.direction === "forward" ? after : before }),
    clippedPercent,
    ...(noise !== undefined && { snrDb: snrOf(power, noise) }),
  };
  return {
    signal: { ...signal, weaknesses: weaknessesOf(signal, swipe.whole) },
    cells: each.map(({ at, length, deviation, halves }) => ({
      atS: (at + excerpt.from) / rate,
      ips: ipsOf(length),
      deviation,
      ...(halves && { halves }),
    })),
    hand: clock.map(({ time, cell: length }) => ({ atS: (time + excerpt.from) / rate, ips: ipsOf(length) })),
  };
}

const partOf = (samples: Float32Array, from: number, to: number): Float32Array =>
  samples.subarray(Math.max(0, Math.floor(from)), Math.ceil(to));

/** Pulses that end a gap are cut themselves, and say nothing of the clock. */
function withoutNeighbours(
  { times, weak }: Reversals,
  gaps: readonly { readonly at: number; readonly length: number }[],
): Uint8Array {
  return weak.map((one, i) => (gaps.some(({ at, length }) => times[i]! >= at && times[i]! <= at + length) ? 1 : one));
}

/** Cells in front of the first pulse: a peak of noise at about a cell's distance began them. More are a dropout's. */
const outside = ({ places, weak }: Reversals): number =>
  Math.min(STRAY_CELLS, Math.floor(places[weak.indexOf(0)] ?? 0));

const STRAY_CELLS = 2;

function lowest({ places, heights, usual }: Reversals, from: number, to: number): number {
  let least = 1;
  for (let i = 0; i < places.length; i++) {
    if (places[i]! >= from && places[i]! <= to) least = Math.min(least, heights[i]! / usual[i]!);
  }
  return least;
}
