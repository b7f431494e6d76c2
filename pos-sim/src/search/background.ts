// Cells as they are when they hold no text: silence, zeros, other bits. What every text is weighed against, and what stands before and
// behind it.

import type { Chain } from "./chain.js";

/** How well cells fit, in the order in which they are read. Natural logarithms of likelihood over that of noise alone. */
export interface CellMetrics {
  readonly cells: number;
  readonly chain: Chain;
  /** Of each step over cell k: `[k * transitions + transition]`. */
  readonly gain: Float64Array;
  /** Of a reversal at the beginning of cell k with nothing before it, by state: `[k * states + state]`. */
  readonly begin: Float64Array;
}

/** Prior odds of what happens at a cell outside of text: a swipe begins or ends, zeros become other bits and back. */
const CHANGE = 0.01;

/**
 * A text stands between zeros. Odds of other bits within so many cells of one, and of silence, as where a recording is cut: where a clock has
 * slipped in a text, or was lost, or noise has made a sentinel in it, a part of it is a text by accident.
 */
const GUARD = 6;
const CRAMPED = 1e-7;
const SHORT = 1e-3;

/** Likelihoods as weights: each cell's largest is 1, and what was divided out is summed up. */
export class Weights {
  readonly cells: number;
  readonly chain: Chain;
  readonly gain: Float64Array;
  readonly begin: Float64Array;
  /** Weight of a cell without a pulse. */
  readonly silence: Float64Array;
  /** Logarithm of what was divided out of all cells. */
  readonly scale: number;

  constructor({ cells, chain, gain, begin }: CellMetrics) {
    this.cells = cells;
    this.chain = chain;
    const row = chain.transitions.length;
    this.gain = new Float64Array(gain.length);
    this.begin = new Float64Array(begin.length);
    this.silence = new Float64Array(cells);
    let scale = 0;
    for (let k = 0; k < cells; k++) {
      let most = 0;
      for (let i = k * row; i < (k + 1) * row; i++) most = Math.max(most, gain[i]!);
      for (let i = k * row; i < (k + 1) * row; i++) this.gain[i] = Math.exp(gain[i]! - most);
      this.silence[k] = Math.exp(-most);
      scale += most;
    }
    this.scale = scale;
    for (let i = 0; i < begin.length; i++) this.begin[i] = Math.exp(Math.min(50, begin[i]!));
  }
}

/** Sums over what is no text, from both ends: silence, zeros by state, other bits by state. */
export class Background {
  /** Values of a row: silence, then zeros, then other bits. */
  readonly row: number;
  /** `[k * row + value]` before cell k; each row sums to 1, and `aheadScale[k]` is the logarithm of what was divided out. */
  readonly ahead: Float64Array;
  readonly aheadScale: Float64Array;
  /** From cell k to the end, likewise. */
  readonly behind: Float64Array;
  readonly behindScale: Float64Array;
  /** What a text may begin behind, at cell k in each state of the chain: `[k * states + state]`, as `ahead` is scaled; and what may stand behind it. */
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** Logarithm of the sum over everything that is no text. */
  readonly total: number;

  constructor(weights: Weights) {
    const { cells, chain, gain, begin, silence } = weights;
    const { states, first, starts, numbers, bits, ends } = chain;
    const steps = chain.transitions.length;
    const row = 1 + 2 * states;
    const others = 1 + states;
    const begins = CHANGE / first.length;
    const ahead = new Float64Array((cells + 1) * row);
    const aheadScale = new Float64Array(cells + 1);
    const zero = new Float64Array(states);
    const before = new Float64Array((cells + 1) * states);
    const crampedAhead = new Cramped(chain);
    ahead[0] = 1;
    for (let k = 0; k < cells; k++) {
      const at = k * row;
      const to = at + row;
      const quiet = ahead[at]!;
      const silent = silence[k]!;
      ahead[to]! += quiet * (1 - CHANGE) * silent;
      for (let s = 0; s < states; s++) zero[s] = ahead[at + 1 + s]!;
      for (const s of first) zero[s]! += quiet * begins * begin[k * states + s]!;
      for (let s = 0; s < states; s++) {
        const zeros = zero[s]!;
        const any = ahead[at + others + s]!;
        ahead[to]! += (ahead[at + 1 + s]! + any) * CHANGE * silent;
        if (zeros === 0 && any === 0) continue;
        for (let i = starts[s]!; i < starts[s + 1]!; i++) {
          const g = gain[k * steps + numbers[i]!]!;
          if (bits[i] === 0) ahead[to + 1 + ends[i]!]! += (zeros * (1 - 3 * CHANGE) + any * CHANGE) * g;
          ahead[to + others + ends[i]!]! += 0.5 * (zeros * CHANGE + any * (1 - 2 * CHANGE)) * g;
        }
      }
      crampedAhead.ahead(weights, k, ahead.subarray(at, to));
      const log = scaled(ahead, to, row);
      aheadScale[k + 1] = aheadScale[k]! + log;
      crampedAhead.leave(ahead.subarray(to + 1, to + others), before.subarray((k + 1) * states, (k + 2) * states), log);
    }
    const behind = new Float64Array((cells + 1) * row);
    const behindScale = new Float64Array(cells + 1);
    behind.fill(1, cells * row);
    const after = new Float64Array((cells + 1) * states).fill(SHORT, cells * states);
    const crampedBehind = new Cramped(chain);
    crampedBehind.end();
    for (let k = cells - 1; k >= 0; k--) {
      const at = k * row;
      const from = at + row;
      const silent = silence[k]! * behind[from]!;
      for (let s = 0; s < states; s++) {
        let zeros = 0;
        let any = 0;
        for (let i = starts[s]!; i < starts[s + 1]!; i++) {
          const g = gain[k * steps + numbers[i]!]!;
          const toOther = 0.5 * behind[from + others + ends[i]!]! * g;
          zeros += CHANGE * toOther;
          any += (1 - 2 * CHANGE) * toOther;
          if (bits[i] === 1) continue;
          const toZeros = behind[from + 1 + ends[i]!]! * g;
          zeros += (1 - 3 * CHANGE) * toZeros;
          any += CHANGE * toZeros;
        }
        zero[s] = zeros;
        behind[at + 1 + s] = zeros + CHANGE * silent;
        behind[at + others + s] = any + CHANGE * silent;
      }
      behind[at] = (1 - CHANGE) * silent;
      for (const s of first) behind[at]! += begins * begin[k * states + s]! * zero[s]!;
      crampedBehind.behind(weights, k, behind.subarray(from, from + row));
      const log = scaled(behind, at, row);
      behindScale[k] = behindScale[k + 1]! + log;
      crampedBehind.leave(behind.subarray(at + 1, at + others), after.subarray(k * states, (k + 1) * states), log);
    }
    this.row = row;
    this.ahead = ahead;
    this.aheadScale = aheadScale;
    this.behind = behind;
    this.behindScale = behindScale;
    this.before = before;
    this.after = after;
    this.total = aheadScale[cells]! + weights.scale;
  }
}

/** Zeros with other bits, or with silence, within `GUARD` cells of them: sums by how many they are apart. */
class Cramped {
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

/** Divides a row by its sum; its logarithm. */
function scaled(table: Float64Array, at: number, size: number): number {
  let sum = 0;
  for (let i = at; i < at + size; i++) sum += table[i]!;
  if (!(sum > 0)) {
    table[at] = 1;
    return -700;
  }
  for (let i = at; i < at + size; i++) table[i]! /= sum;
  return Math.log(sum);
}

/** Logarithm of the sum of two numbers that are given as logarithms. */
export function addLog(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}
