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
 * A text stands between zeros or silence. Odds of other bits within so many cells of one: where a clock has slipped in a text, or noise has
 * made a sentinel in it, a part of it is a text by accident.
 */
const GUARD = 6;
const CRAMPED = 1e-7;

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
      crampedAhead.ahead(weights, k, ahead.subarray(at + others, at + row));
      const log = scaled(ahead, to, row);
      aheadScale[k + 1] = aheadScale[k]! + log;
      crampedAhead.leave(ahead.subarray(to + 1, to + others), before.subarray((k + 1) * states, (k + 2) * states), log);
    }
    const behind = new Float64Array((cells + 1) * row);
    const behindScale = new Float64Array(cells + 1);
    behind.fill(1, cells * row);
    const after = new Float64Array((cells + 1) * states).fill(1, cells * states);
    const crampedBehind = new Cramped(chain);
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
      crampedBehind.behind(weights, k, behind.subarray(from + others, from + row));
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

/** Zeros with other bits within `GUARD` cells of them: sums by how many they are apart. */
class Cramped {
  readonly #chain: Chain;
  /** `[distance * states + state]`. */
  #sums: Float64Array;
  #next: Float64Array;
  /** Silence so soon behind other bits, by distance: zeros may begin in it again. */
  #lull: Float64Array;
  #nextLull: Float64Array;

  constructor(chain: Chain) {
    this.#chain = chain;
    this.#sums = new Float64Array(GUARD * chain.states);
    this.#next = new Float64Array(GUARD * chain.states);
    this.#lull = new Float64Array(GUARD);
    this.#nextLull = new Float64Array(GUARD);
  }

  /** Over cell k, in the order of reading. @param others - Sums of other bits before it, by state. */
  ahead({ gain, begin, silence }: Weights, k: number, others: Float64Array): void {
    const { states, first, starts, numbers, bits, ends, transitions } = this.#chain;
    const [sums, next, lull] = [this.#sums, this.#next.fill(0), this.#lull];
    for (let s = 0; s < states; s++) {
      const begins = first.includes(s) ? (CHANGE / first.length) * begin[k * states + s]! : 0;
      for (let i = starts[s]!; i < starts[s + 1]!; i++) {
        if (bits[i] === 1) continue;
        const g = gain[k * transitions.length + numbers[i]!]!;
        const to = ends[i]!;
        next[to]! += CHANGE * others[s]! * g;
        for (let n = 1; n < GUARD; n++) {
          next[n * states + to]! += (1 - 3 * CHANGE) * (sums[(n - 1) * states + s]! + begins * lull[n - 1]!) * g;
        }
      }
    }
    const nextLull = this.#nextLull;
    nextLull[0] = CHANGE * silence[k]! * others.reduce((sum, value) => sum + value, 0);
    for (let n = 1; n < GUARD; n++) nextLull[n] = (1 - CHANGE) * silence[k]! * lull[n - 1]!;
    [this.#sums, this.#next, this.#lull, this.#nextLull] = [next, sums, nextLull, lull];
  }

  /** Over cell k, from the end. @param others - Sums of other bits behind it, by state. */
  behind({ gain }: Weights, k: number, others: Float64Array): void {
    const { states, starts, numbers, bits, ends, transitions } = this.#chain;
    const [sums, next] = [this.#sums, this.#next.fill(0)];
    for (let s = 0; s < states; s++) {
      for (let i = starts[s]!; i < starts[s + 1]!; i++) {
        const g = gain[k * transitions.length + numbers[i]!]!;
        const from = ends[i]!;
        next[s]! += 0.5 * CHANGE * others[from]! * g;
        if (bits[i] === 1) continue;
        for (let n = 1; n < GUARD; n++) next[n * states + s]! += (1 - 3 * CHANGE) * sums[(n - 1) * states + from]! * g;
      }
    }
    [this.#sums, this.#next] = [next, sums];
  }

  /** Weights of `zeros` where a text begins or ends, after all sums were divided by e to the power of `log`. */
  leave(zeros: Float64Array, into: Float64Array, log: number): void {
    const { states } = this.#chain;
    const factor = Math.exp(-log);
    for (let i = 0; i < this.#sums.length; i++) this.#sums[i]! *= factor;
    for (let n = 0; n < GUARD; n++) this.#lull[n]! *= factor;
    for (let s = 0; s < states; s++) {
      let near = 0;
      for (let n = 0; n < GUARD; n++) near += this.#sums[n * states + s]!;
      into[s] = Math.max(CRAMPED * zeros[s]!, zeros[s]! - (1 - CRAMPED) * near);
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
