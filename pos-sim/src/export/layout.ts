// How a swipe is laid out on paper: rows of time, cut where a character ends, and what lies in each.
import type { Read } from "../reader/read.js";
import { TRACK_FORMATS } from "../track-format.js";

/** Room beside what is drawn, of this picture and of those that stand below it, px: all begin and end alike. */
export const LEFT = 92;
export const RIGHT = 32;

export interface Span {
  readonly fromS: number;
  readonly toS: number;
}

export interface BitMark extends Span {
  readonly bit: number;
  readonly kind: "zero" | "data" | "parity";
}

export interface SymbolMark extends Span {
  readonly text: string;
  readonly kind: "sentinel" | "data" | "lrc";
  /** How sure it is, where that is known. */
  readonly confidence?: number;
}

/** A read on paper; of a masked one only where it lies. */
export interface Marks {
  readonly read: Read;
  readonly bits: readonly BitMark[];
  readonly symbols: readonly SymbolMark[];
}

/** Bits and characters of a read in the order of time, from its `cells`. */
export function marksOf(read: Read): Marks {
  const { cells } = read;
  if (cells === undefined) return { read, bits: [], symbols: [] };
  const { bounds, bits, frameFrom, frameBits, symbolBits } = cells;
  const forward = read.direction === "forward";
  const format = TRACK_FORMATS[read.track];
  const bitMarks = Array.from(bits, (bit, i): BitMark => {
    const inFrame = i >= frameFrom && i < frameFrom + frameBits;
    const place = forward ? i - frameFrom : frameFrom + frameBits - 1 - i;
    const kind = !inFrame ? "zero" : place % symbolBits === symbolBits - 1 ? "parity" : "data";
    return { fromS: bounds[i]!, toS: bounds[i + 1]!, bit, kind };
  });
  const count = frameBits / symbolBits;
  const symbols = Array.from({ length: count }, (_, n): SymbolMark => {
    const first = forward ? frameFrom + n * symbolBits : frameFrom + frameBits - (n + 1) * symbolBits;
    const span = { fromS: bounds[first]!, toS: bounds[first + symbolBits]! };
    if (n === count - 1) {
      const data = Array.from(bits.subarray(first, first + symbolBits));
      if (!forward) data.reverse();
      const value = data.slice(0, -1).reduce((sum, bit, i) => sum | (bit << i), 0);
      return { ...span, text: String.fromCharCode(format.offset + value), kind: "lrc" };
    }
    const confidence = read.characterConfidence[n];
    const kind = n === 0 || n === count - 2 ? "sentinel" : "data";
    return { ...span, text: read.data[n]!, kind, ...(confidence !== undefined && { confidence }) };
  });
  return { read, bits: bitMarks, symbols };
}

/**
 * Cuts `whole` into rows of at most `rowS` seconds, each ending between two characters or two zeros where it can.
 */
export function rowsOf(whole: Span, rowS: number, marks: readonly Marks[]): Span[] {
  const inside = marks.flatMap(({ read, symbols }): readonly Span[] =>
    symbols.length > 0 ? symbols : [{ fromS: read.startS, toS: read.endS }],
  );
  const zeros = marks.flatMap(({ bits }): readonly Span[] => bits.filter(({ kind }) => kind === "zero"));
  const cuts = [...inside, ...zeros].flatMap(({ fromS, toS }) => [fromS, toS]).sort((a, b) => a - b);
  const rows: Span[] = [];
  for (let fromS = whole.fromS; fromS < whole.toS - 1e-9; ) {
    let toS = Math.min(whole.toS, fromS + rowS);
    if (toS < whole.toS) {
      const cut = cuts.findLast((time) => time <= toS);
      if (cut !== undefined && cut > fromS + rowS * 0.6) toS = cut;
    }
    rows.push({ fromS, toS });
    fromS = toS;
  }
  return rows;
}
