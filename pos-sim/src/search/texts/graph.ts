// Where one cell leads, in a text of some format: place in the character, parity, LRC so far, and what the chain of reversals knows at the
// boundary.

import type { TrackFormat } from "../../track-format.js";
import type { Chain } from "./chain.js";

/** All states of a text and the steps between them. The first states are the chain's before the start sentinel, the last ones those behind the LRC. */
export class Graph {
  readonly format: TrackFormat;
  readonly chain: Chain;
  readonly states: number;
  /** Of state i, the steps from `starts[i]` to `starts[i + 1]`. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly transitions: Uint8Array;
  readonly bits: Uint8Array;
  /** 1/2 where the bit is free, 1 where the format says which it is. */
  readonly priors: Float64Array;
  /** Steps that a cell's gains are of: those of the chain, and that it is lost, where a text may be. */
  readonly row: number;
  /** State in which the clock is lost, behind which other bits may follow; -1 where it never is. */
  readonly lost: number;

  /** @param steps - Of each state, where one cell leads; of texts with a right LRC unless told. */
  constructor(format: TrackFormat, chain: Chain, steps = stepsOf(format, chain), lost = -1) {
    this.lost = lost;
    this.row = chain.transitions.length + (lost < 0 ? 0 : 1);
    this.format = format;
    this.chain = chain;
    this.states = steps.length;
    this.starts = new Int32Array(steps.length + 1);
    steps.forEach((list, i) => {
      this.starts[i + 1] = this.starts[i]! + list.length;
    });
    const all = steps.flat();
    this.ends = Int32Array.from(all, ({ to }) => to);
    this.transitions = Uint8Array.from(all, ({ transition }) => transition);
    this.bits = Uint8Array.from(all, ({ bit }) => bit);
    this.priors = Float64Array.from(all, ({ known, odds = 1 }) => (known ? odds : 0.5 * odds));
  }

  #into: { readonly starts: Int32Array; readonly steps: Int32Array; readonly origins: Int32Array } | undefined;

  /** The same steps by the state that they lead to: of state i, those in `steps` from `starts[i]` on, and where each begins. */
  get into() {
    this.#into ??= this.#turned();
    return this.#into;
  }

  #turned() {
    const starts = new Int32Array(this.states + 1);
    for (const to of this.ends) starts[to + 1]!++;
    for (let i = 0; i < this.states; i++) starts[i + 1]! += starts[i]!;
    const steps = new Int32Array(this.ends.length);
    const origins = new Int32Array(this.ends.length);
    const next = starts.slice();
    for (let from = 0; from < this.states; from++) {
      for (let i = this.starts[from]!; i < this.starts[from + 1]!; i++) {
        const at = next[this.ends[i]!]!++;
        steps[at] = i;
        origins[at] = from;
      }
    }
    return { starts, steps, origins };
  }
}

/** Where a cell leads. */
export interface Step {
  readonly to: number;
  /** Of the chain. */
  readonly transition: number;
  readonly bit: number;
  /** The format says which bit it is. */
  readonly known: boolean;
  /** Prior odds of going on so, 1 unless told. */
  readonly odds?: number;
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
