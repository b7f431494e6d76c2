// The flux reversals of one octave, collected until a pause ends the burst, then searched for frames: runs of zeros give
// the cell, the slicer the bits, symbols.ts the characters. Keeps a bounded number of edges however long the noise lasts.

import { END_ZEROS, type Followed } from "../measure/swipe.js";
import type { TrackFormat } from "../track-format.js";
import { Slicer, type Strip, zeroRuns } from "./slicer.js";
import { type Attempt, findFrames } from "./symbols.js";

/** A frame found in one octave. Times in input samples. */
export interface Candidate {
  readonly symbolBits: TrackFormat["symbolBits"];
  readonly data: string;
  readonly direction: "forward" | "reverse";
  /** Chance that no bit is wrong, judged by the swipe's own jitter and that parity and LRC are right. */
  readonly confidence: number;
  /** Of each character of `data`, likewise. */
  readonly characters: () => Float64Array;
  readonly from: number;
  readonly to: number;
  /** Mean cell, samples. */
  readonly cell: number;
  /** Root mean square of the intervals' errors, as a share of the cell. */
  readonly jitter: number;
  readonly level: number;
  readonly cells: CellTimes;
}

/** Cells in the order of time: a frame with zeros around it. */
export interface CellTimes {
  /** Edges of the cells, one more than bits. */
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  /** Where the frame begins in `bits`, and how many it has. */
  readonly frameFrom: number;
  readonly frameBits: number;
}

export type FailureCode = "TOO_SLOW" | "TOO_FAST" | "NO_START_SENTINEL" | "LOST_SYNC" | Attempt["fault"];

/** A stretch with a clock that gave no frame. */
export interface Failure {
  readonly code: FailureCode;
  /** Input samples: where it failed, and the cells that could be followed. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly character?: number;
  readonly symbolBits?: 5 | 7;
  /** Cell in samples, where the speed is to blame. */
  readonly cell?: number;
  /** Cells that could be told apart. */
  readonly cells: number;
  /** The cells from the start of the attempt on, in the direction in which it came farthest. */
  readonly strip: CellTimes;
  readonly direction: "forward" | "reverse";
  readonly followed: Followed;
}

export interface BurstLimits {
  /** Shortest and longest cell that this octave looks for, samples. */
  readonly minCell: number;
  readonly maxCell: number;
  /** Longest cell that is read at all, and the pause that ends a burst. */
  readonly slowestCell: number;
  readonly pause: number;
  /** Noise that does not pause is searched when it is so old, and the longest swipe kept of it. */
  readonly age: number;
  readonly longest: number;
}

/** Edges beside a strip that are no part of a swipe: the flank of its first or last pulse. */
const STRAY_EDGES = 2;
/** Edges that are kept: three passes of tracks 1 and 2 have about 5,000. */
const CAPACITY = 8192;
/** Edges carried over when the store is full: more than the longest frame has, track 3 with its zeros. */
const CARRY = 2048;
/** Shortest strip worth searching: a frame has at least a few characters. */
const MIN_CELLS = 30;
/** Zeros kept on each side of a frame in its `cells`, at most. */
export const MARGIN_CELLS = 64;
/** A run inside a strip that already gave it the same cell, within this share, is not searched again. */
const SAME_CELL = 0.15;
/** Cells sliced for each edge of a burst, at most: bounds the time spent on hostile signals. */
const WORK = 12;

export class Burst {
  readonly #times = new Float64Array(CAPACITY);
  readonly #swings = new Float32Array(CAPACITY);
  readonly #covered = new Float64Array(CAPACITY);
  readonly #slicer = new Slicer(CAPACITY);
  #count = 0;

  constructor(
    readonly level: number,
    readonly limits: BurstLimits,
    readonly onCandidate: (candidate: Candidate) => void,
    readonly onFailure: (failure: Failure) => void,
  ) {}

  /** Where the edges not yet decided begin, input samples; infinity when there are none. */
  get pendingFrom(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /** One more edge, and the swing that led to it. */
  add(at: number, swing: number): void {
    if (this.#count > 0 && at - this.#times[this.#count - 1]! > this.limits.pause) this.#finish();
    if (this.#count === CAPACITY) this.#carry(CAPACITY - CARRY);
    else if (this.#count > 0 && at - this.#times[0]! > this.limits.age) {
      let from = 0;
      while (at - this.#times[from]! > this.limits.longest) from++;
      this.#carry(from);
    }
    this.#swings[this.#count] = swing;
    this.#times[this.#count++] = at;
  }

  /** Ends the burst if nothing has come for the pause; `now` is the last sample seen. */
  settle(now: number): void {
    if (this.#count > 0 && now - this.#times[this.#count - 1]! > this.limits.pause) this.#finish();
  }

  /** Searches what there is, and keeps the edges from `from` on: a swipe may have begun there. */
  #carry(from: number): void {
    this.#decode();
    this.#times.copyWithin(0, from, this.#count);
    this.#swings.copyWithin(0, from, this.#count);
    this.#count -= from;
  }

  #finish(): void {
    this.#decode();
    this.#count = 0;
  }

  #decode(): void {
    const times = this.#times;
    const count = this.#count;
    const { minCell, maxCell, slowestCell, pause } = this.limits;
    const covered = this.#covered.fill(0, 0, count);
    let work = WORK * count;
    for (const run of zeroRuns(times, count, minCell, Math.max(maxCell, pause))) {
      if (run.cell > maxCell) {
        if (run.cell > slowestCell) this.#tooSlow(this.#slicer.slice(times, count, run));
        continue;
      }
      const known = covered[(run.from + run.to) >> 1]!;
      if (known > 0 && Math.abs(known / run.cell - 1) < SAME_CELL) continue;
      const strip = this.#slicer.slice(times, count, run);
      const { bounds } = strip;
      for (let i = 1; i < bounds.length; i++) covered[bounds[i]!] = times[bounds[i]!]! - times[bounds[i - 1]!]!;
      if (strip.bits.length >= MIN_CELLS) this.#search(strip);
      work -= strip.bits.length + 2 * RUN_COST;
      if (work < 0) return;
    }
  }

  /** Only the coarsest octave looks that far. Zeros alone are a hum and no swipe. */
  #tooSlow(strip: Strip): void {
    const { bits, bounds } = strip;
    if (bits.length < MIN_CELLS || !bits.includes(1)) return;
    const at = this.#times[bounds[0]!]!;
    const to = this.#times[bounds[bits.length]!]!;
    const cell = (to - at) / bits.length;
    this.onFailure({ code: "TOO_SLOW", at, from: at, to, cell, cells: bits.length, ...this.#unframed(strip) });
  }

  #search(strip: Strip): void {
    const times = this.#times;
    const { bits, bounds } = strip;
    const total = bits.length;
    let found = false;
    let failed: (Attempt & { readonly at: number; readonly way: 1 | -1 }) | undefined;
    for (const way of [1, -1] as const) {
      const result = findFrames(bits, way);
      for (const { from, bits: length, data, symbolBits } of result.frames) {
        found = true;
        const first = way === 1 ? from : total - from - length;
        const { jitter, confidence, characters } = quality(times, strip, first, length);
        const even = isEven(this.#swings, this.#count, bounds[first]!, bounds[first + length]!);
        this.onCandidate({
          symbolBits,
          data,
          direction: way === 1 ? "forward" : "reverse",
          from: times[bounds[first]!]!,
          to: times[bounds[first + length]!]!,
          level: this.level,
          cell: (times[bounds[first + length]!]! - times[bounds[first]!]!) / length,
          jitter,
          confidence: even ? confidence : Math.min(confidence, DAMAGED),
          characters: () => characters(symbolBits, way),
          cells: cellTimes(times, strip, first, length),
        });
      }
      const attempt = result.failed;
      if (attempt !== undefined && attempt.character > (failed?.character ?? 0)) {
        const bit = attempt.from + (attempt.character - 1) * attempt.symbolBits;
        const edge = bounds[way === 1 ? Math.min(bit, total) : Math.max(0, total - bit)]!;
        failed = { ...attempt, at: times[edge]!, way };
      }
    }
    if (found) return;
    const [from, to] = [times[bounds[0]!]!, times[bounds[total]!]!];
    const cell = (to - from) / total;
    const strange = { from, to, cell, cells: total };
    // Zeros alone are a hum, and what jitters like noise is noise: neither explains anything.
    const steady = bits.includes(1) && quality(times, strip, 0, total).jitter < NOISE_JITTER;
    if (steady && cell < FAST_CELL) {
      if (total >= FAST_CELLS) this.onFailure({ code: "TOO_FAST", at: from, ...strange, ...this.#unframed(strip) });
    } else if (failed !== undefined) {
      if (!steady && total < FAST_CELLS) return;
      const { character, symbolBits, way, from: first } = failed;
      const cut = failed.fault === "NO_END_SENTINEL" && !failed.zeros && bounds[total]! < this.#count - STRAY_EDGES;
      const length = dataLength(bits, way, first + character * symbolBits, 2 * symbolBits) - first;
      const from = way === 1 ? first : total - first - length;
      this.onFailure({
        code: cut ? "LOST_SYNC" : failed.fault,
        at: failed.at,
        ...strange,
        character,
        symbolBits,
        strip: cellTimes(times, strip, from, length),
        direction: way === 1 ? "forward" : "reverse",
        followed: this.#followed(strip, from, length, way),
      });
    } else if (steady && total >= SWIPE_CELLS) {
      this.onFailure({ code: "NO_START_SENTINEL", at: from, ...strange, ...this.#unframed(strip) });
    }
  }

  /** All cells from the first one to the last, as no character is known. */
  #unframed(strip: Strip): Pick<Failure, "strip" | "direction" | "followed"> {
    const first = strip.bits.indexOf(1);
    const length = strip.bits.lastIndexOf(1) + 1 - first;
    const followed = this.#followed(strip, first, length, 1);
    return { strip: cellTimes(this.#times, strip, first, length), direction: "forward", followed };
  }

  /** Beyond an end with few zeros, other bits or edges are more of the swipe, which was followed from there on, or up to there, only. */
  #followed({ bits, bounds }: Strip, from: number, length: number, way: 1 | -1): Followed {
    const total = bits.length;
    const before = zerosFrom(bits, from - 1, -1);
    const behind = zerosFrom(bits, from + length, 1);
    const early = before >= END_ZEROS || (before === from && bounds[0]! < STRAY_EDGES);
    const late =
      behind >= END_ZEROS || (behind === total - from - length && bounds[total]! >= this.#count - STRAY_EDGES);
    return way === 1 ? { start: early, end: late } : { start: late, end: early };
  }
}

/** Zeros one behind the other, from bit `at` on in steps of `way`. */
function zerosFrom(bits: Uint8Array, at: number, way: 1 | -1): number {
  let count = 0;
  while (bits[at + way * count] === 0) count++;
  return count;
}

/** Where `bits`, read in steps of `way`, hold nothing but `zeros` zeros and more from bit `from` on; else their number. */
function dataLength(bits: Uint8Array, way: 1 | -1, from: number, zeros: number): number {
  const total = bits.length;
  let run = 0;
  for (let at = Math.min(from, total); at < total; at++) {
    run = bits[way === 1 ? at : total - 1 - at] === 0 ? run + 1 : 0;
    if (run === zeros) return at + 1 - zeros;
  }
  return total;
}

/** Jitter of cells found in noise: 20 % and more. Of a swipe that a reader should explain: less. */
const NOISE_JITTER = 0.18;
/** Cells that must be followed before a strip without any character is called a swipe: hours of noise have runs of about 40. */
const SWIPE_CELLS = 60;
/** And a swipe that was too fast: half cells lost between samples look like noise, and noise like them. */
const FAST_CELLS = 100;
/** Below so many samples a cell, half cells are lost between samples. */
const FAST_CELL = 3.5;

/** What a slice costs beside its cells. */
const RUN_COST = 8;

/**
 * Chance that a misread frame passes its checks all the same. The likeliest mistake swaps two bits of a character and
 * keeps its parity; the LRC then lets one in about 2^5 through.
 */
const SLIP = 1 / 32;

/** True where no swing stands out, nor is missing, among those around it: times say nothing of a scratch or a click. */
function isEven(swings: Float32Array, count: number, from: number, to: number): boolean {
  let low = Math.max(0, from - AROUND);
  let high = low;
  let sum = 0;
  for (let i = from; i <= to; i++) {
    for (; high < Math.min(count, i + AROUND + 1); high++) sum += swings[high]!;
    for (; low < i - AROUND; low++) sum -= swings[low]!;
    const mean = sum / (high - low);
    if (swings[i]! > HIGH * mean || swings[i]! < LOW * mean) return false;
  }
  return true;
}

const AROUND = 12;
const HIGH = 1.6;
const LOW = 0.45;
/** How sure a frame is at most in which some swing is not like the others: a search has to see. */
const DAMAGED = 0.99;

/** Jitter of a frame, and from it the chance that every bit was told rightly; of all of them, and of each character. */
function quality(
  times: Float64Array,
  { bits, bounds }: Strip,
  first: number,
  length: number,
): {
  readonly jitter: number;
  readonly confidence: number;
  readonly characters: (symbolBits: number, way: 1 | -1) => Float64Array;
} {
  const errors = new Float64Array(length); // of the first interval of each cell, from the middle between half and whole
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const bit = first + i;
    // The hand's cell around here: the mean of up to 17 cells.
    const low = Math.max(0, bit - 8);
    const high = Math.min(bits.length, bit + 9);
    const cell = (times[bounds[high]!]! - times[bounds[low]!]!) / (high - low);
    const share = (times[bounds[bit]! + 1]! - times[bounds[bit]!]!) / cell;
    errors[i] = bits[bit] === 1 ? 0.75 - share : share - 0.75;
    sum += (errors[i]! - 0.25) ** 2;
  }
  const jitter = Math.sqrt(sum / length);
  // Two normal hypotheses half a cell apart: the odds of the nearer one are exp(d / (2 sigma^2)).
  const sigma = Math.max(jitter, 0.02);
  const right = (from: number, to: number): number => {
    let chance = 1;
    for (let i = from; i < to; i++) chance /= 1 + Math.exp(-errors[i]! / (2 * sigma * sigma));
    return chance / (chance + (1 - chance) * SLIP);
  };
  const characters = (symbolBits: number, way: 1 | -1): Float64Array =>
    Float64Array.from({ length: length / symbolBits - 1 }, (_, n) => {
      const from = way === 1 ? n * symbolBits : length - (n + 1) * symbolBits;
      return right(from, from + symbolBits);
    });
  return { jitter, confidence: right(0, length), characters };
}

function cellTimes(times: Float64Array, strip: Strip, first: number, length: number): CellTimes {
  const { bits } = strip;
  let low = first;
  while (low > 0 && first - low < MARGIN_CELLS && bits[low - 1] === 0) low--;
  let high = first + length;
  while (high < bits.length && high - first - length < MARGIN_CELLS && bits[high] === 0) high++;
  return {
    bounds: Float64Array.from(strip.bounds.subarray(low, high + 1), (edge) => times[edge]!),
    bits: bits.slice(low, high),
    frameFrom: first - low,
    frameBits: length,
  };
}
