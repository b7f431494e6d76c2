// What a reader is asked, and what it tells: reads, and the result of a whole recording. A frame is made a read, or its cells, here alone.
import type { CellTimes } from "../cells.js";
import type { Profile } from "../measure/gauge.js";
import type { Levels } from "../measure/levels.js";
import type { SignalMeasures } from "../measure/report.js";
import type { TrackNumber } from "../track-format.js";
import type { FailedSwipe } from "./attempts.js";
import type { Candidate } from "./candidates.js";
import type { Diagnosis } from "./diagnosis.js";
import type { Frame } from "./frame.js";
import { shownAs } from "./mask.js";

export interface Read {
  /** Of a recording of several, or of a head that is listened to; the first is 1. */
  readonly channel?: number;
  readonly track: TrackNumber;
  /** From start to end sentinel; masked unless its PAN lies in a test range. */
  readonly data: string;
  readonly direction: "forward" | "reverse";
  /** Chance, 0 to 1, that no bit is wrong: posterior against all other texts and none. Of a read, at least 100,000 to 1. */
  readonly confidence: number;
  /** Of each character of `data`, the chance that it is right, whatever the others are; none where `data` is masked. */
  readonly characterConfidence: readonly number[];
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
  /** With `measures: true`: level, speed, jitter and what else its signal shows. */
  readonly signal?: SignalMeasures;
  /** With `pictured`, of the first reads: what a picture is made of. Of a masked read neither samples nor single cells. */
  readonly profile?: Profile;
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
  /** Adds `signal` to each read and each failed swipe, and `levels` to the result; `"failed"`: only to failed swipes. */
  readonly measures?: boolean | "failed";
  /** With `measures`: adds `profile` to so many reads, and to as many failed swipes. */
  readonly pictured?: number;
  /** Keeps no reads: `push` gives each once, `finish` those that are left. For who listens for days. */
  readonly live?: boolean;
  /** Told of each candidate when it is found; more certain ones, or a read, may follow at the same place. */
  readonly onCandidate?: (candidate: Candidate) => void;
  /** Told of each swipe that could not be read, when it is certain that it will not be. */
  readonly onFailed?: (failed: FailedSwipe) => void;
}

export interface ReaderResult {
  readonly reads: readonly Read[];
  /** Likeliest first, at most five. */
  readonly candidates: readonly Candidate[];
  /** Swipes that could not be read, and why, in the order of time; the first thousand. */
  readonly failed: readonly FailedSwipe[];
  /** Why, when nothing was read; null when something was, unless there were more reads than are kept. */
  readonly diagnosis: Diagnosis | null;
  /** With `measures: true`: the level along the whole recording. */
  readonly levels?: Levels;
}

/** A frame as it may be told: masked unless its PAN lies in a test range. */
export function readOf(frame: Frame, track: TrackNumber, rate: number, testIins: readonly string[]): Read {
  const { data, masked } = shownAs(track, frame.data, testIins);
  return {
    track,
    data,
    direction: frame.direction,
    confidence: frame.confidence,
    characterConfidence: masked ? [] : Array.from(frame.characters()),
    lrc: true,
    startS: frame.from / rate,
    endS: frame.to / rate,
    cellUs: (frame.cell / rate) * 1e6,
    jitterPercent: frame.jitter * 100,
    masked,
  };
}

export function cellsOf(frame: Pick<Frame, "cells" | "symbolBits">, rate: number): Cells {
  return { ...frame.cells, bounds: frame.cells.bounds.map((at) => at / rate), symbolBits: frame.symbolBits };
}
