// A swipe as it is handed to whoever measures it.
import type { CellTimes } from "../reader/burst.js";
import type { TrackNumber } from "../track-format.js";
import type { Excerpt } from "./tape.js";

/** Where a swipe lies that could not be read, samples of the recording. */
export interface Place {
  readonly from: number;
  readonly to: number;
  /** Within it, where nothing could be followed for long. */
  readonly pauses: readonly { readonly from: number; readonly to: number }[];
}

/** Zeros that a swipe begins and ends with: more than data holds, but for characters that nobody writes. */
export const END_ZEROS = 10;

/**
 * Whether a swipe was followed from its first zeros on, and to its last, in the order of reading. Without its start no character can be counted,
 * as the first that was followed is anyone; and at an end that is not its own no zeros.
 */
export interface Followed {
  readonly start: boolean;
  readonly end: boolean;
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
