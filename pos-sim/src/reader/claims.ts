// Who has looked where: the cheap path tells what it read and where it met what it could not read, and the search is spared the rest.
import type { Span } from "../search/searcher.js";

/** Doubts that are kept, at most. */
const DOUBTS = 4096;

/** Places in samples of the recording. Bounded: what lies far enough behind is forgotten. */
export class Claims {
  readonly #reach: number;
  readonly #read: Span[] = [];
  #doubts: number[] = [];

  /** @param reach - How far back a search, or a late octave, may still come. */
  constructor(reach: number) {
    this.#reach = reach;
  }

  /** Claims the place of a frame; false where a frame that lies there was read already. */
  claim(from: number, to: number): boolean {
    if (this.#overlapping(from, to)) return false;
    this.#read.push({ from, to });
    return true;
  }

  /** Was most of a place, or what lies about it, read? */
  isRead(from: number, to: number): boolean {
    return this.#read
      .map(withMargin)
      .some((span) => Math.min(to, span.to) - Math.max(from, span.from) > (to - from) / 2);
  }

  /** Here was something that gave no frame. */
  doubt(at: number): void {
    if (this.#doubts.length < DOUBTS) this.#doubts.push(at);
  }

  /** Where others have read something, and nothing beside that is in doubt; undefined where all of a part needs a search. Asked in rising order. */
  readIn(from: number, to: number): readonly Span[] | undefined {
    // Octaves that fail where another one reads are no doubt.
    const doubted = this.#doubts.some((at) => at >= from && at < to && !this.#read.some((span) => isAbout(span, at)));
    this.#doubts = this.#doubts.filter((at) => at >= to);
    while (this.#read.length > 0 && this.#read[0]!.to < from - this.#reach) this.#read.shift();
    const read = this.#read.filter((span) => span.from < to && span.to > from);
    return doubted || read.length === 0 ? undefined : read.map(withMargin);
  }

  #overlapping(from: number, to: number): boolean {
    return this.#read.some((span) => span.from < to && span.to > from);
  }
}

function isAbout(span: Span, at: number): boolean {
  const { from, to } = withMargin(span);
  return at > from && at < to;
}

/** With its zeros, and what else a swipe has around its data. */
function withMargin({ from, to }: Span): Span {
  const margin = (to - from) / 2;
  return { from: from - margin, to: to + margin };
}
