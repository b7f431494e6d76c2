// A reader: samples in, reads out, as they come. Every octave of the signal is searched on its own, fast swipes in the
// fine ones, slow swipes in the coarse ones; what they find is compared, and a frame that is contradicted is not a read.
// Memory is bounded however long the recording is.
import { checkRate } from "../signal/signal.js";
import type { TrackNumber } from "../track-format.js";
import { Burst, type Candidate, type CellTimes, type Failure } from "./burst.js";
import { type Diagnosis, diagnose, tooMany, worseOf } from "./diagnosis.js";
import { shownAs, TEST_IINS } from "./mask.js";
import { BLOCK, type EdgeSink, PeakLevel } from "./peaks.js";

export interface Read {
  readonly track: TrackNumber;
  /** From start to end sentinel; masked unless its PAN lies in a test range. */
  readonly data: string;
  readonly direction: "forward" | "reverse";
  /** Chance, 0 to 1, that no bit is wrong, by the swipe's own jitter and the checks that it passed. */
  readonly confidence: number;
  /** The LRC was right: a read without that is no read. */
  readonly lrc: true;
  /** Start sentinel to LRC, seconds from the start of the recording. */
  readonly startS: number;
  readonly endS: number;
  /** Mean time of a bit, microseconds. */
  readonly cellUs: number;
  /** Root mean square of the intervals' errors, in per cent of a cell. */
  readonly jitterPercent: number;
  /** True where `data` was masked. */
  readonly masked: boolean;
  /** With `cells: true`, and never for masked reads: where each bit lies. */
  readonly cells?: Cells;
}

/** Cells of a read in the order of time, with zeros around the frame. Times in seconds. */
export interface Cells extends CellTimes {
  readonly symbolBits: 5 | 7;
}

export interface ReaderOptions {
  /** The track to report; others are heard but not read. */
  readonly track?: "auto" | TrackNumber;
  /** Ranges of PANs that are not masked. */
  readonly testIins?: readonly string[];
  /** Adds `cells` to each read. */
  readonly cells?: boolean;
}

export interface ReaderResult {
  readonly reads: readonly Read[];
  /** Why, when nothing was read; null when something was, unless there were more reads than are kept. */
  readonly diagnosis: Diagnosis | null;
}

/** Slowest cell: 2.5 ips on track 2. The field's readers take 3 ips and more. */
const SLOWEST_CELL_S = 0.00542;
/** A pause that ends a burst; longer than the cells of a swipe that is called too slow. */
const PAUSE_S = 0.045;
/** Fewest samples a cell, in any octave, that peaks can be told apart at. */
const MIN_CELL = 5;
/** Cells up to this many samples are an octave's own; coarser ones do them better. */
const MAX_CELL = 64;
/** Smallest swing, peak to peak, that is a pulse: ten steps of a 16-bit converter. */
const FLOOR = 3e-4;
/** Below this confidence noise may have made the frame. Tuned: see test/reader-noise.test.ts. */
const MIN_CONFIDENCE = 0.05;
/** A short frame has few parity bits to prove it and must be clean. */
const SHORT_FRAME = 12;
const SHORT_CONFIDENCE = 0.95;
/** A frame with less than this share of the votes of all octaves is contradicted. */
const MAJORITY = 0.75;
/** Reads that are kept. What comes behind them is told in the diagnosis. */
const MAX_READS = 10_000;

export class Reader {
  readonly #rate: number;
  readonly #options: ReaderOptions;
  readonly #level: PeakLevel;
  readonly #bursts: Burst[] = [];
  readonly #reads: Read[] = [];
  #candidates: Candidate[] = [];
  #samples = 0;
  #peak = 0;
  #clipped = 0;
  #broken = false;
  /** Where the first read lies that was not kept. */
  #fullAt: number | undefined;
  #edges = 0;
  #failure: Failure | undefined;
  #otherTrack: { track: number; at: number } | undefined;
  #uncertainAt: number | undefined;

  /** @throws {@link PosError} `BAD_ARGUMENT` for a rate outside 4 to 768 kHz. */
  constructor(sampleRateHz: number, options: ReaderOptions = {}) {
    checkRate(sampleRateHz);
    this.#rate = sampleRateHz;
    this.#options = options;
    const slowestCell = SLOWEST_CELL_S * sampleRateHz;
    // In the coarsest octave the slowest cell has 10 to 20 samples.
    const levels = Math.max(1, Math.floor(Math.log2(slowestCell / 10)) + 1);
    const sinks: EdgeSink[] = [];
    for (let level = 0; level < levels; level++) {
      const scale = 2 ** level;
      const last = level === levels - 1;
      const burst = new Burst(
        level,
        {
          minCell: level === 0 ? 1 : MIN_CELL * scale,
          maxCell: last ? slowestCell : Math.min(MAX_CELL * scale, slowestCell),
          slowestCell: last ? slowestCell : Number.POSITIVE_INFINITY,
          pause: PAUSE_S * sampleRateHz,
        },
        (candidate) => this.#candidates.push(candidate),
        (failure) => {
          this.#failure = worseOf(this.#failure, failure);
        },
      );
      this.#bursts.push(burst);
      sinks.push((at) => {
        this.#edges++;
        burst.add(at);
      });
    }
    this.#level = new PeakLevel(0, levels, sampleRateHz, FLOOR, sinks);
  }

  /** Takes the next samples, full scale -1 to 1, and returns the reads that they completed. The block stays the caller's. */
  push(block: Float32Array): readonly Read[] {
    const before = this.#reads.length;
    for (let at = 0; at < block.length; at += BLOCK) {
      const count = Math.min(BLOCK, block.length - at);
      this.#measure(block, at, count);
      this.#level.push(block, at, count);
      this.#samples += count;
      for (const burst of this.#bursts) burst.settle(this.#samples);
      if (this.#candidates.length > 0) {
        this.#decide(this.#bursts.reduce((first, burst) => Math.min(first, burst.pendingFrom), this.#samples));
      }
    }
    return this.#reads.slice(before);
  }

  /** Ends the recording. All its reads in the order of time, or the diagnosis. */
  finish(): ReaderResult {
    for (const burst of this.#bursts) burst.settle(Number.POSITIVE_INFINITY);
    this.#decide(Number.POSITIVE_INFINITY);
    const reads = this.#reads;
    if (this.#fullAt !== undefined) return { reads, diagnosis: tooMany(MAX_READS, this.#fullAt / this.#rate) };
    if (reads.length > 0) return { reads, diagnosis: null };
    return {
      reads,
      diagnosis: diagnose({
        sampleRateHz: this.#rate,
        samples: this.#samples,
        peak: this.#peak,
        broken: this.#broken,
        clipped: this.#clipped,
        edges: this.#edges,
        failure: this.#failure,
        otherTrack: this.#otherTrack,
        uncertainAt: this.#uncertainAt,
      }),
    };
  }

  #measure(block: Float32Array, from: number, count: number): void {
    let peak = this.#peak;
    let clipped = 0;
    for (let i = from; i < from + count; i++) {
      const magnitude = Math.abs(block[i]!);
      if (magnitude > peak && magnitude < Number.POSITIVE_INFINITY) peak = magnitude;
      if (magnitude >= 0.999) clipped++;
    }
    // As long as there was nothing but zeros, or what is no number.
    for (let i = from; peak === 0 && i < from + count && !this.#broken; i++) this.#broken = !Number.isFinite(block[i]!);
    this.#peak = peak;
    this.#clipped += clipped;
  }

  /** Settles the candidates that end before `horizon`, beyond which octaves may still find more. */
  #decide(horizon: number): void {
    const candidates = this.#candidates.sort((a, b) => a.from - b.from);
    const kept: Candidate[] = [];
    for (let at = 0; at < candidates.length; ) {
      const group: Candidate[] = [];
      let end = candidates[at]!.to;
      for (; at < candidates.length && (group.length === 0 || overlaps(candidates[at]!, end)); at++) {
        group.push(candidates[at]!);
        end = Math.max(end, candidates[at]!.to);
      }
      if (end > horizon) kept.push(...group);
      else this.#vote(group);
    }
    this.#candidates = kept;
  }

  /** One read, or none, of frames that lie over each other. */
  #vote(group: readonly Candidate[]): void {
    const votes = new Map<string, { best: Candidate; levels: Map<number, number> }>();
    for (const candidate of group) {
      const key = `${candidate.direction}${candidate.data}`;
      const entry = votes.get(key) ?? { best: candidate, levels: new Map<number, number>() };
      // The octave with the least jitter places the edges best.
      if (candidate.jitter < entry.best.jitter) entry.best = candidate;
      entry.levels.set(candidate.level, Math.max(candidate.confidence, entry.levels.get(candidate.level) ?? 0));
      votes.set(key, entry);
    }
    let total = 0;
    let most = 0;
    let best = group[0]!;
    for (const entry of votes.values()) {
      // Each character's parity halves the chance that accident made the frame: a short one inside a long one is nothing.
      const sum = [...entry.levels.values()].reduce((a, b) => a + b, 0) * 2 ** Math.min(60, entry.best.data.length);
      total += sum;
      if (sum > most) {
        most = sum;
        best = entry.best;
      }
    }
    const needed = best.data.length < SHORT_FRAME ? SHORT_CONFIDENCE : MIN_CONFIDENCE;
    if (best.confidence < needed || most < MAJORITY * total) {
      this.#uncertainAt ??= best.from;
      return;
    }
    this.#report(best);
  }

  #report(found: Candidate): void {
    const { track: wanted = "auto", testIins = TEST_IINS } = this.#options;
    const { data } = found;
    // Tracks 2 and 3 share their characters; no track 2 is longer than 39 with its sentinels, no track 3 as short.
    const long = data.length > 39;
    const natural: TrackNumber = found.symbolBits === 7 ? 1 : long ? 3 : 2;
    const track: TrackNumber = wanted === 3 && natural === 2 ? 3 : natural;
    if (wanted !== "auto" && track !== wanted) {
      this.#otherTrack ??= { track, at: found.from };
      return;
    }
    const shown = shownAs(track, data, testIins);
    const read: Read = {
      track,
      data: shown.data,
      direction: found.direction,
      confidence: Math.round(found.confidence * 1e4) / 1e4,
      lrc: true,
      startS: found.from / this.#rate,
      endS: found.to / this.#rate,
      cellUs: (found.cell / this.#rate) * 1e6,
      jitterPercent: found.jitter * 100,
      masked: shown.masked,
    };
    if (this.#reads.length >= MAX_READS) {
      this.#fullAt ??= found.from;
      return;
    }
    this.#reads.push(
      this.#options.cells === true && !shown.masked ? { ...read, cells: cellsOf(found, this.#rate) } : read,
    );
  }
}

/** All reads of samples that are at hand. */
export function readSamples(samples: Float32Array, sampleRateHz: number, options: ReaderOptions = {}): ReaderResult {
  const reader = new Reader(sampleRateHz, options);
  reader.push(samples);
  return reader.finish();
}

/** Frames that share more than a few cells cannot both be there. */
const overlaps = (candidate: Candidate, end: number): boolean => candidate.from < end - 4 * candidate.cell;

function cellsOf(found: Candidate, rate: number): Cells {
  return { ...found.cells, bounds: found.cells.bounds.map((at) => at / rate), symbolBits: found.symbolBits };
}
