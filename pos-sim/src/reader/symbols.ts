// Bits to characters: ISO/IEC 7811-2. Looks for start sentinels in one direction, checks each character's parity, then
// the LRC. Says how far the best attempt came, so that a swipe that failed can be explained.
import { TRACK_FORMATS, type TrackFormat } from "../track-format.js";

/** A frame that passed every check. Bit numbers are in the order of reading. */
export interface BitFrame {
  readonly symbolBits: 5 | 7;
  /** From start to end sentinel. */
  readonly data: string;
  /** First bit of the start sentinel, and bits up to the end of the LRC. */
  readonly from: number;
  readonly bits: number;
}

/** Why an attempt ended, and at which character: the start sentinel is number 1. */
export interface Attempt {
  readonly symbolBits: 5 | 7;
  readonly fault: "PARITY" | "LRC" | "NO_END_SENTINEL";
  readonly character: number;
  readonly from: number;
  /** The data ends in zeros: not the reader lost it. */
  readonly zeros?: true;
}

export interface Frames {
  readonly frames: readonly BitFrame[];
  /** The attempt that came farthest, if one came beyond its start sentinel. */
  readonly failed: Attempt | undefined;
}

/**
 * Zeros that must stand before a start sentinel, and behind an LRC unless the bits end there. A stripe has 22 and more; the first may be lost
 * to synchronising.
 */
const ZEROS_BEFORE = 4;
const ZEROS_AFTER = 5;
/**
 * Frames of fewer characters than this turn up by accident inside longer ones, read from the wrong end. They must stand
 * alone: behind more zeros than data can hold (12, on track 1), and before zeros, not where a recording was cut.
 */
const SHORT_FRAME = 12;
const ZEROS_BEFORE_SHORT = 13;
/**
 * Bits that accident would have to hit, of sentinels, LRC, parity and the zeros behind them: a swipe that is not read offers some
 * dozens of places. Twelve digits and five zeros have as many; a shorter frame wants more zeros.
 */
const BITS_OF_PROOF = 30;

/** All frames in `count` bits of `bits`, read from `origin` in steps of `way`. */
export function findFrames(bits: Uint8Array, way: 1 | -1): Frames {
  const frames: BitFrame[] = [];
  let failed: Attempt | undefined;
  const count = bits.length;
  const origin = way === 1 ? 0 : count - 1;
  for (const format of [TRACK_FORMATS[1], TRACK_FORMATS[3]]) {
    let zeros = 0;
    for (let at = 0; at < count; at++) {
      if (bits[origin + way * at] === 0) {
        zeros++;
        continue;
      }
      if (zeros >= ZEROS_BEFORE && symbolAt(bits, origin, way, at, count, format) === format.start) {
        const result = readFrame(bits, origin, way, at, count, format);
        if ("data" in result) {
          const accident = result.data.length < SHORT_FRAME && zeros < ZEROS_BEFORE_SHORT;
          if (accident || !endsBefore(bits, origin, way, at + result.bits, result)) {
            zeros = 0;
            continue;
          }
          frames.push(result);
          at += result.bits - 1;
        } else if (result.character > 1 && result.character > (failed?.character ?? 0)) failed = result;
      }
      zeros = 0;
    }
  }
  return { frames, failed };
}

/** Zeros from bit `end` on; or nothing, unless it must be zeros. */
function endsBefore(
  bits: Uint8Array,
  origin: number,
  way: 1 | -1,
  end: number,
  { data, symbolBits }: BitFrame,
): boolean {
  const alone = data.length < SHORT_FRAME;
  // Of the characters between the sentinels parity is right by accident in one of two each.
  const zeros = alone ? Math.max(ZEROS_AFTER, BITS_OF_PROOF - 3 * symbolBits - (data.length - 2)) : ZEROS_AFTER;
  for (let i = 0; i < zeros; i++) {
    const bit = bits[origin + way * (end + i)];
    if (bit === 1 || (alone && bit === undefined)) return false;
  }
  return true;
}

function readFrame(
  bits: Uint8Array,
  origin: number,
  way: 1 | -1,
  from: number,
  count: number,
  format: TrackFormat,
): BitFrame | Attempt {
  const { symbolBits, offset, maxCharacters } = format;
  const mask = (1 << (symbolBits - 1)) - 1;
  let lrc = 0;
  let data = "";
  for (let character = 1, at = from; ; character++, at += symbolBits) {
    const attempt = (fault: Attempt["fault"]): Attempt => ({ symbolBits, fault, character, from });
    const symbol = symbolAt(bits, origin, way, at, count, format);
    if (symbol < 0 || character > maxCharacters - 1) return attempt("NO_END_SENTINEL");
    if (!odd(symbol)) {
      if (!endsInZeros(bits, origin, way, at, count, symbolBits)) return attempt("PARITY");
      return { ...attempt("NO_END_SENTINEL"), zeros: true };
    }
    lrc ^= symbol & mask;
    data += String.fromCharCode(offset + (symbol & mask));
    if (symbol !== format.end) continue;
    const check = symbolAt(bits, origin, way, at + symbolBits, count, format);
    // Its parity bit covers the LRC character itself.
    if (check < 0 || !odd(check) || (check & mask) !== lrc)
      return { symbolBits, fault: "LRC", character: character + 1, from };
    return { symbolBits, data, from, bits: at + 2 * symbolBits - from };
  }
}

/** Within the character at `at`, which may have lost its only one, begin more zeros than data can hold: the next character has a one. */
function endsInZeros(
  bits: Uint8Array,
  origin: number,
  way: 1 | -1,
  at: number,
  count: number,
  symbolBits: number,
): boolean {
  const longest = 2 * symbolBits - 1;
  let zeros = 0;
  for (let i = at; i < Math.min(count, at + symbolBits + longest + 1); i++) {
    zeros = bits[origin + way * i] === 0 ? zeros + 1 : 0;
  }
  return zeros > longest;
}

/** The symbol at bit `at`, or -1 beyond the end. */
function symbolAt(
  bits: Uint8Array,
  origin: number,
  way: 1 | -1,
  at: number,
  count: number,
  format: TrackFormat,
): number {
  const { symbolBits } = format;
  if (at + symbolBits > count) return -1;
  let symbol = 0;
  for (let i = 0; i < symbolBits; i++) symbol |= bits[origin + way * (at + i)]! << i;
  return symbol;
}

function odd(symbol: number): boolean {
  let folded = symbol ^ (symbol >> 4);
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  return (folded & 1) === 1;
}
