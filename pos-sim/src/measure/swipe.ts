// A swipe as it is handed to whoever measures it.
import type { CellTimes, Followed } from "../cells.js";
import type { TrackNumber } from "../track-format.js";
import type { Excerpt } from "./tape.js";

/** Where a swipe lies that could not be read, samples of the recording. */
export interface Place {
  readonly from: number;
  readonly to: number;
  /** Within it, where nothing could be followed for long. */
  readonly pauses: readonly { readonly from: number; readonly to: number }[];
}

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
  /** From end to end, unless told. */
  readonly followed?: Followed;
  /** The frame is a read's: what lies behind its end is no part of it. */
  readonly whole: boolean;
  /** Its bits may not be seen: dropouts are placed by their character, and last whole cells. */
  readonly coarse: boolean;
  /** Of one that is not whole: all that could be followed, and where nothing could for long, samples of the recording. */
  readonly place?: Place;
  /** The excerpt ends with the recording. */
  readonly ended?: boolean;
}
