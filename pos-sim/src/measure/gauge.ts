// What a reader measures beside its reading: the signal of each read, of each swipe that could not be read, and the level
// of the whole recording. Decides what may leave of a swipe: samples and single cells only of a read that is shown in full.
import type { CellTimes, Followed } from "../cells.js";
import type { TrackNumber } from "../track-format.js";
import { type Levels, levelsOf, Overview, partsOf } from "./levels.js";
import { type CellMeasure, type HandMeasure, type Measured, measured } from "./measure.js";
import type { SignalMeasures } from "./report.js";
import { sharesOf } from "./spread.js";
import type { Place } from "./swipe.js";
import { type Excerpt, Tape } from "./tape.js";

/** What a picture of a swipe is made of. */
export interface Profile {
  /** From a little before its first zero to a little behind its last: beside an attempt may lie what it could not follow. */
  readonly levels: Levels;
  /** The hand's speed in the middle of equal parts of the data's time, in their order, inches a second. */
  readonly speed: { readonly fromS: number; readonly toS: number; readonly partsIps: readonly number[] };
  /** How cells, and the halves of ones, deviate from the hand's clock: whole per cent of them in bars of one per cent, from -60 to 60. */
  readonly spread: { readonly cells: readonly number[]; readonly subintervals: readonly number[] };
  /** Only of a read that is not masked: its samples, what each cell measures, and the hand's speed at each cell's edge. */
  readonly shown?: {
    readonly samples: Float32Array;
    readonly sampleRateHz: number;
    /** Time of the first sample in the recording, seconds. */
    readonly startS: number;
    readonly cells: readonly CellMeasure[];
    readonly hand: readonly HandMeasure[];
  };
}

/** What was tried. Times in samples of the recording. */
export interface Attempted {
  readonly cells: CellTimes;
  readonly direction: "forward" | "reverse";
  readonly symbolBits?: 5 | 7;
  /** From end to end, unless told. */
  readonly followed?: Followed;
}

export interface Findings {
  readonly signal?: SignalMeasures;
  readonly profile?: Profile;
}

/** A read may be settled so late, by a search that waits. */
const REACH_S = 13;
/** What is looked at beside a swipe, for its noise. */
const BESIDE_S = 0.05;
/** Cells of a part of a swipe's levels: two characters and more. */
const PART_CELLS = 16;
/** Cells beside the zeros that are shown, where there is silence. */
const MARGIN_CELLS = 2;
/** Of the zeros next to what is not silent, so many cells are not shown: they may end another card's last character. */
const OTHERS_CELLS = 7;
/** A swing beside the zeros that is no silence, of that of the zeros. */
const HEARD = 0.3;

export class Gauge {
  readonly #rate: number;
  readonly #tape: Tape;
  readonly #overview: Overview;
  #profiles: number;
  #attempts: number;
  #samples = 0;
  #ended = false;

  /** @param profiles - So many reads are given their profile, the first ones, and as many attempts. */
  constructor(sampleRateHz: number, profiles: number) {
    this.#rate = sampleRateHz;
    this.#tape = new Tape(Math.ceil(REACH_S * sampleRateHz));
    this.#overview = new Overview(sampleRateHz);
    this.#profiles = profiles;
    this.#attempts = profiles;
  }

  /** Takes the next samples. The block stays the caller's. */
  push(samples: Float32Array, from: number, count: number): void {
    this.#tape.push(samples, from, count);
    this.#overview.push(samples, from, count);
    this.#samples += count;
  }

  /** No more samples will come. */
  end(): void {
    this.#ended = true;
  }

  /** @param masked - The read is not shown in full: neither is its signal. */
  ofRead(frame: Attempted, track: TrackNumber, masked: boolean): Findings {
    const found = this.#measure(frame, track, true, masked);
    if (found === undefined) return {};
    const { signal } = found.measured;
    return this.#profiles-- > 0 ? { signal, profile: this.#profile(found, frame, !masked) } : { signal };
  }

  /** Of a swipe that could not be read. Whose card that was is not known: nothing of it is shown. */
  ofAttempt(attempted: Attempted, place: Place): Findings {
    const found = this.#measure(attempted, attempted.symbolBits === 7 ? 1 : 2, false, true, place);
    if (found === undefined) return {};
    const { signal } = found.measured;
    return this.#attempts-- > 0 ? { signal, profile: this.#profile(found, attempted, false) } : { signal };
  }

  get levels(): Levels {
    return this.#overview.levels();
  }

  #measure(
    swipe: Attempted,
    track: TrackNumber,
    whole: boolean,
    coarse: boolean,
    place?: Place,
  ): { excerpt: Excerpt; measured: Measured } | undefined {
    const { bounds } = swipe.cells;
    const beside = BESIDE_S * this.#rate;
    const excerpt = this.#tape.excerpt(bounds[0]! - beside, bounds[bounds.length - 1]! + beside);
    if (excerpt.samples.length === 0 || excerpt.from > Math.max(0, bounds[0]!)) return undefined; // too long ago
    const ended = this.#ended && excerpt.from + excerpt.samples.length === this.#samples;
    const result = measured({
      ...swipe,
      excerpt,
      sampleRateHz: this.#rate,
      track,
      whole,
      coarse,
      ended,
      ...(place && { place }),
    });
    return result && { excerpt, measured: result };
  }

  #profile(found: { excerpt: Excerpt; measured: Measured }, { cells }: Attempted, shown: boolean): Profile {
    const { excerpt, measured: result } = found;
    const { bounds, frameFrom, frameBits, bits } = cells;
    const rate = this.#rate;
    const cell = (bounds[bits.length]! - bounds[0]!) / bits.length;
    const [from, to] = [bounds[0]!, bounds[bits.length]!];
    const [dataFrom, dataTo] = [bounds[frameFrom]!, bounds[frameFrom + frameBits]!];
    const parts = partsOf(dataFrom, dataTo, cell, PART_CELLS);
    const starts = bounds.subarray(frameFrom, frameFrom + frameBits);
    const speedAt = (time: number): number => result.hand[starts.findLastIndex((start) => start <= time)]!.ips;
    const first = Math.max(0, Math.floor(from - marginAt(excerpt, from, cell, -1)) - excerpt.from);
    const last = Math.ceil(to + marginAt(excerpt, to, cell, 1)) - excerpt.from;
    return {
      levels: {
        fromS: excerpt.from / rate,
        toS: (excerpt.from + excerpt.samples.length) / rate,
        partsDb: levelsOf(excerpt.samples, 0, excerpt.samples.length, cell, PART_CELLS),
      },
      speed: {
        fromS: dataFrom / rate,
        toS: dataTo / rate,
        partsIps: Array.from({ length: parts }, (_, i) =>
          speedAt(dataFrom + ((i + 0.5) * (dataTo - dataFrom)) / parts),
        ),
      },
      spread: {
        cells: sharesOf(result.cells.map(({ deviation }) => deviation)),
        subintervals: sharesOf(result.cells.flatMap(({ halves = [] }) => [...halves])),
      },
      ...(shown && {
        shown: {
          samples: excerpt.samples.slice(first, last),
          sampleRateHz: rate,
          startS: (first + excerpt.from) / rate,
          cells: result.cells,
          hand: result.hand,
        },
      }),
    };
  }
}

/** How far beside a read's zeros its samples are shown, samples: behind them may lie another card. @param way - 1 behind them, -1 before. */
function marginAt({ samples, from }: Excerpt, edge: number, cell: number, way: 1 | -1): number {
  const swing = (a: number, b: number): number => {
    const [first, last] = [edge + way * a * cell - from, edge + way * b * cell - from].sort((x, y) => x - y);
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = Math.max(0, Math.ceil(first!)); i < Math.min(samples.length, last!); i++) {
      low = Math.min(low, samples[i]!);
      high = Math.max(high, samples[i]!);
    }
    return high - low;
  };
  return swing(0.5, MARGIN_CELLS) > HEARD * swing(-MARGIN_CELLS, -0.5) ? -OTHERS_CELLS * cell : MARGIN_CELLS * cell;
}
