// How sure each character of a text is, whatever the others are: the share of everything, other texts and none included, in which this
// character stands where it does.

import type { Background } from "./background.js";
import type { Graph } from "./graph.js";
import type { Ahead, Found } from "./lattice.js";
import type { Weights } from "./weights.js";

/** Sums by state at one boundary, over e to the power of `scale`. */
interface Sums {
  readonly values: ReadonlyMap<number, number>;
  readonly scale: number;
}

const NOTHING: Sums = { values: new Map(), scale: 0 };

/**
 * Of each character of texts, start sentinel to end sentinel, the probability that it is right.
 *
 * @param told - As the trellis of `graph` has told it of the same cells.
 * @param everything - Logarithm of the weight of all texts in both directions, and of none.
 */
export function certainties(
  graph: Graph,
  weights: Weights,
  background: Background,
  told: Ahead,
  texts: readonly Found[],
  everything: number,
): readonly Float64Array[] {
  const { symbolBits } = graph.format;
  const boundaries = new Set(
    texts.flatMap(({ symbols, from }) => Array.from(symbols, (_, i) => from + i * symbolBits)),
  );
  const ahead = new Map([...boundaries].map((cell) => [cell, sumsBefore(told, cell)]));
  const behind = behindOf(graph, weights, background, boundaries);
  /** @param bits - Of a character that begins before cell `from`. */
  const certainty = (from: number, bits: Uint8Array, isStart: boolean): number => {
    const before = ahead.get(from) ?? NOTHING;
    const after = behind.get(from + symbolBits) ?? NOTHING;
    let sum = 0;
    for (const [state, value] of before.values) {
      if (!isBeginning(graph, state, isStart)) continue;
      const reached = walked(graph, weights, state, value, from, bits);
      for (const [to, weight] of reached) sum += weight * (after.values.get(to) ?? 0);
    }
    if (!(sum > 0)) return 0;
    return Math.min(1, Math.exp(Math.log(sum) + before.scale + after.scale + weights.scale - everything));
  };
  /** Texts that are alike share most of their characters. */
  const known = new Map<string, number>();
  return texts.map((text) => {
    const bits = bitsOf(text);
    return Float64Array.from({ length: text.symbols.length - 1 }, (_, i) => {
      const from = text.from + i * symbolBits;
      const key = `${from} ${text.symbols[i]} ${i === 0}`;
      if (!known.has(key))
        known.set(key, certainty(from, bits.subarray(i * symbolBits, (i + 1) * symbolBits), i === 0));
      return known.get(key)!;
    });
  });
}

function sumsBefore(told: Ahead, cell: number): Sums {
  const { states, sums, scale } = told.before(cell);
  return { values: new Map(Array.from(states, (state, i) => [state, sums[i]!])), scale };
}

/** Bits in the order of reading, parity bits with them. */
function bitsOf({ symbols, symbolBits }: Found): Uint8Array {
  const bits = new Uint8Array(symbols.length * symbolBits);
  symbols.forEach((symbol, i) => {
    let parity = 1;
    for (let place = 0; place < symbolBits - 1; place++) {
      const bit = (symbol >> place) & 1;
      parity ^= bit;
      bits[i * symbolBits + place] = bit;
    }
    bits[(i + 1) * symbolBits - 1] = parity;
  });
  return bits;
}

/** True where a character begins in a state: the start sentinel, or any other. */
function isBeginning({ chain, format }: Graph, state: number, start: boolean): boolean {
  const data = state - format.symbolBits * chain.states;
  if (start) return state < chain.states;
  return data >= 0 && data < (1 << (format.symbolBits - 1)) * 4 * chain.states;
}

/** Where the bits of a character lead from a state, and with what weight. */
function walked(
  { starts, ends, transitions, bits: bitOf, priors, chain }: Graph,
  { gain }: Weights,
  state: number,
  value: number,
  cell: number,
  bits: Uint8Array,
): Map<number, number> {
  let here = new Map([[state, value]]);
  for (const [n, bit] of bits.entries()) {
    const next = new Map<number, number>();
    const g = (cell + n) * chain.transitions.length;
    for (const [at, weight] of here) {
      for (let i = starts[at]!; i < starts[at + 1]!; i++) {
        if (bitOf[i] !== bit) continue;
        const to = ends[i]!;
        next.set(to, (next.get(to) ?? 0) + weight * priors[i]! * gain[g + transitions[i]!]!);
      }
    }
    here = next;
  }
  return here;
}

/** Sums over all ways from a state to the end of the recording, at the boundaries that are asked for. */
function behindOf(
  graph: Graph,
  { cells, gain }: Weights,
  background: Background,
  boundaries: ReadonlySet<number>,
): Map<number, Sums> {
  const { states, chain, transitions, priors, into } = graph;
  const steps = chain.transitions.length;
  const last = states - chain.states;
  const first = Math.min(...boundaries);
  const found = new Map<number, Sums>();
  let sums = new Float64Array(states);
  let alive: number[] = [];
  let next = new Float64Array(states);
  let scale = 0;
  for (let k = cells; k > first; k--) {
    // A text may end here; what comes after it is no text.
    const other = background.behindScale[k]! - scale;
    if (alive.length === 0) scale = background.behindScale[k]!;
    const weight = alive.length === 0 ? 1 : Math.exp(other);
    for (let s = 0; s < chain.states; s++) {
      sums[last + s] = background.after[k * chain.states + s]! * weight;
      alive.push(last + s);
    }
    let live = 0;
    for (const state of alive) live = Math.max(live, sums[state]!);
    if (boundaries.has(k)) found.set(k, { values: new Map(alive.map((state) => [state, sums[state]!])), scale });
    const reached: number[] = [];
    const g = (k - 1) * steps;
    for (const state of alive) {
      const value = sums[state]! / live;
      sums[state] = 0;
      if (!(value > chain.faint)) continue;
      for (let n = into.starts[state]!; n < into.starts[state + 1]!; n++) {
        const step = into.steps[n]!;
        const from = into.origins[n]!;
        const more = value * priors[step]! * gain[g + transitions[step]!]!;
        if (more === 0) continue;
        if (next[from] === 0) reached.push(from);
        next[from]! += more;
      }
    }
    scale += Math.log(live);
    [sums, next] = [next, sums];
    alive = reached;
  }
  return found;
}
