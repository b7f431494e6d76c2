// Cells as they are when they hold no text: silence, zeros, other bits. What every text is weighed against, and what stands before and
// behind it.

/** How well cells fit, in the order in which they are read. Natural logarithms of likelihood over that of noise alone. */
export interface CellMetrics {
  readonly cells: number;
  /** What reversals are counted by: 2 or 4. */
  readonly turns: 2 | 4;
  /** Of cell k: `[(k * turns + turn) * 4 + before * 2 + bit]`: count of the reversal that begins it, the bit before, its own bit. */
  readonly gain: Float64Array;
  /** Of a reversal at the beginning of cell k with nothing before it: `[k * turns + turn]`. */
  readonly begin: Float64Array;
}

/** Prior odds of what happens at a cell outside of text: a swipe begins or ends, zeros become other bits and back. */
const CHANGE = 0.01;

/** Likelihoods as weights: each cell's largest is 1, and what was divided out is summed up. */
export class Weights {
  readonly cells: number;
  readonly turns: 2 | 4;
  readonly gain: Float64Array;
  readonly begin: Float64Array;
  /** Weight of a cell without a pulse. */
  readonly silence: Float64Array;
  /** Logarithm of what was divided out of all cells. */
  readonly scale: number;

  constructor({ cells, turns, gain, begin }: CellMetrics) {
    this.cells = cells;
    this.turns = turns;
    const row = turns * 4;
    this.gain = new Float64Array(cells * row);
    this.begin = new Float64Array(cells * turns);
    this.silence = new Float64Array(cells);
    let scale = 0;
    for (let k = 0; k < cells; k++) {
      let most = 0;
      for (let i = 0; i < row; i++) most = Math.max(most, gain[k * row + i]!);
      for (let i = 0; i < row; i++) this.gain[k * row + i] = Math.exp(gain[k * row + i]! - most);
      this.silence[k] = Math.exp(-most);
      scale += most;
    }
    this.scale = scale;
    for (let i = 0; i < cells * turns; i++) this.begin[i] = Math.exp(Math.min(50, begin[i]!));
  }
}

/** Sums over what is no text, from both ends: silence, zeros by turn, other bits by turn and last bit. */
export class Background {
  /** States of a row: silence, then zeros, then other bits. */
  readonly states: number;
  /** `[k * states + state]` before cell k; each row sums to 1, and `aheadScale[k]` is the logarithm of what was divided out. */
  readonly ahead: Float64Array;
  readonly aheadScale: Float64Array;
  /** From cell k to the end, likewise. */
  readonly behind: Float64Array;
  readonly behindScale: Float64Array;
  /** Logarithm of the sum over everything that is no text. */
  readonly total: number;

  constructor(weights: Weights) {
    const { cells, turns, gain, begin, silence } = weights;
    const states = 1 + 3 * turns;
    const others = 1 + turns;
    const rows = cells + 1;
    const ahead = new Float64Array(rows * states);
    const aheadScale = new Float64Array(rows);
    ahead[0] = 1;
    for (let k = 0; k < cells; k++) {
      const at = k * states;
      const to = at + states;
      const quiet = ahead[at]!;
      const silent = silence[k]!;
      ahead[to]! += quiet * (1 - CHANGE) * silent;
      for (let turn = 0; turn < turns; turn++) {
        const g = (k * turns + turn) * 4;
        const one = (turn + 1) % turns;
        const two = (turn + 2) % turns;
        const zeros = ahead[at + 1 + turn]!;
        const zero = zeros + (quiet * CHANGE * begin[k * turns + turn]!) / turns;
        ahead[to + 1 + one]! += zero * (1 - 3 * CHANGE) * gain[g]!;
        ahead[to + others + one * 2]! += zero * CHANGE * 0.5 * gain[g]!;
        ahead[to + others + two * 2 + 1]! += zero * CHANGE * 0.5 * gain[g + 1]!;
        ahead[to]! += zeros * CHANGE * silent;
        for (let before = 0; before < 2; before++) {
          const any = ahead[at + others + turn * 2 + before]!;
          const gain0 = gain[g + before * 2]!;
          ahead[to]! += any * CHANGE * silent;
          ahead[to + 1 + one]! += any * CHANGE * gain0;
          ahead[to + others + one * 2]! += any * (1 - 2 * CHANGE) * 0.5 * gain0;
          ahead[to + others + two * 2 + 1]! += any * (1 - 2 * CHANGE) * 0.5 * gain[g + before * 2 + 1]!;
        }
      }
      aheadScale[k + 1] = aheadScale[k]! + scaled(ahead, to, states);
    }
    const behind = new Float64Array(rows * states);
    const behindScale = new Float64Array(rows);
    behind.fill(1, cells * states);
    for (let k = cells - 1; k >= 0; k--) {
      const at = k * states;
      const from = at + states;
      const silent = silence[k]! * behind[from]!;
      behind[at] = (1 - CHANGE) * silent;
      for (let turn = 0; turn < turns; turn++) {
        const g = (k * turns + turn) * 4;
        const one = (turn + 1) % turns;
        const two = (turn + 2) % turns;
        const toZeros = behind[from + 1 + one]!;
        const toZero = behind[from + others + one * 2]!;
        const toOne = behind[from + others + two * 2 + 1]!;
        const zero = toZeros * (1 - 3 * CHANGE) * gain[g]! + CHANGE * 0.5 * (toZero * gain[g]! + toOne * gain[g + 1]!);
        behind[at]! += (CHANGE * begin[k * turns + turn]! * zero) / turns;
        behind[at + 1 + turn] = zero + CHANGE * silent;
        for (let before = 0; before < 2; before++) {
          const gain0 = gain[g + before * 2]!;
          behind[at + others + turn * 2 + before] =
            CHANGE * (silent + toZeros * gain0) +
            (1 - 2 * CHANGE) * 0.5 * (toZero * gain0 + toOne * gain[g + before * 2 + 1]!);
        }
      }
      behindScale[k] = behindScale[k + 1]! + scaled(behind, at, states);
    }
    this.states = states;
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
