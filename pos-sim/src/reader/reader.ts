// A reader: samples in, reads out, as they come. A cheap path reads what is clean: every octave of the signal on its own, fast swipes in the
// fine ones, slow swipes in the coarse ones, and what they find is compared. Where it is not certain, the search (search/) looks again.
// Memory is bounded however long the recording is.

import { TEXT_CELLS } from "../cells.js";
import { PosError } from "../errors.js";
import { Gauge } from "../measure/gauge.js";
import { Searcher, type Sighting } from "../search/searcher.js";
import { CERTAIN } from "../search/texts/likeliest.js";
import type { TrackNumber } from "../track-format.js";
import { Attempts, type FailedSwipe } from "./attempts.js";
import { Burst } from "./burst.js";
import { byPlace, CANDIDATES, type Candidate, type Suspect, withOneMore, withoutFewer } from "./candidates.js";
import { Claims } from "./claims.js";
import { type Diagnosis, diagnose, LIKELY, tooMany } from "./diagnosis.js";
import { Extent } from "./extent.js";
import type { Frame } from "./frame.js";
import { shownAs, TEST_IINS } from "./mask.js";
import { BLOCK, type EdgeSink, PeakLevel } from "./peaks.js";
import { cellsOf, type Read, type ReaderOptions, type ReaderResult, readOf } from "./read.js";
import { frameOf } from "./sighting.js";
import { elected, grouped } from "./vote.js";
import { hasPulses, type ZerosAlone } from "./zeros-alone.js";

/** Rates that a reader takes. Below, no cell that it looks for has two samples; above, there is nothing more to hear. */
export const RATE_MIN_HZ = 300;
export const RATE_MAX_HZ = 768_000;
/** Slowest cell: 2.5 ips on track 2. The field's readers take 3 ips and more. */
const SLOWEST_CELL_S = 0.00542;
/** A pause that ends a burst; longer than the cells of a swipe that is called too slow. */
const PAUSE_S = 0.045;
/** A burst of noise is searched so often, and overlaps by the longest swipe: track 3 at 3 ips. */
const AGE_S = 6;
const LONGEST_S = 1.6;
/** Fewest samples a cell, in any octave, that peaks can be told apart at. */
const MIN_CELL = 5;
/** Cells up to this many samples are an octave's own; coarser ones do them better. */
const MAX_CELL = 64;
/** Smallest swing, peak to peak, that is a pulse: ten steps of a 16-bit converter. */
const FLOOR = 3e-4;
/** What is less likely is no candidate either. */
const WORTH_SAYING = 1e-3;
/** A search, or an octave that waits for a long burst to end, reaches back no farther. */
const FORGET_S = 20;
/** From a pass to the last one of the same text. */
const PASSES_S = 4;
/** Passes of texts that were likely and not read, of which one may be read yet. */
const DOUBTED = 16;
/** Reads that are kept. What comes behind them is told in the diagnosis. */
const MAX_READS = 10_000;
/** Failed swipes that are kept. */
const MAX_FAILED = 1_000;

export class Reader {
  readonly #rate: number;
  readonly #options: ReaderOptions;
  readonly #level: PeakLevel;
  readonly #bursts: Burst[] = [];
  readonly #searcher: Searcher;
  readonly #reads: Read[] = [];
  #candidates: Suspect[] = [];
  readonly #claims: Claims;
  #frames: Frame[] = [];
  readonly #gauge: Gauge | undefined;
  readonly #attempts: Attempts;
  readonly #failed: FailedSwipe[] = [];
  /** The last text that was read, and where it ends; and those that were likely and not read. */
  #last: { readonly data: string; readonly to: number } | undefined;
  readonly #doubted: { readonly data: string; readonly from: number; readonly to: number }[] = [];
  /** The likeliest candidate of those that make no attempt. */
  #unlikely: { readonly probability: number; readonly diagnosis: Diagnosis } | undefined;
  #found = 0;
  #samples = 0;
  readonly #extent = new Extent();
  /** Where the first read lies that was not kept. */
  #fullAt: number | undefined;
  #edges = 0;
  /** Zeros alone whose shape is not looked at yet, and the longest that were pulses. */
  #zerosHeard: ZerosAlone[] = [];
  #zeros: ZerosAlone | undefined;
  #otherTrack: { track: number; at: number } | undefined;

  /** @throws {@link PosError} `BAD_ARGUMENT` for a rate outside 300 Hz to 768 kHz. */
  constructor(sampleRateHz: number, options: ReaderOptions = {}) {
    if (!(sampleRateHz >= RATE_MIN_HZ && sampleRateHz <= RATE_MAX_HZ)) {
      throw new PosError(
        "BAD_ARGUMENT",
        `A sample rate of ${sampleRateHz} Hz; ${RATE_MIN_HZ} to ${RATE_MAX_HZ} are taken`,
      );
    }
    this.#rate = sampleRateHz;
    this.#options = options;
    this.#gauge = options.measures ? new Gauge(sampleRateHz, options.pictured ?? 0) : undefined;
    this.#claims = new Claims(FORGET_S * sampleRateHz);
    this.#attempts = new Attempts({
      sampleRateHz,
      isRead: (from, to) => this.#claims.isRead(from, to),
      measure: (attempted, place) => this.#gauge?.ofAttempt(attempted, place) ?? {},
      onFailed: (failed) => this.#fail(failed),
    });
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
          age: AGE_S * sampleRateHz,
          longest: LONGEST_S * sampleRateHz,
        },
        (frame) => this.#frames.push(frame),
        (failure) => {
          this.#attempts.failure(failure);
          // Fewer cells that gave no frame are no doubt beside a swipe that was read.
          if (failure.cells >= TEXT_CELLS) this.#claims.doubt(failure.at);
        },
        (zeros) => this.#zerosHeard.push(zeros),
      );
      this.#bursts.push(burst);
      sinks.push((at, swing) => {
        this.#edges++;
        burst.add(at, swing);
      });
    }
    this.#level = new PeakLevel(0, levels, sampleRateHz, FLOOR, sinks);
    this.#searcher = new Searcher(sampleRateHz, {
      longestCell: slowestCell,
      decided: () => this.#decided,
      readIn: (from, to) => {
        // All before this part has been searched.
        this.#attempts.settle(Math.min(from, this.#decided));
        return this.#claims.readIn(from, to);
      },
      onSighting: (sighting) => this.#sighted(sighting),
    });
  }

  /** Takes the next samples, full scale -1 to 1, and returns the reads that they completed. The block stays the caller's. */
  push(block: Float32Array): readonly Read[] {
    this.#forgetGiven();
    const before = this.#reads.length;
    for (let at = 0; at < block.length; at += BLOCK) {
      const count = Math.min(BLOCK, block.length - at);
      this.#extent.measure(block, at, count);
      const without = this.#extent.without(block, at, count);
      const [samples, from] = without === undefined ? [block, at] : [without, 0];
      this.#gauge?.push(samples, from, count);
      this.#level.push(samples, from, count);
      this.#samples += count;
      for (const burst of this.#bursts) burst.settle(this.#samples);
      if (this.#frames.length > 0) this.#decide(this.#decided);
      this.#searcher.push(samples, from, count);
      this.#lookAtZeros();
    }
    return this.#reads.slice(before);
  }

  /**
   * Ends the recording. All its reads in the order of time, or the diagnosis.
   *
   * @param isLate - True from when on nobody waits for a search.
   */
  finish(isLate?: () => boolean): ReaderResult {
    this.#forgetGiven();
    for (const burst of this.#bursts) burst.settle(Number.POSITIVE_INFINITY);
    this.#decide(Number.POSITIVE_INFINITY);
    this.#lookAtZeros();
    this.#searcher.finish(isLate);
    this.#gauge?.end();
    this.#attempts.settle(Number.POSITIVE_INFINITY);
    const reads = this.#reads.sort((a, b) => a.startS - b.startS);
    const candidates = byPlace(this.#candidates, reads)
      .flat()
      .sort((a, b) => b.probability - a.probability)
      .slice(0, CANDIDATES)
      .map(({ passes: _, ...candidate }): Candidate => candidate);
    const levels = this.#options.measures === true && { levels: this.#gauge!.levels };
    const failed = this.#failed.sort((a, b) => a.startS - b.startS);
    return { reads, candidates, failed, diagnosis: this.diagnosis, ...levels };
  }

  /** Why nothing was read so far; null where something was, unless there were more reads than are kept. */
  get diagnosis(): Diagnosis | null {
    if (this.#fullAt !== undefined) return tooMany(MAX_READS, this.#fullAt / this.#rate);
    if (this.#found > 0) return null;
    return diagnose({
      sampleRateHz: this.#rate,
      samples: this.#samples,
      ...{ low: this.#extent.low, high: this.#extent.high },
      ...{ broken: this.#extent.broken, clipped: this.#extent.clipped },
      edges: this.#edges,
      otherTrack: this.#otherTrack,
      nearest: this.#attempts.nearest,
      unlikely: this.#unlikely?.diagnosis,
      zeros: this.#zeros,
    });
  }

  #forgetGiven(): void {
    if (this.#options.live) this.#reads.length = 0;
  }

  #fail(failed: FailedSwipe): void {
    this.#options.onFailed?.(failed);
    if (!this.#options.live && this.#failed.length < MAX_FAILED) this.#failed.push(failed);
  }

  #lookAtZeros(): void {
    for (const zeros of this.#zerosHeard)
      if (zeros.cells > (this.#zeros?.cells ?? 0) && hasPulses(zeros, this.#searcher.kept(zeros.from, zeros.to + 1)))
        this.#zeros = zeros;
    this.#zerosHeard = [];
  }

  /** Settles the frames that end before `horizon`, beyond which octaves may still find more. */
  #decide(horizon: number): void {
    const kept: Frame[] = [];
    for (const group of grouped(this.#frames)) {
      if (group.some(({ to }) => to > horizon)) kept.push(...group);
      else this.#settle(group);
    }
    this.#frames = kept;
  }

  /** One read, or none, of frames that lie over each other. */
  #settle(group: readonly Frame[]): void {
    const { frame, agreed } = elected(group);
    if (!(frame.confidence >= CERTAIN && agreed)) {
      this.#attempts.frame(frame);
      this.#claims.doubt(frame.from);
    } else if (this.#claims.claim(frame.from, frame.to)) this.#report(frame);
  }

  /** No octave holds anything undecided before this sample. */
  get #decided(): number {
    return this.#bursts.reduce((first, burst) => Math.min(first, burst.pendingFrom), this.#samples);
  }

  #sighted(sighting: Sighting): void {
    const { fromSample: from, toSample: to, probability, passes } = sighting;
    const spans = passes.map((pass) => ({ startS: pass.from / this.#rate, endS: pass.to / this.#rate }));
    if (probability >= WORTH_SAYING) this.#candidates = withoutFewer(this.#candidates, spans);
    if (!(probability >= CERTAIN)) {
      if (probability >= WORTH_SAYING) this.#suspect(sighting, spans);
    } else if (this.#claims.claim(from, to)) {
      this.#report(frameOf(sighting));
      if (passes.length === 1) return;
      this.#attempts.joined(passes);
    }
  }

  #suspect(sighting: Sighting, passes: Suspect["passes"]): void {
    const { symbolBits, data, direction, probability, characters, fromSample, toSample } = sighting;
    const track = this.#trackOf(symbolBits, data);
    const { track: wanted = "auto", testIins = TEST_IINS } = this.#options;
    if (wanted !== "auto" && track !== wanted) return;
    // A pass behind one that was read, or behind those that were enough for a read, has not failed.
    const repeated = this.#last?.data === data && fromSample - this.#last.to < PASSES_S * this.#rate;
    if (probability >= LIKELY && !repeated) {
      this.#attempts.frame(frameOf(sighting), probability);
      this.#doubted.push({ data, from: fromSample, to: toSample });
      if (this.#doubted.length > DOUBTED) this.#doubted.shift();
    }
    if (probability < LIKELY && probability > (this.#unlikely?.probability ?? 0))
      this.#unlikely = { probability, diagnosis: this.#attempts.unlikely(frameOf(sighting), probability) };
    const [startS, endS] = [fromSample / this.#rate, toSample / this.#rate];
    const shown = shownAs(track, data, testIins);
    const characterConfidence = shown.masked ? [] : Array.from(characters());
    const candidate = { track, direction, probability, characterConfidence, startS, endS, ...shown };
    this.#options.onCandidate?.(candidate);
    this.#candidates = withOneMore(this.#candidates, { ...candidate, passes }, this.#reads);
  }

  /** Tracks 2 and 3 share their characters; no track 2 is longer than 39 with its sentinels, no track 3 as short. */
  #trackOf(symbolBits: 5 | 7, data: string): TrackNumber {
    const natural: TrackNumber = symbolBits === 7 ? 1 : data.length > 39 ? 3 : 2;
    return this.#options.track === 3 && natural === 2 ? 3 : natural;
  }

  #report(found: Frame): void {
    const { data, from, to } = found;
    this.#last = { data, to };
    const near = PASSES_S * this.#rate;
    this.#attempts.joined(
      this.#doubted.filter((one) => one.data === data && one.from < to + near && one.to > from - near),
    );
    const { track: wanted = "auto", testIins = TEST_IINS } = this.#options;
    const track = this.#trackOf(found.symbolBits, found.data);
    if (wanted !== "auto" && track !== wanted) {
      this.#otherTrack ??= { track, at: found.from };
      return;
    }
    const read = readOf(found, track, this.#rate, testIins);
    this.#found++;
    if (this.#reads.length >= MAX_READS) {
      this.#fullAt ??= found.from;
      return;
    }
    const findings = this.#options.measures === true ? this.#gauge!.ofRead(found, track, read.masked) : undefined;
    const cells = !read.masked && (this.#options.cells === true || findings?.profile !== undefined);
    this.#reads.push({ ...read, ...(cells && { cells: cellsOf(found, this.#rate) }), ...findings });
  }
}

/** All reads of samples that are at hand. */
export function readSamples(samples: Float32Array, sampleRateHz: number, options: ReaderOptions = {}): ReaderResult {
  const reader = new Reader(sampleRateHz, options);
  reader.push(samples);
  return reader.finish();
}
