// What is made of a place that was looked at: a frame, or why there is none. The octaves and the search speak of a swipe in these words.
import type { CellTimes, Followed } from "../cells.js";
import type { TrackFormat } from "../track-format.js";
import type { Attempt } from "./symbols.js";

/** A frame found in one octave, or by the search. Times in input samples. */
export interface Frame {
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

/** Zeros kept on each side of a frame in its `cells`, at most. */
export const ZEROS_KEPT = 64;
