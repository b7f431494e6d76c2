// What stands around a text: some zeros, as on every card.

import type { Chain } from "./chain.js";
import { CHANGE, type Weights } from "./weights.js";

/**
 * A text stands between zeros. Odds of other bits within so many cells of one, and of silence, as where a recording is cut: where a clock has
 * slipped in a text, or was lost, or noise has made a sentinel in it, a part of it is a text by accident.
 */
const GUARD = 6;
const CRAMPED = 1e-7;
export const SHORT = 1e-3;

/** Zeros with other bits, or with silence, within `GUARD` cells of them: sums by how many they are apart. */
export class Cramped {
  readonly #chain: Chain;
  /** `[distance * states + state]`, of other bits and of silence. */
  #others: Float64Array;
  #silence: Float64Array;
  #next: Float64Array;
  /** Silence so soon behind other bits, by distance: zeros may begin in it again. */
  readonly #lull = new Float64Array(GUARD);

  constructor(chain: Chain) {
    this.#chain = chain;
    this.#others = new Float64Array(GUARD * chain.states);
    this.#silence = new Float64Array(GUARD * chain.states);
    this.#next = new Float64Array(GUARD * chain.states);
  }

  /** Nothing lies beyond, of zeros that weigh 1. */
  end(): void {
    this.#silence.fill(1, 0, this.#chain.states);
  }

  /** Over cell k, in the order of reading. @param sums - Before it, of silence, zeros and other bits, by state. */
  ahead({ gain, begin, silence }: Weights, k: number, sums: Float64Array): void {
    const { states, first, starts, numbers, bits, ends, transitions } = this.#chain;
    const lull = this.#lull;
    const begins = (s: number): number => (first.includes(s) ? (CHANGE / first.length) * begin[k * states + s]! : 0);
    const over = (from: Float64Array, fresh: (s: number) => number, lulled: boolean): Float64Array => {
      const next = this.#next.fill(0);
      for (let s = 0; s < states; s++) {
        const begun = begins(s);
        for (let i = starts[s]!; i < starts[s + 1]!; i++) {
          if (bits[i] === 1) continue;
          const g = gain[k * transitions.length + numbers[i]!]!;
          const to = ends[i]!;
          next[to]! += fresh(s) * g;
          for (let n = 1; n < GUARD; n++) {
            const before = from[(n - 1) * states + s]! + (lulled ? begun * lull[n - 1]! : 0);
            next[n * states + to]! += (1 - 3 * CHANGE) * before * g;
          }
        }
      }
      this.#next = from;
      return next;
    };
    this.#others = over(this.#others, (s) => CHANGE * sums[1 + states + s]!, true);
    this.#silence = over(this.#silence, (s) => (1 - 3 * CHANGE) * sums[0]! * begins(s), false);
    for (let n = GUARD - 1; n > 0; n--) lull[n] = (1 - CHANGE) * silence[k]! * lull[n - 1]!;
    lull[0] = CHANGE * silence[k]! * sums.subarray(1 + states).reduce((sum, value) => sum + value, 0);
  }

  /** Over cell k, from the end. @param sums - Behind it, of silence, zeros and other bits, by state. */
  behind({ gain, silence }: Weights, k: number, sums: Float64Array): void {
    const { states, starts, numbers, bits, ends, transitions } = this.#chain;
    const over = (from: Float64Array, fresh: (end: number, g: number) => number, quiet: number): Float64Array => {
      const next = this.#next.fill(0);
      for (let s = 0; s < states; s++) {
        next[s] = quiet;
        for (let i = starts[s]!; i < starts[s + 1]!; i++) {
          const g = gain[k * transitions.length + numbers[i]!]!;
          const end = ends[i]!;
          next[s]! += fresh(end, g);
          if (bits[i] === 1) continue;
          for (let n = 1; n < GUARD; n++) next[n * states + s]! += (1 - 3 * CHANGE) * from[(n - 1) * states + end]! * g;
        }
      }
      this.#next = from;
      return next;
    };
    this.#others = over(this.#others, (end, g) => 0.5 * CHANGE * sums[1 + states + end]! * g, 0);
    this.#silence = over(this.#silence, () => 0, CHANGE * silence[k]! * sums[0]!);
  }

  /** Weights of `zeros` where a text begins or ends, after all sums were divided by e to the power of `log`. */
  leave(zeros: Float64Array, into: Float64Array, log: number): void {
    const { states } = this.#chain;
    const factor = Math.exp(-log);
    for (let i = 0; i < this.#others.length; i++) {
      this.#others[i]! *= factor;
      this.#silence[i]! *= factor;
    }
    for (let n = 0; n < GUARD; n++) this.#lull[n]! *= factor;
    for (let s = 0; s < states; s++) {
      let open = zeros[s]!;
      for (let n = 0; n < GUARD; n++) {
        open -= (1 - CRAMPED) * this.#others[n * states + s]! + (1 - SHORT) * this.#silence[n * states + s]!;
      }
      into[s] = Math.max(CRAMPED * zeros[s]!, open);
    }
  }
}
