// Passes that are joined may be of two cards, alike but for a few digits: cards of one issuer begin alike, and expire alike. What a pass
// would rather say, if characters of a text were others, with the LRC that goes with them.

import type { CellMetrics } from "../texts/weights.js";

/** Prior odds that a pass so soon behind another one is of another card, alike as cards of one issuer are. */
const ANOTHER = 1e-4;
/** Of such cards, the share of characters that are the same. */
const SAME = 0.9;

/** Where a text lies in a pass, and its bits, both as the pass is read. */
export interface Lain {
  readonly metrics: CellMetrics;
  /** Cell of the text's first bit: it may lie outside, as a pass may be cut short. */
  readonly from: number;
}

/**
 * Odds that a pass is of another text than `bits`, alike but for a few characters, over that it is of this one.
 *
 * @param bits - Of a text, start sentinel to LRC.
 */
export function otherText({ metrics, from }: Lain, bits: readonly number[], symbolBits: 5 | 7): number {
  const characters = bits.length / symbolBits;
  const path = new TextPath(metrics, from, bits);
  const values = 1 << (symbolBits - 1);
  const valueAt = (c: number): number => {
    let value = 0;
    for (let i = 0; i < symbolBits - 1; i++) value |= bits[c * symbolBits + i]! << i;
    return value;
  };
  /** Likelihood of a character with `change` in its data bits, over that of the one that is there. */
  const changed = (c: number, change: number): number =>
    path.oddsOf(c * symbolBits, symbolOf(valueAt(c) ^ change, symbolBits));
  // Sums over all changes of the characters between the sentinels, by what they change in the LRC.
  const each = (1 - SAME) / SAME / (values - 1);
  let sums = new Float64Array(values);
  sums[0] = 1;
  for (let c = 1; c < characters - 2; c++) {
    const odds = Float64Array.from({ length: values }, (_, change) => (change === 0 ? 1 : each * changed(c, change)));
    const next = new Float64Array(values);
    for (let before = 0; before < values; before++) {
      for (let change = 0; change < values; change++) next[before ^ change]! += sums[before]! * odds[change]!;
    }
    sums = next;
  }
  let total = 0;
  for (let change = 0; change < values; change++) {
    total += sums[change]! * (change === 0 ? 1 : changed(characters - 1, change));
  }
  return ANOTHER * SAME ** (characters - 3) * Math.max(0, total - 1);
}

/** Data bits, lowest first, and the parity bit that makes their ones odd. */
function symbolOf(value: number, symbolBits: 5 | 7): number[] {
  const bits = Array.from({ length: symbolBits - 1 }, (_, i) => (value >> i) & 1);
  return [...bits, 1 - (bits.reduce((sum, bit) => sum + bit, 0) % 2)];
}

/** The best way through the cells of a text, from both ends. */
class TextPath {
  readonly #metrics: CellMetrics;
  readonly #from: number;
  /** Best score of each state before bit k, and behind it to the end. */
  readonly #ahead: Float64Array[];
  readonly #behind: Float64Array[];
  readonly #best: number;

  constructor(metrics: CellMetrics, from: number, bits: readonly number[]) {
    const { states, first, transitions } = metrics.chain;
    this.#metrics = metrics;
    this.#from = from;
    const start = new Float64Array(states).fill(Number.NEGATIVE_INFINITY);
    for (const state of first) start[state] = 0;
    this.#ahead = [start];
    for (const [k, bit] of bits.entries()) this.#ahead.push(this.#over(this.#ahead[k]!, k, bit));
    this.#behind = [new Float64Array(states)];
    for (let k = bits.length - 1; k >= 0; k--) {
      const before = new Float64Array(states).fill(Number.NEGATIVE_INFINITY);
      for (const [number, step] of transitions.entries()) {
        if (step.bit !== bits[k]) continue;
        before[step.from] = Math.max(before[step.from]!, this.#gain(k, number) + this.#behind[0]![step.to]!);
      }
      this.#behind.unshift(before);
    }
    this.#best = Math.max(...this.#ahead[bits.length]!);
  }

  /** Likelihood with other bits from bit `at` on, over that of the text's own. */
  oddsOf(at: number, bits: readonly number[]): number {
    let score = this.#ahead[at]!;
    for (const [i, bit] of bits.entries()) score = this.#over(score, at + i, bit);
    const behind = this.#behind[at + bits.length]!;
    const most = score.reduce((best, value, state) => Math.max(best, value + behind[state]!), Number.NEGATIVE_INFINITY);
    return Math.exp(Math.min(LARGEST, most - this.#best));
  }

  #over(before: Float64Array, k: number, bit: number): Float64Array {
    const after = new Float64Array(before.length).fill(Number.NEGATIVE_INFINITY);
    for (const [number, step] of this.#metrics.chain.transitions.entries()) {
      if (step.bit !== bit) continue;
      after[step.to] = Math.max(after[step.to]!, before[step.from]! + this.#gain(k, number));
    }
    return after;
  }

  /** Of a transition over the cell of bit k; of a cell that is not there, none. */
  #gain(k: number, number: number): number {
    const { cells, gain, chain } = this.#metrics;
    const cell = this.#from + k;
    return cell < 0 || cell >= cells ? 0 : gain[cell * chain.transitions.length + number]!;
  }
}

/** Logarithm of the largest odds that are told apart. */
const LARGEST = 100;
