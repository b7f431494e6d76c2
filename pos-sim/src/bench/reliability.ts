// Whether the reader is as often wrong as it says: swipes by what it claimed of its likeliest text, in decades of the chance to be wrong.

export interface Decade {
  /** Claimed chance to be wrong, from this one up to ten times as much. */
  readonly from: number;
  readonly swipes: number;
  readonly wrong: number;
  /** How many should have been wrong, as claimed. */
  readonly expected: number;
}

/** Decades of claims: certain beyond the first one, and what is less likely than not. */
const DECADES = 9;

export class Reliability {
  readonly #swipes = new Array<number>(DECADES).fill(0);
  readonly #wrong = new Array<number>(DECADES).fill(0);
  readonly #expected = new Array<number>(DECADES).fill(0);

  add(probability: number, right: boolean): void {
    const doubt = Math.max(0, 1 - probability);
    const decade = Math.min(DECADES - 1, Math.max(0, Math.floor(-Math.log10(doubt + 1e-30))));
    this.#swipes[decade]!++;
    this.#expected[decade]! += doubt;
    if (!right) this.#wrong[decade]!++;
  }

  /** Most doubtful first. */
  get decades(): readonly Decade[] {
    return this.#swipes.map((swipes, i) => ({
      from: i === DECADES - 1 ? 0 : 1 / 10 ** (i + 1),
      swipes,
      wrong: this.#wrong[i]!,
      expected: this.#expected[i]!,
    }));
  }
}
