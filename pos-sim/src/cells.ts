// A swipe's cells in time: what the reader follows, and what is measured and drawn. All rooms know this, and need not know each other for it.

/** Cells in the order of time: a frame with zeros around it. */
export interface CellTimes {
  /** Edges of the cells, one more than bits. */
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  /** Where the frame begins in `bits`, and how many it has. */
  readonly frameFrom: number;
  readonly frameBits: number;
}

/** Fewest cells of a text with its zeros, and so of a swipe: of noise some 40 are followed now and then. */
export const TEXT_CELLS = 60;
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
