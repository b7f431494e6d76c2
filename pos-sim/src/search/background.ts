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
      aheadScale[k + 1] = aheadScale[k]! + scaled(ahead, to, row);
    }
    const behind = new Float64Array((cells + 1) * row);
    const behindScale = new Float64Array(cells + 1);
    behind.fill(1, cells * row);
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
      behindScale[k] = behindScale[k + 1]! + scaled(behind, at, row);
    }
    this.row = row;
    this.ahead = ahead;
    this.aheadScale = aheadScale;
    this.behind = behind;
    this.behindScale = behindScale;
    this.total = aheadScale[cells]! + weights.scale;
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
