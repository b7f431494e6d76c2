// Bits that mean nothing: the likeliest way through cells, each on its own.

import type { CellMetrics } from "./weights.js";

export interface FreePath {
  readonly bits: Uint8Array;
  /** Of each boundary. */
  readonly states: Uint8Array;
}

/** The likeliest bits on a grid, whatever they mean. `known` bits, 0 or 1, are not asked. */
export function freePath({ cells, chain, gain, begin }: CellMetrics, known?: Uint8Array): FreePath {
  const { states: count, first, starts, numbers, bits: bitOf, ends } = chain;
  const steps = numbers.length;
  let score = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  for (const s of first) score[s] = begin[s]!;
  let next = new Float64Array(count);
  const from = new Uint8Array((cells + 1) * count);
  const over = new Uint8Array((cells + 1) * count);
  for (let k = 0; k < cells; k++) {
    next.fill(Number.NEGATIVE_INFINITY);
    for (let s = 0; s < count; s++) {
      for (let i = starts[s]!; i < starts[s + 1]!; i++) {
        if (known !== undefined && known[k]! === 1 - bitOf[i]!) continue;
        const value = score[s]! + gain[k * steps + numbers[i]!]!;
        const to = ends[i]!;
        if (!(value > next[to]!)) continue;
        next[to] = value;
        from[(k + 1) * count + to] = s;
        over[(k + 1) * count + to] = bitOf[i]!;
      }
    }
    [score, next] = [next, score];
  }
  let state = score.indexOf(Math.max(...score));
  const bits = new Uint8Array(cells);
  const states = new Uint8Array(cells + 1);
  for (let k = cells; k > 0; k--) {
    states[k] = state;
    bits[k - 1] = over[k * count + state]!;
    state = from[k * count + state]!;
  }
  states[0] = state;
  return { bits, states };
}
