// A run of cells that holds the same text twice, as emitters that do not pause have it: two passes, each in cells of its own.

import { TEXT_CELLS } from "../../cells.js";
import type { Stretch } from "../search.js";
import { FREE } from "../texts/chain.js";
import { sliced } from "../texts/weights.js";
import { ALIKE, type Pass } from "./join.js";
import { slicedSeen } from "./summed.js";

/** Zeros between a text and the middle between two. */
const ZEROS = 10;

/** A stretch as the passes that it holds: two of the same text, or itself. */
export function passesIn(stretch: Stretch): readonly Stretch[] {
  const cells = stretch.bits.length;
  const cut = cutOf(stretch.bits);
  return cut === undefined ? [stretch] : [partOf(stretch, 0, cut), partOf(stretch, cut, cells)];
}

function partOf(whole: Stretch, from: number, to: number): Stretch {
  const cells = whole.bits.length;
  const passWith = (known?: Uint8Array): Pass => {
    const all = known && new Uint8Array(cells).fill(FREE);
    all?.set(known!, from);
    const { bits, forward, reverse, seenBy, writer } = whole.passWith(all);
    return {
      bits: bits.slice(from, to),
      forward: sliced(forward, from, to),
      reverse: sliced(reverse, cells - to, cells - from),
      ...(seenBy && {
        seenBy: (back) =>
          back ? slicedSeen(seenBy(true), cells - to, cells - from) : slicedSeen(seenBy(false), from, to),
      }),
      writer,
    };
  };
  return { ...whole, likely: [], bounds: whole.bounds.slice(from, to + 1), bits: whole.bits.slice(from, to), passWith };
}

/**
 * Where a run of cells is to be cut, so that one part says what the other one says, in either direction.
 *
 * @returns The first cell of the second part; undefined where no text is there twice.
 */
function cutOf(bits: Uint8Array): number | undefined {
  let best = { score: ALIKE, cut: undefined as number | undefined };
  for (let apart = TEXT_CELLS; apart < bits.length - TEXT_CELLS; apart++) {
    const run = bestRun(bits, 0, bits.length - apart, (k) => k + apart);
    // What lies over itself is a text that repeats itself.
    if (run.score > best.score && run.to <= run.from + apart)
      best = { score: run.score, cut: (run.to + run.from + apart) >> 1 };
  }
  for (let mirror = 2 * TEXT_CELLS; mirror < 2 * (bits.length - TEXT_CELLS); mirror++) {
    const middle = Math.ceil(mirror / 2);
    const run = bestRun(bits, Math.max(0, mirror - bits.length + 1), middle, (k) => mirror - k);
    // A text whose digits are all the same is its own mirror: between two there are zeros.
    if (run.score > best.score && run.to <= middle - ZEROS) best = { score: run.score, cut: middle };
  }
  return best.cut;
}

/** Of the cells from `from` to `to`, those in a row that agree most with the cells at `other`, and by how much. */
function bestRun(bits: Uint8Array, from: number, to: number, other: (k: number) => number) {
  const best = { score: 0, from, to: from };
  let score = 0;
  let first = from;
  for (let k = from; k < to; k++) {
    const [a, b] = [bits[k]!, bits[other(k)]!];
    if ((a | b) === 1) score += a === b ? 1 : -1;
    if (score <= 0) [score, first] = [0, k + 1];
    else if (score > best.score) Object.assign(best, { score, from: first, to: k + 1 });
  }
  return best;
}
