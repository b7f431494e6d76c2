// Cells to characters, all at once: which text, where and in which direction, given how well each cell fits a zero and a one. The
// sums over all texts that parity, sentinels and LRC allow, and over all bits that are no text, say how sure the best one is.
//
// A zero has one reversal and a one has two. A state holds how many there were before the cell (modulo 2, the polarity, or modulo 4, which
// of several it was), and the bit before (its pulses overlap this cell's), beside place in the character, parity and LRC so far.

import type { TrackFormat } from "../track-format.js";
import { addLog, type Background, type Weights } from "./background.js";

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
const TEXT = 0.001;
/** Paths of less than this share of the best one's weight are dropped. */
const FAINT = 1e-18;
/** And of less than this share of what is no text: the checks of a whole track bring back less. */
const HOPELESS = 1e-20;

export interface CodeResult {
  /** Logarithm of the sum over all texts. */
  readonly total: number;
  readonly best: Found | undefined;
}

/** The trellis of one format and way of counting reversals. Holds its arrays between calls. */
export class CodeTrellis {
  readonly #format: TrackFormat;
  readonly #turns: 2 | 4;
  /** States of one LRC value at one place: parity, still like an end sentinel, turn, bit before. */
  readonly #fan: number;
  readonly #dataBits: number;
  readonly #registers: number;
  readonly #dataStates: number;
  readonly #lrcFrom: number;
  readonly #startFrom: number;
  readonly #states: number;
  #sum: Float64Array;
  #sumNext: Float64Array;
  #most: Float64Array;
  #mostNext: Float64Array;
  #origin: Uint8Array = new Uint8Array(0);

  constructor(format: TrackFormat, turns: 2 | 4) {
    this.#format = format;
    this.#turns = turns;
    this.#fan = 8 * turns;
    const dataBits = format.symbolBits - 1;
    const registers = 1 << dataBits;
    this.#dataBits = dataBits;
    this.#registers = registers;
    // Data: place, LRC, fan. LRC: place, LRC, turn. Start: place, turn.
    this.#dataStates = format.symbolBits * registers * this.#fan;
    this.#lrcFrom = this.#dataStates;
    this.#startFrom = this.#lrcFrom + (format.symbolBits + 1) * registers * turns;
    this.#states = this.#startFrom + (format.symbolBits + 1) * turns;
    this.#sum = new Float64Array(this.#states);
    this.#sumNext = new Float64Array(this.#states);
    this.#most = new Float64Array(this.#states);
    this.#mostNext = new Float64Array(this.#states);
  }

  decode(weights: Weights, background: Background): CodeResult {
    const { cells, gain } = weights;
    const { symbolBits, start, end } = this.#format;
    const dataBits = this.#dataBits;
    const registers = this.#registers;
    const states = this.#states;
    const lrcFrom = this.#lrcFrom;
    const startFrom = this.#startFrom;
    const mask = registers - 1;
    const turns = this.#turns;
    const last = turns - 1;
    const fan = this.#fan;
    const fanBits = turns === 2 ? 4 : 5;
    const block = registers * fan;
    if (this.#origin.length < states * (cells + 1)) {
      this.#origin = new Uint8Array(states * (cells + 1));
    }
    const origin = this.#origin;
    let sum = this.#sum.fill(0);
    let most = this.#most.fill(0);
    let sumNext = this.#sumNext.fill(0);
    let mostNext = this.#mostNext.fill(0);
    // Which places hold anything: data, then LRC, then start sentinel.
    let alive = new Uint8Array(3 * symbolBits + 3);
    let aliveNext = new Uint8Array(3 * symbolBits + 3);
    const lrcAlive = symbolBits;
    const startAlive = 2 * symbolBits + 1;
    let scale = 0;
    let live = 0;
    let total = Number.NEGATIVE_INFINITY;
    let best = Number.NEGATIVE_INFINITY;
    let bestAt = -1;
    let bestState = -1;
    const lastStartBit = (start >> dataBits) & 1;
    for (let k = 0; k < cells; k++) {
      const row = k * background.states;
      const g = k * turns * 4;
      if (live === 0) scale = background.aheadScale[k]!;
      // Text begins here, behind a zero.
      const other = Math.exp(background.aheadScale[k]! - scale);
      for (let turn = 0; turn < turns; turn++) {
        const w = background.ahead[row + 1 + turn]! * other * TEXT;
        sum[startFrom + turn] = w;
        most[startFrom + turn] = w;
        if (w > live) live = w;
      }
      alive[startAlive] = 1;
      const base = (k + 1) * states;
      const faint = Math.max(live * FAINT, other * HOPELESS);

      // Start sentinel: its bits are known.
      for (let place = 0; place < symbolBits; place++) {
        if (alive[startAlive + place] === 0) continue;
        const bit = (start >> place) & 1;
        const before = place === 0 ? 0 : (start >> (place - 1)) & 1;
        for (let turn = 0; turn < turns; turn++) {
          const at = startFrom + place * turns + turn;
          if (!(most[at]! > faint)) continue;
          const w = gain[g + turn * 4 + before * 2 + bit]!;
          const next = (turn + 1 + bit) & last;
          const path = most[at]! * w;
          if (place < dataBits) {
            const to = startFrom + (place + 1) * turns + next;
            sumNext[to]! += sum[at]! * w;
            if (path > mostNext[to]!) mostNext[to] = path;
            aliveNext[startAlive + place + 1] = 1;
          } else {
            // Data begins: LRC holds the start sentinel.
            const to = (start & mask) * fan + 2 * turns + next * 2 + lastStartBit;
            sumNext[to]! += sum[at]! * w;
            mostNext[to] = path;
            origin[base + to] = 4;
            aliveNext[0] = 1;
          }
        }
      }

      // Data.
      for (let place = 0; place < dataBits; place++) {
        if (alive[place] === 0) continue;
        aliveNext[place + 1] = 1;
        const endBit = (end >> place) & 1;
        const from = place * block;
        const onto = from + block;
        for (let low = from; low < onto; low++) {
          const m = most[low]!;
          if (!(m > faint)) continue;
          const s = sum[low]!;
          const lrc = (low - from) >> fanBits;
          const before = low & 1;
          const turn = (low >> 1) & last;
          const like = (low >> (fanBits - 2)) & 1;
          const parity = (low >> (fanBits - 1)) & 1;
          const choice = like * 2 + before;
          const gains = g + turn * 4 + before * 2;
          for (let bit = 0; bit < 2; bit++) {
            const w = 0.5 * gain[gains + bit]!;
            const to =
              onto +
              (lrc ^ (bit << place)) * fan +
              (parity ^ bit) * 4 * turns +
              (like & (bit === endBit ? 1 : 0)) * 2 * turns +
              ((turn + 1 + bit) & last) * 2 +
              bit;
            sumNext[to]! += s * w;
            const path = m * w;
            if (path > mostNext[to]!) {
              mostNext[to] = path;
              origin[base + to] = choice;
            }
          }
        }
      }
      // Parity bit: it is known. Then the next character, or the LRC.
      if (alive[dataBits] === 1) {
        const from = dataBits * block;
        for (let low = from; low < from + block; low++) {
          const m = most[low]!;
          if (!(m > faint)) continue;
          const lrc = (low - from) >> fanBits;
          const before = low & 1;
          const turn = (low >> 1) & last;
          const bit = 1 - ((low >> (fanBits - 1)) & 1);
          const w = gain[g + turn * 4 + before * 2 + bit]!;
          const next = (turn + 1 + bit) & last;
          const ended = ((low >> (fanBits - 2)) & 1) === 1;
          const to = ended ? lrcFrom + lrc * turns + next : lrc * fan + 2 * turns + next * 2 + bit;
          aliveNext[ended ? lrcAlive : 0] = 1;
          sumNext[to]! += sum[low]! * w;
          const path = m * w;
          if (path > mostNext[to]!) {
            mostNext[to] = path;
            origin[base + to] = before;
          }
        }
      }
      // LRC: its bits are known.
      for (let place = 0; place < symbolBits; place++) {
        if (alive[lrcAlive + place] === 0) continue;
        aliveNext[lrcAlive + place + 1] = 1;
        for (let lrc = 0; lrc < registers; lrc++) {
          const symbol = lrc | (evenOnes(lrc) << dataBits);
          const bit = (symbol >> place) & 1;
          const before = place === 0 ? (end >> dataBits) & 1 : (symbol >> (place - 1)) & 1;
          for (let turn = 0; turn < turns; turn++) {
            const at = lrcFrom + (place * registers + lrc) * turns + turn;
            if (!(most[at]! > faint)) continue;
            const w = gain[g + turn * 4 + before * 2 + bit]!;
            const to = lrcFrom + ((place + 1) * registers + lrc) * turns + ((turn + 1 + bit) & last);
            sumNext[to]! += sum[at]! * w;
            const path = most[at]! * w;
            if (path > mostNext[to]!) mostNext[to] = path;
          }
        }
      }
      // Text ends here; what comes after is no text.
      if (aliveNext[lrcAlive + symbolBits] === 1) {
        const after = (k + 1) * background.states;
        for (let at = lrcFrom + symbolBits * registers * turns; at < startFrom; at++) {
          const path = mostNext[at]!;
          if (!(path > 0)) continue;
          const rest = background.behind[after + 1 + ((at - lrcFrom) & last)]!;
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
      for (let place = 0; place < alive.length; place++) {
        const from =
          place < lrcAlive
            ? place * block
            : place < startAlive
              ? lrcFrom + (place - lrcAlive) * registers * turns
              : startFrom + (place - startAlive) * turns;
        const size = place < lrcAlive ? block : place < startAlive ? registers * turns : turns;
        if (alive[place] === 1) {
          sum.fill(0, from, from + size);
          most.fill(0, from, from + size);
          alive[place] = 0;
        }
        if (aliveNext[place] === 1) {
          for (let at = from; at < from + size; at++) {
            const path = mostNext[at]!;
            if (path === 0) continue;
            if (path > live) live = path;
          }
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
    this.#sum.fill(0);
    return { total, best: bestAt < 0 ? undefined : this.#trace(bestAt, bestState, best) };
  }

  /** The best path backwards. */
  #trace(to: number, state: number, score: number): Found {
    const { symbolBits, start, end } = this.#format;
    const dataBits = symbolBits - 1;
    const registers = this.#registers;
    const states = this.#states;
    const turns = this.#turns;
    const mask = registers - 1;
    let turn = (state - this.#lrcFrom) % turns;
    let lrc = Math.floor((state - this.#lrcFrom) / turns) % registers;
    const back = (bit: number): void => {
      turn = (turn + 2 * turns - 1 - bit) % turns;
    };
    const symbols: number[] = [lrc];
    const lrcSymbol = lrc | (evenOnes(lrc) << dataBits);
    for (let i = 0; i < symbolBits; i++) back((lrcSymbol >> i) & 1);
    // Before the LRC comes the end sentinel's parity bit.
    const endParity = (end >> dataBits) & 1;
    back(endParity);
    let k = to - symbolBits - 1;
    let place = dataBits;
    let parity = 1 - endParity;
    let like = 1;
    let bit = (end >> (dataBits - 1)) & 1;
    let symbol = 0;
    for (;;) {
      // The state before cell k, whose bit before is `bit`.
      const at = k * states + ((((place * registers + lrc) * 2 + parity) * 2 + like) * turns + turn) * 2 + bit;
      const choice = this.#origin[at]!;
      if (place === 0 && choice === 4) break; // behind the start sentinel
      back(bit);
      k--;
      if (place === 0) {
        // Over the parity bit of the character before.
        parity = 1 - bit;
        like = 0;
        place = dataBits;
        bit = choice & 1;
        continue;
      }
      place--;
      lrc ^= bit << place;
      parity ^= bit;
      symbol |= bit << place;
      like = choice >> 1;
      bit = choice & 1;
      if (place > 0) continue;
      symbols.push(symbol);
      symbol = 0;
      like = 1;
    }
    symbols.push(start & mask);
    return { symbolBits, symbols: Uint8Array.from(symbols.reverse()), from: k - symbolBits, to, score };
  }
}

/** 1 where a number has an even number of ones: its odd parity bit. */
function evenOnes(value: number): number {
  let folded = value ^ (value >> 4);
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  return 1 - (folded & 1);
}
