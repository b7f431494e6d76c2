// A card may be written wrongly: characters of right parity, and an LRC of other ones. Without that, whatever makes the LRC right would be
// the likeliest text, good pulses taken for noise.

import type { TrackFormat } from "../../track-format.js";
import type { Chain } from "./chain.js";
import { Graph, type Step } from "./graph.js";

/** Prior odds, as a logarithm, that a card is written so; each LRC is as likely then as another. */
export const MISWRITTEN = -13.8;

/** Where one cell leads in a text whose LRC may be any character: place in the character and parity so far, in the start sentinel, in what follows it and in the LRC. */
export function graphOfMiswritten(format: TrackFormat, chain: Chain): Graph {
  const { symbolBits, start, end } = format;
  const { states: size } = chain;
  const dataFrom = symbolBits * size;
  const lrcFrom = dataFrom + symbolBits * 4 * size;
  const last = lrcFrom + symbolBits * 2 * size;
  const inStart = (place: number, s: number): number => place * size + s;
  const inData = (place: number, parity: number, like: number, s: number): number =>
    dataFrom + ((place * 2 + parity) * 2 + like) * size + s;
  const inLrc = (place: number, parity: number, s: number): number => lrcFrom + (place * 2 + parity) * size + s;
  const steps = Array.from({ length: last + size }, (): Step[] => []);
  chain.transitions.forEach(({ from, bit, to }, transition) => {
    const add = (at: number, onto: number, known: boolean): void => {
      steps[at]!.push({ to: onto, transition, bit, known });
    };
    for (let place = 0; place < symbolBits; place++) {
      const isParity = place === symbolBits - 1;
      if (bit === ((start >> place) & 1)) {
        add(inStart(place, from), isParity ? inData(0, 0, 1, to) : inStart(place + 1, to), true);
      }
      for (let parity = 0; parity < 2; parity++) {
        if (isParity && bit === parity) continue;
        add(inLrc(place, parity, from), isParity ? last + to : inLrc(place + 1, parity ^ bit, to), isParity);
        for (let like = 0; like < 2; like++) {
          const stillLike = bit === ((end >> place) & 1) ? like : 0;
          const next = like === 1 ? inLrc(0, 0, to) : inData(0, 0, 1, to);
          add(
            inData(place, parity, like, from),
            isParity ? next : inData(place + 1, parity ^ bit, stillLike, to),
            isParity,
          );
        }
      }
    }
  });
  return new Graph(format, chain, steps);
}
