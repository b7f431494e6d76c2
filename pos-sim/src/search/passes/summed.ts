// What several passes have of each pulse, taken together: a card that is scratched has lost the same pulses in all of them.

import { evidenceOf, LOST_SOMETHING } from "../fit/damage.js";
import type { Pulses, Weighed } from "../fit/weighed.js";
import { STEPS } from "../texts/chain.js";

/** A pass as it lies over the first one, read in the same direction. */
export interface Layer {
  readonly seen: Weighed;
  /** Its cell that lies over cell 0. */
  readonly from: number;
  /** By how many transitions its own go on behind those of the first one: polarities may be the other way round. */
  readonly turned: number;
  /** How much of what it says is its own: see {@link Pass}. */
  readonly part: number;
}

/** Of a cell, as a logarithm: by so much its pulses must be the likelier in a pass for being there to be clear. */
const CLEARLY_THERE = -8;

/**
 * True where passes contradict each other: together they have evidently lost a cell, and one of them has it. So it is where a wrong bit in one of them
 * turned its polarity: then their pulses cancel out, and nothing is lost.
 */
export function isContradicted(all: Weighed, layers: readonly Layer[]): boolean {
  const each = layers.map(({ seen, from }) => ({ evidence: evidenceOf(seen), from }));
  return evidenceOf(all).some(
    (lost, k) => lost > LOST_SOMETHING && each.some(({ evidence, from }) => evidence[k + from]! < CLEARLY_THERE),
  );
}

/** All passes over the cells of the first one, as logarithms of likelihood: `scale` is 1. */
export function summed(layers: readonly [Layer, ...Layer[]]): Weighed {
  const [{ seen: first }] = layers;
  const cells = first.noise.length;
  const over = (size: number, of: (layer: Layer, k: number, i: number) => number): Float64Array => {
    const sums = new Float64Array(cells * size);
    for (const layer of layers) {
      const low = Math.max(0, -layer.from);
      const high = Math.min(cells, layer.seen.noise.length - layer.from);
      for (let k = low; k < high; k++) {
        for (let i = 0; i < size; i++) sums[k * size + i]! += layer.part * of(layer, k + layer.from, i);
      }
    }
    return sums;
  };
  const pulses = (which: "whole" | "middle" | "end"): Pulses => {
    const sums = (what: keyof Pulses) =>
      over(STEPS, ({ seen, turned }, k, i) => seen.scale * seen[which][what][k * STEPS + ((i + turned) % STEPS)]!);
    return { along: sums("along"), own: sums("own"), lone: sums("lone") };
  };
  const squares = over(1, ({ seen }, k) => seen.scale * seen.squares[k]! * seen.counts[k]!);
  const slow = over(1, ({ seen }, k) => seen.slow[k]!);
  const passes = over(1, () => 1);
  return {
    whole: pulses("whole"),
    middle: pulses("middle"),
    end: pulses("end"),
    noise: over(1, ({ seen }, k) => seen.noise[k]!),
    squares,
    counts: new Float64Array(cells).fill(1),
    slow: slow.map((sum, k) => sum / passes[k]!),
    quarter: layers.reduce((sum, { seen }) => sum + seen.quarter, 0) / layers.length,
    scale: 1,
    begin: first.begin,
    power: first.power,
  };
}

/** The cells from `from` to `to` alone, in the order in which they are read. */
export function slicedSeen(seen: Weighed, from: number, to: number): Weighed {
  const part = (values: Float64Array, size = 1) => values.subarray(from * size, to * size);
  const pulses = ({ along, own, lone }: Pulses): Pulses => ({
    along: part(along, STEPS),
    own: part(own, STEPS),
    lone: part(lone, STEPS),
  });
  return {
    ...{ whole: pulses(seen.whole), middle: pulses(seen.middle), end: pulses(seen.end) },
    ...{ noise: part(seen.noise), squares: part(seen.squares), counts: part(seen.counts), slow: part(seen.slow) },
    ...{ quarter: seen.quarter, scale: seen.scale, begin: part(seen.begin, 2), power: part(seen.power) },
  };
}
