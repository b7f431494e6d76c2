// Cells to characters, all at once: which text, where and in which direction, given how well each cell fits a zero and a one. The
// sums over all texts that parity, sentinels and LRC allow, and over all bits that are no text, say how sure the best one is.
//
// A state holds what the chain of reversals knows at a boundary, beside place in the character, parity and LRC so far. Only states that
// something has reached are visited.

import type { TrackFormat } from "../track-format.js";
import { addLog, type Background, type Weights } from "./background.js";
import type { Chain } from "./chain.js";

export interface Found {
  readonly symbolBits: 5 | 7;
  /** Data bits of each character, start sentinel to LRC. */
  readonly symbols: Uint8Array;
  /** First cell of the start sentinel, and the one behind the LRC. */
  readonly from: number;
  readonly to: number;
  /** Natural logarithm of its weight; comparable within one set of metrics. */
  readonly score: number;
}

/** Prior odds of text beginning behind a zero. */
export const TEXT = 0.001;
/** Paths of less than this share of the best one's weight are dropped. */
const FAINT = 1e-18;
/** And of less than this share of what is no text: the checks of a whole track bring back less. */
const HOPELESS = 1e-20;

export interface CodeResult {
  /** Logarithm of the sum over all texts. */
  readonly total: number;
  readonly best: Found | undefined;
}

/** The trellis of one format over one chain of reversals. Holds its arrays between calls. */
export class CodeTrellis {
  readonly #format: TrackFormat;
  readonly #chain: Chain;
  /** States: the chain's at the start sentinel's beginning are the first ones, those behind the LRC the last ones. */
  readonly #states: number;
  /** Of state i, the steps from `#starts[i]` to `#starts[i + 1]`. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #transitions: Uint8Array;
  readonly #bits: Uint8Array;
  /** 1/2 where the bit is free, 1 where it is known. */
  readonly #priors: Float64Array;
  #paths = new Paths(1 << 12);

  constructor(format: TrackFormat, chain: Chain) {
    this.#format = format;
    this.#chain = chain;
    const steps = stepsOf(format, chain);
    this.#states = steps.length;
    this.#starts = new Int32Array(steps.length + 1);
    steps.forEach((list, i) => {
      this.#starts[i + 1] = this.#starts[i]! + list.length;
    });
    const all = steps.flat();
    this.#ends = Int32Array.from(all, ({ to }) => to);
    this.#transitions = Uint8Array.from(all, ({ transition }) => transition);
    this.#bits = Uint8Array.from(all, ({ bit }) => bit);
    this.#priors = Float64Array.from(all, ({ known }) => (known ? 1 : 0.5));
  }

  decode(weights: Weights, background: Background): CodeResult {
    const { cells, gain } = weights;
    const { states: chainStates, transitions } = this.#chain;
    const steps = transitions.length;
    const states = this.#states;
    const last = states - chainStates;
    const [starts, ends, numbers, bits, priors] = [
      this.#starts,
      this.#ends,
      this.#transitions,
      this.#bits,
      this.#priors,
    ];
    const paths = this.#paths;
    paths.clear();
    let sum = new Float64Array(states);
    let most = new Float64Array(states);
    let path = new Int32Array(states);
    let alive = new Int32Array(states);
    let count = 0;
    let sumNext = new Float64Array(states);
    let mostNext = new Float64Array(states);
    let pathNext = new Int32Array(states);
    let aliveNext = new Int32Array(states);
    let scale = 0;
    let live = 0;
    let total = Number.NEGATIVE_INFINITY;
    let best = Number.NEGATIVE_INFINITY;
    let bestAt = -1;
    let bestPath = -1;
    for (let k = 0; k < cells; k++) {
      const row = k * background.row;
      if (live === 0) scale = background.aheadScale[k]!;
      // Text begins here, behind a zero.
      const other = Math.exp(background.aheadScale[k]! - scale);
      for (let s = 0; s < chainStates; s++) {
        const weight = background.ahead[row + 1 + s]! * other * TEXT;
        if (weight === 0) continue;
        sum[s] = most[s] = weight;
        path[s] = -1;
        alive[count++] = s;
        if (weight > live) live = weight;
      }
      const faint = Math.max(live * FAINT, other * HOPELESS);
      const g = k * steps;
      let countNext = 0;
      live = 0;
      for (let n = 0; n < count; n++) {
        const state = alive[n]!;
        const m = most[state]!;
        const p = sum[state]!;
        most[state] = sum[state] = 0;
        if (!(m > faint)) continue;
        for (let i = starts[state]!; i < starts[state + 1]!; i++) {
          const weight = priors[i]! * gain[g + numbers[i]!]!;
          const to = ends[i]!;
          const value = m * weight;
          const before = mostNext[to]!;
          sumNext[to]! += p * weight;
          if (!(value > before)) continue;
          if (before === 0) {
            aliveNext[countNext++] = to;
            pathNext[to] = paths.add(path[state]!, bits[i]!);
          } else paths.set(pathNext[to]!, path[state]!, bits[i]!);
          mostNext[to] = value;
          if (value > live) live = value;
        }
      }
      // Text that ends here; what comes after it is no text.
      let kept = 0;
      for (let n = 0; n < countNext; n++) {
        const state = aliveNext[n]!;
        if (state < last) {
          aliveNext[kept++] = state;
          continue;
        }
        const rest = background.behind[row + background.row + 1 + state - last]!;
        if (rest > 0) {
          const tail = scale + Math.log(rest) + background.behindScale[k + 1]! + weights.scale;
          total = addLog(total, Math.log(sumNext[state]!) + tail);
          const score = Math.log(mostNext[state]!) + tail;
          if (score > best) [best, bestAt, bestPath] = [score, k + 1, pathNext[state]!];
        }
        sumNext[state] = mostNext[state] = 0;
      }
      if (live > 0 && (live < 1e-60 || live > 1e60)) {
        const factor = 1 / live;
        for (let n = 0; n < kept; n++) {
          sumNext[aliveNext[n]!]! *= factor;
          mostNext[aliveNext[n]!]! *= factor;
        }
        scale += Math.log(live);
        live = 1;
      }
      [sum, sumNext] = [sumNext, sum];
      [most, mostNext] = [mostNext, most];
      [path, pathNext] = [pathNext, path];
      [alive, aliveNext] = [aliveNext, alive];
      count = kept;
    }
    return { total, best: bestAt < 0 ? undefined : this.#found(paths.bitsOf(bestPath), bestAt, best) };
  }

  #found(bits: readonly number[], to: number, score: number): Found {
    const { symbolBits } = this.#format;
    const symbols = new Uint8Array(bits.length / symbolBits);
    for (const [i, bit] of bits.entries()) {
      const place = i % symbolBits;
      if (place < symbolBits - 1) symbols[Math.floor(i / symbolBits)]! |= bit << place;
    }
    return { symbolBits, symbols, from: to - bits.length, to, score };
  }
}

/** The best way to each state that was ever alive, as bits that lead back. */
class Paths {
  #parents: Int32Array;
  #bits: Uint8Array;
  #count = 0;

  constructor(capacity: number) {
    this.#parents = new Int32Array(capacity);
    this.#bits = new Uint8Array(capacity);
  }

  clear(): void {
    this.#count = 0;
  }

  add(parent: number, bit: number): number {
    const index = this.#count++;
    if (index === this.#parents.length) this.#grow();
    this.#parents[index] = parent;
    this.#bits[index] = bit;
    return index;
  }

  set(index: number, parent: number, bit: number): void {
    this.#parents[index] = parent;
    this.#bits[index] = bit;
  }

  bitsOf(path: number): number[] {
    const bits: number[] = [];
    for (let at = path; at >= 0; at = this.#parents[at]!) bits.push(this.#bits[at]!);
    return bits.reverse();
  }

  #grow(): void {
    const parents = new Int32Array(2 * this.#count);
    parents.set(this.#parents);
    const bits = new Uint8Array(2 * this.#count);
    bits.set(this.#bits);
    [this.#parents, this.#bits] = [parents, bits];
  }
}

interface Step {
  readonly to: number;
  /** Of the chain. */
  readonly transition: number;
  readonly bit: number;
  /** The format says which bit it is. */
  readonly known: boolean;
}

/** Of each state, where one cell leads. */
function stepsOf({ symbolBits, start, end }: TrackFormat, chain: Chain): Step[][] {
  const dataBits = symbolBits - 1;
  const registers = 1 << dataBits;
  const { states: size } = chain;
  const dataFrom = symbolBits * size;
  const lrcFrom = dataFrom + symbolBits * registers * 4 * size;
  const last = lrcFrom + symbolBits * registers * size;
  const inStart = (place: number, s: number): number => place * size + s;
  const inData = (place: number, lrc: number, parity: number, like: number, s: number): number =>
    dataFrom + (((place * registers + lrc) * 2 + parity) * 2 + like) * size + s;
  const inLrc = (place: number, lrc: number, s: number): number =>
    place === symbolBits ? last + s : lrcFrom + (place * registers + lrc) * size + s;

  const steps = Array.from({ length: last + size }, (): Step[] => []);
  chain.transitions.forEach(({ from, bit, to }, transition) => {
    const add = (at: number, onto: number, known: boolean): void => {
      steps[at]!.push({ to: onto, transition, bit, known });
    };
    for (let place = 0; place < symbolBits; place++) {
      // The LRC begins with the start sentinel.
      if (bit === ((start >> place) & 1)) {
        const next = place === dataBits ? inData(0, start & (registers - 1), 0, 1, to) : inStart(place + 1, to);
        add(inStart(place, from), next, true);
      }
      for (let lrc = 0; lrc < registers; lrc++) {
        const lrcBit = ((lrc | (evenOnes(lrc) << dataBits)) >> place) & 1;
        if (bit === lrcBit) add(inLrc(place, lrc, from), inLrc(place + 1, lrc, to), true);
        for (let parity = 0; parity < 2; parity++) {
          for (let like = 0; like < 2; like++) {
            const at = inData(place, lrc, parity, like, from);
            if (place === dataBits) {
              // The parity bit makes the ones odd. Then the next character, or the LRC.
              if (bit !== parity) add(at, like === 1 ? inLrc(0, lrc, to) : inData(0, lrc, 0, 1, to), true);
              continue;
            }
            const stillLike = bit === ((end >> place) & 1) ? like : 0;
            add(at, inData(place + 1, lrc ^ (bit << place), parity ^ bit, stillLike, to), false);
          }
        }
      }
    }
  });
  return steps;
}

/** 1 where a number has an even number of ones: its odd parity bit. */
function evenOnes(value: number): number {
  let folded = value ^ (value >> 4);
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  return 1 - (folded & 1);
}
