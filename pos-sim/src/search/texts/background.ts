// Cells as they are when they hold no text: silence, zeros, other bits. What every text is weighed against, and what stands before and
// behind it.

import { Cramped, SHORT } from "./cramped.js";
import { CHANGE, type Weights } from "./weights.js";

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
      crampedAhead.ahead(weights, k, ahead, at);
      const log = scaled(ahead, to, row);
      aheadScale[k + 1] = aheadScale[k]! + log;
      crampedAhead.leave(ahead, to + 1, before, (k + 1) * states, log);
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
      crampedBehind.behind(weights, k, behind, from);
      const log = scaled(behind, at, row);
      behindScale[k] = behindScale[k + 1]! + log;
      crampedBehind.leave(behind, at + 1, after, k * states, log);
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
