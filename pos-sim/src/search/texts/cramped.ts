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
  /** Steps of the chain over a zero. */
  readonly #zeros: readonly { readonly from: number; readonly to: number; readonly number: number }[];
  /** `[distance * states + state]`, of other bits and of silence. */
  #others: Float64Array;
  #silence: Float64Array;
  #next: Float64Array;
  /** Silence so soon behind other bits, by distance: zeros may begin in it again. */
  readonly #lull = new Float64Array(GUARD);
  /** What becomes zeros over the present cell, by state: out of other bits, out of silence, and what of each silence begins. */
  readonly #fresh: Float64Array;
  readonly #begun: Float64Array;

  constructor(chain: Chain) {
    this.#chain = chain;
    this.#zeros = chain.transitions.flatMap(({ from, bit, to }, number) => (bit === 0 ? [{ from, to, number }] : []));
    this.#others = new Float64Array(GUARD * chain.states);
    this.#silence = new Float64Array(GUARD * chain.states);
    this.#next = new Float64Array(GUARD * chain.states);
    this.#fresh = new Float64Array(chain.states);
    this.#begun = new Float64Array(chain.states);
  }

  /** Nothing lies beyond, of zeros that weigh 1. */
  end(): void {
    this.#silence.fill(1, 0, this.#chain.states);
  }

  /** Over cell k, in the order of reading. Before it, from `at` on in `sums`: silence, zeros and other bits, by state. */
  ahead({ gain, begin, silence }: Weights, k: number, sums: Float64Array, at: number): void {
    const { states, first, transitions } = this.#chain;
    const [lull, fresh, begun] = [this.#lull, this.#fresh, this.#begun];
    for (const s of first) begun[s] = (CHANGE / first.length) * begin[k * states + s]!;
    let all = 0;
    for (let s = 0; s < states; s++) {
      const any = sums[at + 1 + states + s]!;
      fresh[s] = CHANGE * any;
      all += any;
    }
    const row = k * transitions.length;
    const others = this.#over(this.#others, gain, row);
    for (const { from, to, number } of this.#zeros) {
      if (begun[from] === 0) continue;
      const weight = (1 - 3 * CHANGE) * begun[from]! * gain[row + number]!;
      for (let n = 1; n < GUARD; n++) others[n * states + to]! += weight * lull[n - 1]!;
    }
    this.#others = others;
    for (let s = 0; s < states; s++) fresh[s] = (1 - 3 * CHANGE) * sums[at]! * begun[s]!;
    this.#silence = this.#over(this.#silence, gain, row);
    for (let n = GUARD - 1; n > 0; n--) lull[n] = (1 - CHANGE) * silence[k]! * lull[n - 1]!;
    lull[0] = CHANGE * silence[k]! * all;
  }

  /** Zeros, one cell farther from what is beside them, and those that are `fresh`. */
  #over(from: Float64Array, gain: Float64Array, row: number): Float64Array {
    const { states } = this.#chain;
    const next = this.#next.fill(0);
    for (const { from: s, to, number } of this.#zeros) {
      const g = gain[row + number]!;
      next[to]! += this.#fresh[s]! * g;
      for (let n = 1; n < GUARD; n++) next[n * states + to]! += (1 - 3 * CHANGE) * from[(n - 1) * states + s]! * g;
    }
    this.#next = from;
    return next;
  }

  /** Over cell k, from the end. Behind it, from `at` on in `sums`: silence, zeros and other bits, by state. */
  behind({ gain, silence }: Weights, k: number, sums: Float64Array, at: number): void {
    const { states, starts, numbers, ends, transitions } = this.#chain;
    const row = k * transitions.length;
    const others = this.#back(this.#others, gain, row);
    for (let s = 0; s < states; s++) {
      for (let i = starts[s]!; i < starts[s + 1]!; i++) {
        others[s]! += 0.5 * CHANGE * sums[at + 1 + states + ends[i]!]! * gain[row + numbers[i]!]!;
      }
    }
    this.#others = others;
    const quiet = this.#back(this.#silence, gain, row);
    for (let s = 0; s < states; s++) quiet[s] = CHANGE * silence[k]! * sums[at]!;
    this.#silence = quiet;
  }

  /** The same from the end. */
  #back(from: Float64Array, gain: Float64Array, row: number): Float64Array {
    const { states } = this.#chain;
    const next = this.#next.fill(0);
    for (const { from: s, to, number } of this.#zeros) {
      const weight = (1 - 3 * CHANGE) * gain[row + number]!;
      for (let n = 1; n < GUARD; n++) next[n * states + s]! += weight * from[(n - 1) * states + to]!;
    }
    this.#next = from;
    return next;
  }

  /** Weights of zeros, from `at` on in `sums`, where a text begins or ends, after all sums were divided by e to the power of `log`. */
  leave(sums: Float64Array, at: number, into: Float64Array, intoAt: number, log: number): void {
    const { states } = this.#chain;
    const factor = Math.exp(-log);
    for (let i = 0; i < this.#others.length; i++) {
      this.#others[i]! *= factor;
      this.#silence[i]! *= factor;
    }
    for (let n = 0; n < GUARD; n++) this.#lull[n]! *= factor;
    for (let s = 0; s < states; s++) {
      const zeros = sums[at + s]!;
      let open = zeros;
      for (let n = 0; n < GUARD; n++) {
        open -= (1 - CRAMPED) * this.#others[n * states + s]! + (1 - SHORT) * this.#silence[n * states + s]!;
      }
      into[intoAt + s] = Math.max(CRAMPED * zeros, open);
    }
  }
}
