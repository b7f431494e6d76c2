// A hand may hesitate, and the clock be lost there: some cells too many or too few were followed, and what lies behind is the rest of the text,
// with an LRC that is no longer its own, or other bits. Without that, a text of which a part is made up is the likeliest one, as nothing else
// has its parity.

import type { TrackFormat } from "../../track-format.js";
import type { Chain } from "./chain.js";
import { Graph, type Step } from "./graph.js";

/** Prior odds that the clock is lost behind a character. */
const LOSE = 1e-3;
/** Fewest cells over which it is lost, and odds that it is found again behind each one more. */
const CELLS = 8;
const FOUND = 0.1;

/**
 * Where one cell leads in a text in which the clock is lost once: place in the start sentinel; place in the character and parity so far; cells
 * that are lost; the same characters behind them, and an LRC of whatever value.
 */
export function graphOfLostClock(format: TrackFormat, chain: Chain): Graph {
  const { symbolBits, start, end } = format;
  const { states: size } = chain;
  const dataFrom = symbolBits * size;
  const lostFrom = dataFrom + symbolBits * 2 * size;
  const restFrom = lostFrom + CELLS;
  const lrcFrom = restFrom + symbolBits * 4 * size;
  const last = lrcFrom + symbolBits * 2 * size;
  const lost = restFrom - 1;
  const inStart = (place: number, s: number): number => place * size + s;
  const inData = (place: number, parity: number, s: number): number => dataFrom + (place * 2 + parity) * size + s;
  const inRest = (place: number, parity: number, like: number, s: number): number =>
    restFrom + ((place * 2 + parity) * 2 + like) * size + s;
  const inLrc = (place: number, parity: number, s: number): number => lrcFrom + (place * 2 + parity) * size + s;
  const steps = Array.from({ length: last + size }, (): Step[] => []);

  const isLost = { transition: chain.transitions.length, bit: 0, known: true };
  for (let s = 0; s < size; s++) steps[inData(0, 0, s)]!.push({ ...isLost, to: lostFrom, odds: LOSE });
  for (let cell = lostFrom; cell < lost; cell++) steps[cell]!.push({ ...isLost, to: cell + 1 });
  steps[lost]!.push({ ...isLost, to: lost, odds: 1 - FOUND });

  chain.transitions.forEach(({ from, bit, to }, transition) => {
    const add = (at: number, onto: number, known: boolean, odds = 1): void => {
      steps[at]!.push({ to: onto, transition, bit, known, odds });
    };
    const like = (place: number): number => (bit === ((end >> place) & 1) ? 1 : 0);
    add(lost, inRest(1, bit, like(0), to), false, FOUND / size);
    for (let place = 0; place < symbolBits; place++) {
      const isParity = place === symbolBits - 1;
      if (bit === ((start >> place) & 1)) {
        add(inStart(place, from), isParity ? inData(0, 0, to) : inStart(place + 1, to), true);
      }
      for (let parity = 0; parity < 2; parity++) {
        if (isParity && bit === parity) continue;
        add(inLrc(place, parity, from), isParity ? last + to : inLrc(place + 1, parity ^ bit, to), isParity);
        add(inData(place, parity, from), isParity ? inData(0, 0, to) : inData(place + 1, parity ^ bit, to), isParity);
        for (let alike = 0; alike < 2; alike++) {
          const next = alike === 1 ? inLrc(0, 0, to) : inRest(0, 0, 1, to);
          const onto = isParity ? next : inRest(place + 1, parity ^ bit, alike & like(place), to);
          add(inRest(place, parity, alike, from), onto, isParity);
        }
      }
    }
  });
  return new Graph(format, chain, steps, lost);
}
