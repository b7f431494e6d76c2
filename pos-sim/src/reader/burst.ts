// The flux reversals of one octave, collected until a pause ends the burst, then searched for frames: runs of zeros give
// the cell, the slicer the bits, symbols.ts the characters. Keeps a bounded number of edges however long the noise lasts.

import { TEXT_CELLS } from "../cells.js";
import type { Failure, Frame } from "./frame.js";
import { isEven, quality, UNEVEN } from "./quality.js";
import { Slicer, type Strip, zeroRuns } from "./slicer.js";
import { cellTimes, dataLength, followedTo, STRAY_EDGES } from "./strip.js";
import { type Attempt, findFrames } from "./symbols.js";
import { type ZerosAlone, zerosAlone } from "./zeros-alone.js";

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

/** Edges that are kept: three passes of tracks 1 and 2 have about 5,000. */
const CAPACITY = 8192;
/** Edges carried over when the store is full: more than the longest frame has, track 3 with its zeros. */
const CARRY = 2048;
/** Shortest strip worth searching: a frame has at least a few characters. */
const MIN_CELLS = 30;
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
    readonly onFrame: (frame: Frame) => void,
    readonly onFailure: (failure: Failure) => void,
    readonly onZeros: (zeros: ZerosAlone) => void,
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
        const [begin, end] = [bounds[first]!, bounds[first + length]!];
        const cell = (times[end]! - times[begin]!) / length;
        const even = isEven(this.#swings, this.#count, begin, end, cell >= SEARCHED_CELL);
        this.onFrame({
          symbolBits,
          data,
          direction: way === 1 ? "forward" : "reverse",
          from: times[begin]!,
          to: times[end]!,
          level: this.level,
          cell,
          jitter,
          confidence: even ? confidence : Math.min(confidence, UNEVEN),
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
    const zeros = zerosAlone(strip, times, this.#swings, this.#count);
    if (zeros !== undefined) this.onZeros(zeros);
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
      const begin = way === 1 ? first : total - first - length;
      this.onFailure({
        code: cut ? "LOST_SYNC" : failed.fault,
        at: failed.at,
        ...strange,
        character,
        symbolBits,
        strip: cellTimes(times, strip, begin, length),
        direction: way === 1 ? "forward" : "reverse",
        followed: followedTo(strip, this.#count, begin, length, way),
      });
    } else if (steady && total >= TEXT_CELLS) {
      this.onFailure({ code: "NO_START_SENTINEL", at: from, ...strange, ...this.#unframed(strip) });
    }
  }

  /** All cells from the first one to the last, as no character is known. */
  #unframed(strip: Strip): Pick<Failure, "strip" | "direction" | "followed"> {
    const first = strip.bits.indexOf(1);
    const length = strip.bits.lastIndexOf(1) + 1 - first;
    const followed = followedTo(strip, this.#count, first, length, 1);
    return { strip: cellTimes(this.#times, strip, first, length), direction: "forward", followed };
  }
}

/** Jitter of cells found in noise: 20 % and more. Of a swipe that a reader should explain: less. */
const NOISE_JITTER = 0.18;
/** Cells of a swipe that was too fast: half cells lost between samples look like noise, and noise like them. */
const FAST_CELLS = 100;
/** Below so many samples a cell, half cells are lost between samples. */
const FAST_CELL = 3.5;

/** Below so many samples a cell no search looks again: what is doubted here is read by nobody. */
const SEARCHED_CELL = 6;

/** What a slice costs beside its cells. */
const RUN_COST = 8;
