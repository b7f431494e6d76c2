// How characters lie on a magnetic stripe: ISO/IEC 7811-2 (tracks 1 and 2 per ISO/IEC 7813, track 3 per ISO/IEC 4909).
// Least significant bit first, odd parity last; a symbol here is a number whose bit 0 is the first on the stripe.

export type TrackNumber = 1 | 2 | 3;

export interface TrackFormat {
  /** Bits of a character with its parity. */
  readonly symbolBits: 5 | 7;
  /** What is added to a character's data bits to make ASCII. */
  readonly offset: number;
  /** Start and end sentinel as symbols, parity included. */
  readonly start: number;
  readonly end: number;
  /** Most characters of a track, both sentinels and LRC counted. */
  readonly maxCharacters: number;
  /** Bits per inch. */
  readonly density: number;
}

/** `%` is 0x45 and `?` 0x1f with parity; `;` is 0x0b and `?` 0x1f. */
export const TRACK_FORMATS: Readonly<Record<TrackNumber, TrackFormat>> = {
  1: { symbolBits: 7, offset: 0x20, start: 0x45, end: 0x1f, maxCharacters: 79, density: 210 },
  2: { symbolBits: 5, offset: 0x30, start: 0x0b, end: 0x1f, maxCharacters: 40, density: 75 },
  3: { symbolBits: 5, offset: 0x30, start: 0x0b, end: 0x1f, maxCharacters: 107, density: 210 },
};

/** Length of a bit cell on the stripe in millimetres. */
export const cellMm = (track: TrackNumber): number => 25.4 / TRACK_FORMATS[track].density;
