// How well cells fit what they may hold: as logarithms, and as weights.

import type { Chain } from "./chain.js";

/** How well cells fit, in the order in which they are read. Natural logarithms of likelihood over that of noise alone. */
export interface CellMetrics {
  readonly cells: number;
  readonly chain: Chain;
  /** Of each step over cell k: `[k * transitions + transition]`. */
  readonly gain: Float64Array;
  /** Of a reversal at the beginning of cell k with nothing before it, by state: `[k * states + state]`. */
  readonly begin: Float64Array;
  /** Power that pulses have over each cell, over what is usual. */
  readonly power: Float64Array;
}

/** Of the cells from `from` to `to` alone, in the order in which they are read. */
export function sliced({ chain, gain, begin, power }: CellMetrics, from: number, to: number): CellMetrics {
  const steps = chain.transitions.length;
  return {
    cells: to - from,
    chain,
    gain: gain.subarray(from * steps, to * steps),
    begin: begin.subarray(from * chain.states, to * chain.states),
    power: power.subarray(from, to),
  };
}

/** Prior odds of what happens at a cell outside of text: a swipe begins or ends, zeros become other bits and back. */
export const CHANGE = 0.01;

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
  /** Logarithm of what was divided out of each cell. */
  readonly #most: Float64Array;
  readonly #power: Float64Array;

  constructor({ cells, chain, gain, begin, power }: CellMetrics) {
    this.cells = cells;
    this.chain = chain;
    const row = chain.transitions.length;
    this.gain = new Float64Array(gain.length);
    this.begin = new Float64Array(begin.length);
    this.silence = new Float64Array(cells);
    this.#most = new Float64Array(cells);
    this.#power = power;
    let scale = 0;
    for (let k = 0; k < cells; k++) {
      let most = 0;
      for (let i = k * row; i < (k + 1) * row; i++) most = Math.max(most, gain[i]!);
      for (let i = k * row; i < (k + 1) * row; i++) this.gain[i] = Math.exp(gain[i]! - most);
      this.silence[k] = Math.exp(-most);
      this.#most[k] = most;
      scale += most;
    }
    this.scale = scale;
    for (let i = 0; i < begin.length; i++) this.begin[i] = Math.exp(Math.min(50, begin[i]!));
  }

  /**
   * The same, with one step more over each cell, the last one: that its clock is lost. Then it fits by accident, whatever bit it holds, and a
   * third as well as others at most, which are as strong: `[k * (transitions + 1) + transition]`.
   */
  get gainOrLost(): Float64Array {
    const row = this.chain.transitions.length;
    const third = this.#most.map((most, k) => most / this.#power[k]!).sort()[this.cells >> 1]! / 3;
    const gains = new Float64Array(this.cells * (row + 1));
    for (let k = 0; k < this.cells; k++) {
      gains.set(this.gain.subarray(k * row, (k + 1) * row), k * (row + 1));
      gains[k * (row + 1) + row] = Math.exp(Math.min(0, third * this.#power[k]! - this.#most[k]!));
    }
    return gains;
  }
}

/** Logarithm of the sum of two numbers that are given as logarithms. */
export function addLog(a: number, b: number): number {
  const most = Math.max(a, b);
  const less = Math.min(a, b);
  // The rest of it is beyond a number's last bit; so is all of what is impossible.
  return less > most - 40 ? most + Math.log1p(Math.exp(less - most)) : most;
}
