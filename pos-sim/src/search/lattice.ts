// Cells to characters, all at once: which text, where and in which direction, given how well each cell fits a zero and a one. The
// sums over all texts that parity, sentinels and LRC allow, and over all bits that are no text, say how sure the best one is.
//
// A state holds what the chain of reversals knows at a boundary, beside place in the character, parity and LRC so far.

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
/** Origin of a state behind the start sentinel. */
const BEGUN = 255;
/** In an origin: so far the character was like the end sentinel. */
const LIKE = 16;

export interface CodeResult {
  /** Logarithm of the sum over all texts. */
  readonly total: number;
  readonly best: Found | undefined;
}

/** The trellis of one format over one chain of reversals. Holds its arrays between calls. */
export class CodeTrellis {
  readonly #format: TrackFormat;
  readonly #chain: Chain;
  /** States of one LRC value at one place: parity, still like an end sentinel, chain. */
  readonly #fan: number;
  readonly #registers: number;
  /** Sections: data (place, LRC, fan), LRC (place, LRC, chain), start sentinel (place, chain). */
  readonly #lrcFrom: number;
  readonly #startFrom: number;
  readonly #states: number;
  readonly #sections: readonly { readonly from: number; readonly size: number }[];
  #sum: Float64Array;
  #sumNext: Float64Array;
  #most: Float64Array;
  #mostNext: Float64Array;
  #origin: Uint8Array = new Uint8Array(0);

  constructor(format: TrackFormat, chain: Chain) {
    this.#format = format;
    this.#chain = chain;
    this.#fan = 4 * chain.states;
    const { symbolBits } = format;
    this.#registers = 1 << (symbolBits - 1);
    const block = this.#registers * this.#fan;
    const lrcBlock = this.#registers * chain.states;
    this.#lrcFrom = symbolBits * block;
    this.#startFrom = this.#lrcFrom + (symbolBits + 1) * lrcBlock;
    this.#states = this.#startFrom + symbolBits * chain.states;
    const places = (count: number, from: number, size: number) =>
      Array.from({ length: count }, (_, place) => ({ from: from + place * size, size }));
    this.#sections = [
      ...places(symbolBits, 0, block),
      ...places(symbolBits + 1, this.#lrcFrom, lrcBlock),
      ...places(symbolBits, this.#startFrom, chain.states),
    ];
    this.#sum = new Float64Array(this.#states);
    this.#sumNext = new Float64Array(this.#states);
    this.#most = new Float64Array(this.#states);
    this.#mostNext = new Float64Array(this.#states);
  }

  decode(weights: Weights, background: Background): CodeResult {
    const { cells, gain } = weights;
    const { symbolBits, start, end } = this.#format;
    const { states: chainStates, starts, numbers, bits, ends } = this.#chain;
    const steps = numbers.length;
    const dataBits = symbolBits - 1;
    const registers = this.#registers;
    const states = this.#states;
    const lrcFrom = this.#lrcFrom;
    const startFrom = this.#startFrom;
    const lrcBlock = registers * chainStates;
    const mask = registers - 1;
    const fan = this.#fan;
    const block = registers * fan;
    if (this.#origin.length < states * (cells + 1)) this.#origin = new Uint8Array(states * (cells + 1));
    const origin = this.#origin;
    let sum = this.#sum.fill(0);
    let most = this.#most.fill(0);
    let sumNext = this.#sumNext.fill(0);
    let mostNext = this.#mostNext.fill(0);
    // Which sections hold anything: data by place, then LRC, then start sentinel.
    let alive = new Uint8Array(this.#sections.length);
    let aliveNext = new Uint8Array(this.#sections.length);
    const lrcAlive = symbolBits;
    const startAlive = 2 * symbolBits + 1;
    let scale = 0;
    let live = 0;
    let total = Number.NEGATIVE_INFINITY;
    let best = Number.NEGATIVE_INFINITY;
    let bestAt = -1;
    let bestState = -1;
    for (let k = 0; k < cells; k++) {
      const row = k * background.row;
      const g = k * steps;
      if (live === 0) scale = background.aheadScale[k]!;
      // Text begins here, behind a zero.
      const other = Math.exp(background.aheadScale[k]! - scale);
      for (let s = 0; s < chainStates; s++) {
        const w = background.ahead[row + 1 + s]! * other * TEXT;
        sum[startFrom + s] = w;
        most[startFrom + s] = w;
        if (w > live) live = w;
      }
      alive[startAlive] = 1;
      const base = (k + 1) * states;
      const faint = Math.max(live * FAINT, other * HOPELESS);

      // Start sentinel: its bits are known.
      for (let place = 0; place < symbolBits; place++) {
        if (alive[startAlive + place] === 0) continue;
        const bit = (start >> place) & 1;
        const ended = place === dataBits;
        // Data begins: the LRC holds the start sentinel.
        const onto = ended ? (start & mask) * fan + chainStates : startFrom + (place + 1) * chainStates;
        for (let s = 0; s < chainStates; s++) {
          const at = startFrom + place * chainStates + s;
          const m = most[at]!;
          if (!(m > faint)) continue;
          for (let i = starts[s]!; i < starts[s + 1]!; i++) {
            if (bits[i] !== bit) continue;
            const w = gain[g + numbers[i]!]!;
            const to = onto + ends[i]!;
            sumNext[to]! += sum[at]! * w;
            if (m * w > mostNext[to]!) mostNext[to] = m * w;
            if (ended) origin[base + to] = BEGUN;
          }
        }
        aliveNext[ended ? 0 : startAlive + place + 1] = 1;
      }

      // Data.
      for (let place = 0; place < dataBits; place++) {
        if (alive[place] === 0) continue;
        aliveNext[place + 1] = 1;
        const endBit = (end >> place) & 1;
        const from = place * block;
        for (let group = 0, low = from; group < 4 * registers; group++) {
          const lrc = group >> 2;
          const parity = (group >> 1) & 1;
          const like = group & 1;
          for (let s = 0; s < chainStates; s++, low++) {
            const m = most[low]!;
            if (!(m > faint)) continue;
            const p = sum[low]!;
            for (let i = starts[s]!; i < starts[s + 1]!; i++) {
              const bit = bits[i]!;
              const w = 0.5 * gain[g + numbers[i]!]!;
              const to =
                from +
                block +
                (lrc ^ (bit << place)) * fan +
                ((parity ^ bit) * 2 + (bit === endBit ? like : 0)) * chainStates +
                ends[i]!;
              sumNext[to]! += p * w;
              const path = m * w;
              if (path > mostNext[to]!) {
                mostNext[to] = path;
                origin[base + to] = like * LIKE + s;
              }
            }
          }
        }
      }
      // Parity bit: it is known. Then the next character, or the LRC.
      if (alive[dataBits] === 1) {
        for (let group = 0, low = dataBits * block; group < 4 * registers; group++) {
          const lrc = group >> 2;
          const bit = 1 - ((group >> 1) & 1);
          const ended = (group & 1) === 1;
          const onto = ended ? lrcFrom + lrc * chainStates : lrc * fan + chainStates;
          for (let s = 0; s < chainStates; s++, low++) {
            const m = most[low]!;
            if (!(m > faint)) continue;
            aliveNext[ended ? lrcAlive : 0] = 1;
            for (let i = starts[s]!; i < starts[s + 1]!; i++) {
              if (bits[i] !== bit) continue;
              const w = gain[g + numbers[i]!]!;
              const to = onto + ends[i]!;
              sumNext[to]! += sum[low]! * w;
              const path = m * w;
              if (path > mostNext[to]!) {
                mostNext[to] = path;
                origin[base + to] = s;
              }
            }
          }
        }
      }
      // LRC: its bits are known.
      for (let place = 0; place < symbolBits; place++) {
        if (alive[lrcAlive + place] === 0) continue;
        aliveNext[lrcAlive + place + 1] = 1;
        for (let lrc = 0, at = lrcFrom + place * lrcBlock; lrc < registers; lrc++) {
          const bit = ((lrc | (evenOnes(lrc) << dataBits)) >> place) & 1;
          for (let s = 0; s < chainStates; s++, at++) {
            const m = most[at]!;
            if (!(m > faint)) continue;
            for (let i = starts[s]!; i < starts[s + 1]!; i++) {
              if (bits[i] !== bit) continue;
              const w = gain[g + numbers[i]!]!;
              const to = at - s + lrcBlock + ends[i]!;
              sumNext[to]! += sum[at]! * w;
              const path = m * w;
              if (path > mostNext[to]!) {
                mostNext[to] = path;
                origin[base + to] = s;
              }
            }
          }
        }
      }
      // Text ends here; what comes after is no text.
      if (aliveNext[lrcAlive + symbolBits] === 1) {
        const after = (k + 1) * background.row;
        for (let at = startFrom - lrcBlock; at < startFrom; at++) {
          const path = mostNext[at]!;
          if (!(path > 0)) continue;
          const rest = background.behind[after + 1 + ((at - lrcFrom) % chainStates)]!;
          if (rest > 0) {
            const tail = scale + Math.log(rest) + background.behindScale[k + 1]! + weights.scale;
            total = addLog(total, Math.log(sumNext[at]!) + tail);
            const score = Math.log(path) + tail;
            if (score > best) {
              best = score;
              bestAt = k + 1;
              bestState = at;
            }
          }
          sumNext[at] = 0;
          mostNext[at] = 0;
        }
        aliveNext[lrcAlive + symbolBits] = 0;
      }
      // What is done is cleared; what lives is scaled.
      live = 0;
      for (const [section, { from, size }] of this.#sections.entries()) {
        if (alive[section] === 1) {
          sum.fill(0, from, from + size);
          most.fill(0, from, from + size);
          alive[section] = 0;
        }
        if (aliveNext[section] === 1) {
          for (let at = from; at < from + size; at++) if (mostNext[at]! > live) live = mostNext[at]!;
        }
      }
      if (live > 0 && (live < 1e-60 || live > 1e60)) {
        const factor = 1 / live;
        for (let at = 0; at < states; at++) {
          sumNext[at]! *= factor;
          mostNext[at]! *= factor;
        }
        scale += Math.log(live);
        live = 1;
      }
      [sum, sumNext] = [sumNext, sum];
      [most, mostNext] = [mostNext, most];
      [alive, aliveNext] = [aliveNext, alive];
    }
    return { total, best: bestAt < 0 ? undefined : this.#trace(bestAt, bestState, best) };
  }

  /** The best path backwards. */
  #trace(to: number, state: number, score: number): Found {
    const { symbolBits, start, end } = this.#format;
    const chainStates = this.#chain.states;
    const dataBits = symbolBits - 1;
    const registers = this.#registers;
    const states = this.#states;
    const mask = registers - 1;
    const origin = this.#origin;
    let s = (state - this.#lrcFrom) % chainStates;
    let lrc = Math.floor((state - this.#lrcFrom) / chainStates) % registers;
    let k = to;
    // Over the LRC, and over the end sentinel's parity bit before it.
    for (let place = symbolBits; place >= 0; place--) {
      s = origin[k * states + this.#lrcFrom + (place * registers + lrc) * chainStates + s]!;
      k--;
    }
    const symbols: number[] = [lrc];
    let place = dataBits;
    // The end sentinel's parity bit makes its ones odd.
    let parity = 1 - ((end >> dataBits) & 1);
    let like = 1;
    let symbol = 0;
    for (;;) {
      const choice = origin[k * states + ((place * registers + lrc) * 4 + parity * 2 + like) * chainStates + s]!;
      if (choice === BEGUN) break; // behind the start sentinel
      k--;
      if (place === 0) {
        // Over the parity bit of the character before: which it was is told by the transition.
        parity = this.#parityBefore(choice, s);
        s = choice;
        like = 0;
        place = dataBits;
        continue;
      }
      const bit = this.#bitBetween(choice & (LIKE - 1), s);
      place--;
      lrc ^= bit << place;
      parity ^= bit;
      symbol |= bit << place;
      like = choice >= LIKE ? 1 : 0;
      s = choice & (LIKE - 1);
      if (place > 0) continue;
      symbols.push(symbol);
      symbol = 0;
      like = 1;
    }
    symbols.push(start & mask);
    return { symbolBits, symbols: Uint8Array.from(symbols.reverse()), from: k - symbolBits, to, score };
  }

  #parityBefore(from: number, to: number): number {
    return 1 - this.#bitBetween(from, to);
  }

  /** The bit of the step between two states: no two steps between the same ones differ in it. */
  #bitBetween(from: number, to: number): number {
    const { starts, ends, bits } = this.#chain;
    for (let i = starts[from]!; i < starts[from + 1]!; i++) if (ends[i] === to) return bits[i]!;
    return 0;
  }
}

/** 1 where a number has an even number of ones: its odd parity bit. */
function evenOnes(value: number): number {
  let folded = value ^ (value >> 4);
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  return 1 - (folded & 1);
}
