// Cells to characters, all at once: which text, where and in which direction, given how well each cell fits a zero and a one. The
// sums over all texts that parity, sentinels and LRC allow, and over all bits that are no text, say how sure the best one is.
//
// A zero has one reversal and a one has two. A state holds how many there were before the cell (modulo 2, the polarity, or modulo 4, which
// of several it was), and the bit before (its pulses overlap this cell's), beside place in the character, parity and LRC so far.

import type { TrackFormat } from "../track-format.js";

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

export interface Found {
  readonly symbolBits: 5 | 7;
  /** Data bits of each character, start sentinel to LRC. */
  readonly symbols: Uint8Array;
  /** First cell of the start sentinel, and the one behind the LRC. */
  readonly from: number;
  readonly to: number;
  /** Natural logarithm of its weight; comparable within one set of metrics. */
  readonly score: number;
  /** Where a lesser path joins it, with the odds of that path to it. */
  readonly rivals: readonly { readonly to: number; readonly odds: number }[];
}

/** Prior odds of what happens at a cell outside of text: a swipe begins or ends, zeros become other bits and back. */
const CHANGE = 0.01;
/** And of text beginning behind a zero. */
const TEXT = 0.001;
/** Paths of less than this share of the best one's weight are dropped. */
const FAINT = 1e-18;
/** And of less than this share of what is no text: the checks of a whole track bring back less. */
const HOPELESS = 1e-20;
/** A rival less likely than this is not worth a line. */
const RIVAL = 1e-9;

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
  #second: Float32Array = new Float32Array(0);

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
      this.#second = new Float32Array(states * (cells + 1));
    }
    const origin = this.#origin;
    const second = this.#second;
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
            second[base + to] = 0;
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
            const there = mostNext[to]!;
            if (path > there) {
              second[base + to] = there;
              mostNext[to] = path;
              origin[base + to] = choice;
            } else if (path > second[base + to]!) second[base + to] = path;
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
          const there = mostNext[to]!;
          if (path > there) {
            second[base + to] = there;
            mostNext[to] = path;
            origin[base + to] = before;
          } else if (path > second[base + to]!) second[base + to] = path;
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
      // What is done is cleared; what lives is scaled, and its rivals are made odds.
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
            if (place < lrcAlive) second[base + at]! /= path;
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
    const rivals: { to: number; odds: number }[] = [];
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
      const odds = this.#second[at]!;
      if (odds > RIVAL) rivals.push({ to: k, odds });
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
    return { symbolBits, symbols: Uint8Array.from(symbols.reverse()), from: k - symbolBits, to, score, rivals };
  }
}

/** 1 where a number has an even number of ones: its odd parity bit. */
function evenOnes(value: number): number {
  let folded = value ^ (value >> 4);
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  return 1 - (folded & 1);
}

export function addLog(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}
