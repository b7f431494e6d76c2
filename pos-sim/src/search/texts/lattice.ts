// Cells to characters, all at once: which text, where and in which direction, given how well each cell fits a zero and a one. The
// sums over all texts that parity, sentinels and LRC allow, and over all bits that are no text, say how sure the best one is.
//
// A state holds what the chain of reversals knows at a boundary, beside place in the character, parity and LRC so far. Only states that
// something has reached are visited.

import type { Background } from "./background.js";
import type { Graph } from "./graph.js";
import { addLog, type Weights } from "./weights.js";

export interface Found {
  readonly symbolBits: 5 | 7;
  /** Data bits of each character, start sentinel to LRC. */
  readonly symbols: Uint8Array;
  /** First cell of the start sentinel, and the one behind the LRC. */
  readonly from: number;
  readonly to: number;
  /** Natural logarithm of its weight, where it lies; comparable within one set of metrics. */
  readonly score: number;
}

/** Prior odds of text beginning behind a zero. */
export const TEXT = 0.001;
/** Ways of less than this times the share of the best one that the chain follows, of what is no text, are dropped too: the checks of a whole track bring back less. */
const HOPELESS = 100;

export interface CodeResult {
  /** Logarithm of the sum over all texts. */
  readonly total: number;
  /** Logarithm of the sum over all texts that break off where the clock is lost, other bits behind them. */
  readonly broken: number;
  /** Of sums alone there is none. */
  readonly best: Found | undefined;
}

/** The states that something has reached: the first `count` of `states`, and the sum of each, over e to the power of `scale`. */
interface Alive {
  readonly states: Int32Array;
  readonly count: number;
  /** By state: of all ways to it, and of the best one. */
  readonly sums: Float64Array;
  readonly most: Float64Array;
  readonly scale: number;
}

/** The trellis of the texts of a graph. Holds its arrays between calls. */
export class CodeTrellis {
  readonly graph: Graph;
  readonly #paths = new Paths(1 << 12);

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** @param ahead - Is told, before each cell, the sums over all ways to what is alive. */
  decode(weights: Weights, background: Background, ahead?: Ahead): CodeResult {
    const { cells } = weights;
    const { states, chain, starts, ends, transitions, bits, priors, row, lost } = this.graph;
    const gain = lost < 0 ? weights.gain : weights.gainOrLost;
    const chainStates = chain.states;
    const last = states - chainStates;
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
    let broken = Number.NEGATIVE_INFINITY;
    let best = Number.NEGATIVE_INFINITY;
    let bestAt = -1;
    let bestPath = -1;
    for (let k = 0; k < cells; k++) {
      if (live === 0) scale = background.aheadScale[k]!;
      // Text begins here, behind a zero.
      const other = Math.exp(background.aheadScale[k]! - scale);
      for (let s = 0; s < chainStates; s++) {
        const weight = background.before[k * chainStates + s]! * other * TEXT;
        if (weight === 0) continue;
        sum[s] = most[s] = weight;
        path[s] = -1;
        alive[count++] = s;
        if (weight > live) live = weight;
      }
      ahead?.add({ states: alive, count, sums: sum, most, scale });
      const faint = chain.faint * Math.max(live, other * HOPELESS);
      const g = k * row;
      paths.reserve(states);
      const { parents, bits: pathBits } = paths;
      let countNext = 0;
      live = 0;
      for (let n = 0; n < count; n++) {
        const state = alive[n]!;
        const m = most[state]!;
        const p = sum[state]!;
        most[state] = sum[state] = 0;
        if (!(m > faint)) continue;
        for (let i = starts[state]!; i < starts[state + 1]!; i++) {
          const weight = priors[i]! * gain[g + transitions[i]!]!;
          const to = ends[i]!;
          const value = m * weight;
          const before = mostNext[to]!;
          sumNext[to]! += p * weight;
          if (!(value > before)) continue;
          if (before === 0) {
            aliveNext[countNext++] = to;
            pathNext[to] = paths.count++;
          }
          parents[pathNext[to]!] = path[state]!;
          pathBits[pathNext[to]!] = bits[i]!;
          mostNext[to] = value;
          if (value > live) live = value;
        }
      }
      if (lost >= 0 && sumNext[lost]! > 0) {
        const rest = othersBehind(background, k + 1, chainStates);
        broken = addLog(
          broken,
          Math.log(sumNext[lost]! * rest) + scale + background.behindScale[k + 1]! + weights.scale,
        );
      }
      // Text that ends here; what comes after it is no text.
      let kept = 0;
      for (let n = 0; n < countNext; n++) {
        const state = aliveNext[n]!;
        if (state < last) {
          aliveNext[kept++] = state;
          continue;
        }
        const rest = background.after[(k + 1) * chainStates + state - last]!;
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
    return {
      total,
      broken,
      best: bestAt < 0 || lost >= 0 ? undefined : this.found(paths.bitsOf(bestPath), bestAt, weights, background),
    };
  }

  /** The text of these bits, which end before cell `to`. */
  found(bits: readonly number[], to: number, weights: Weights, background: Background): Found {
    const { symbolBits } = this.graph.format;
    const symbols = new Uint8Array(bits.length / symbolBits);
    for (const [i, bit] of bits.entries()) {
      const place = i % symbolBits;
      if (place < symbolBits - 1) symbols[Math.floor(i / symbolBits)]! |= bit << place;
    }
    const from = to - bits.length;
    return { symbolBits, symbols, from, to, score: this.#weightOf(bits, from, weights, background) };
  }

  /** Logarithm of the weight of a text where it lies, over all ways in which reversals may make it. */
  #weightOf(bits: readonly number[], from: number, { gain, scale }: Weights, background: Background): number {
    const { chain, format } = this.graph;
    const { states, starts, numbers, bits: bitOf, ends } = chain;
    const steps = chain.transitions.length;
    let here = background.before.slice(from * states, (from + 1) * states);
    let next = new Float64Array(states);
    const free = (bits.length / format.symbolBits - 2) * (format.symbolBits - 1);
    let log = background.aheadScale[from]! + scale + Math.log(TEXT) + free * Math.log(0.5);
    for (const [n, bit] of bits.entries()) {
      let sum = 0;
      next.fill(0);
      for (let s = 0; s < states; s++) {
        for (let i = starts[s]!; i < starts[s + 1]!; i++) {
          if (bitOf[i] !== bit) continue;
          const value = here[s]! * gain[(from + n) * steps + numbers[i]!]!;
          next[ends[i]!]! += value;
          sum += value;
        }
      }
      if (!(sum > 0)) return Number.NEGATIVE_INFINITY;
      for (let s = 0; s < states; s++) next[s]! /= sum;
      log += Math.log(sum);
      [here, next] = [next, here];
    }
    const to = from + bits.length;
    let rest = 0;
    for (let s = 0; s < states; s++) rest += here[s]! * background.after[to * states + s]!;
    return log + Math.log(rest) + background.behindScale[to]!;
  }
}

/** Weight of other bits from cell k on, whatever the chain's state. */
function othersBehind({ behind, row }: Background, k: number, states: number): number {
  let sum = 0;
  for (let s = 0; s < states; s++) sum += behind[k * row + 1 + states + s]!;
  return sum / states;
}

/** The states that something has reached before a cell, over all ways to each and over the best one, over e to the power of `scale`. */
export interface Before {
  readonly states: Int32Array;
  readonly sums: Float64Array;
  readonly most: Float64Array;
  readonly scale: number;
}

/** What was alive before each cell: for whoever goes on from there, or back. */
export class Ahead {
  readonly #cells: Before[] = [];
  readonly #rooms: Room[] = [];
  /** States in the last room. */
  #used = ROOM;

  /** Of the next cell. */
  add({ states: alive, count, sums: sum, most: best, scale }: Alive): void {
    let room = this.#rooms[this.#rooms.length - 1];
    if (room === undefined || this.#used + count > room.states.length) {
      room = count > ROOM ? roomFor(count) : (SPARE.pop() ?? roomFor(ROOM));
      this.#rooms.push(room);
      this.#used = 0;
    }
    const { states, sums, most } = room;
    const [from, to] = [this.#used, this.#used + count];
    for (let i = 0, at = from; i < count; i++, at++) {
      const state = alive[i]!;
      states[at] = state;
      sums[at] = sum[state]!;
      most[at] = best[state]!;
    }
    this.#used = to;
    this.#cells.push({
      states: states.subarray(from, to),
      sums: sums.subarray(from, to),
      most: most.subarray(from, to),
      scale,
    });
  }

  before(cell: number): Before {
    return this.#cells[cell]!;
  }

  /** Leaves its room to others: nobody will ask. */
  forget(): void {
    for (const room of this.#rooms) if (room.states.length === ROOM && SPARE.length < SPARES) SPARE.push(room);
    this.#rooms.length = this.#cells.length = 0;
  }
}

/** States of several cells, one behind the other. */
type Room = Omit<Before, "scale">;

function roomFor(count: number): Room {
  return { states: new Int32Array(count), sums: new Float64Array(count), most: new Float64Array(count) };
}

/** States that are made room for at once, and rooms that are kept for the next one: most of what is followed is no text. */
const ROOM = 1 << 13;
const SPARE: Room[] = [];
const SPARES = 64;

/** The best way to each state that was ever alive, as bits that lead back: the first `count` are in use. */
class Paths {
  parents: Int32Array;
  bits: Uint8Array;
  count = 0;

  constructor(capacity: number) {
    this.parents = new Int32Array(capacity);
    this.bits = new Uint8Array(capacity);
  }

  clear(): void {
    this.count = 0;
  }

  /** Makes room for so many more: other arrays, it may be. */
  reserve(more: number): void {
    if (this.count + more <= this.parents.length) return;
    const parents = new Int32Array(2 * (this.count + more));
    parents.set(this.parents);
    const bits = new Uint8Array(parents.length);
    bits.set(this.bits);
    [this.parents, this.bits] = [parents, bits];
  }

  bitsOf(path: number): number[] {
    const bits: number[] = [];
    for (let at = path; at >= 0; at = this.parents[at]!) bits.push(this.bits[at]!);
    return bits.reverse();
  }
}
