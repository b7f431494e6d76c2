// Who has looked where: the cheap path tells what it read and where it met what it could not read, and the search is spared the rest.

interface Span {
  readonly from: number;
  readonly to: number;
}

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

  /** Here was something that gave no frame. */
  doubt(at: number): void {
    if (this.#doubts.length < DOUBTS) this.#doubts.push(at);
  }

  /** True where a part needs no search: something was read in it, and nothing beside that is in doubt. Asked in rising order. */
  passed(from: number, to: number): boolean {
    // Octaves that fail where another one reads are no doubt.
    const doubted = this.#doubts.some((at) => at >= from && at < to && !this.#read.some((span) => isAbout(span, at)));
    this.#doubts = this.#doubts.filter((at) => at >= to);
    while (this.#read.length > 0 && this.#read[0]!.to < from - this.#reach) this.#read.shift();
    return !doubted && this.#overlapping(from, to);
  }

  #overlapping(from: number, to: number): boolean {
    return this.#read.some((span) => span.from < to && span.to > from);
  }
}

function isAbout(span: Span, at: number): boolean {
  const margin = (span.to - span.from) / 2;
  return at > span.from - margin && at < span.to + margin;
}
