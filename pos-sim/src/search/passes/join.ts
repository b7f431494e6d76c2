// Passes of the same text in one recording, joined before the decision: the cells of each are laid over those of the last one, and what all
// of them say is added up.

import type { Weighed } from "../fit/weighed.js";
import { FREE } from "../texts/chain.js";
import type { CellMetrics } from "../texts/weights.js";
import type { Lain } from "./alike.js";
import { isContradicted, type Layer, summed } from "./summed.js";

/** One pass: its bits as they seem, and its metrics as it is read in time, and against time. */
export interface Pass {
  readonly bits: Uint8Array;
  readonly forward: CellMetrics;
  readonly reverse: CellMetrics;
  /** What its samples have of each pulse, where they were asked. */
  readonly seenBy?: (reverse: boolean) => Weighed;
  /** How much of what moved its pulses, as a share of the variance, its writer did: the other passes were moved by the same. */
  readonly writer: number;
}

/** How a pass lies over the one that is joined to. */
interface Laid {
  readonly pass: Pass;
  readonly reversed: boolean;
  /** Its cell, as it is read, that lies over the other's cell 0. */
  readonly shift: number;
}

/** Cells that must agree more than disagree, zeros against zeros apart: accident agrees by about four deviations of a hundred cells. */
export const ALIKE = 45;

/**
 * Metrics of `last` with all of `others` that say the same added to it; undefined where none does.
 */
export function joined(last: Pass, others: readonly Pass[]): Joined | undefined {
  const each = others.map((pass) => (pass.forward.chain === last.forward.chain ? layOver(last.bits, pass) : undefined));
  if (each.every((one) => one === undefined)) return undefined;
  const laid = each.flatMap((one) => one ?? []);
  const passes = 1 + laid.length;
  const over = (other: number, bits: Uint8Array): Uint8Array => {
    const { pass, reversed, shift } = each[other]!;
    const there = Uint8Array.from(pass.bits, (_, k) => bits[k - shift] ?? FREE);
    return reversed ? there.reverse() : there;
  };
  const laidBy = (reverse: boolean): readonly [LaidSo, ...LaidSo[]] => {
    const read = (pass: Pass, back: boolean, from: (cells: number) => number): LaidSo => {
      const metrics = lessOf(back ? pass.reverse : pass.forward, partOf(pass, passes));
      return { pass, back, metrics, from: from(metrics.cells) };
    };
    const first = read(last, reverse, () => 0);
    const more = laid.map(({ pass, reversed, shift }) =>
      // Read against time, cell 0 is the last one.
      read(pass, reverse !== reversed, (cells) => (reverse ? cells - first.metrics.cells - shift : shift)),
    );
    return [first, ...more];
  };
  const metricsBy = (reverse: boolean): CellMetrics => {
    const [{ metrics: own }, ...more] = laidBy(reverse);
    const gain = Float64Array.from(own.gain);
    for (const { metrics, from } of more) addTo(gain, own, metrics, from);
    return { ...own, gain };
  };
  const layersBy = (reverse: boolean): readonly [Layer, ...Layer[]] | undefined => {
    const all = laidBy(reverse);
    if (all.some(({ pass }) => pass.seenBy === undefined)) return undefined;
    const [{ metrics: own }] = all;
    const layers = all.map(({ pass, back, metrics, from }): Layer => {
      return { seen: pass.seenBy!(back), from, turned: turnedBy(own, metrics, from), part: partOf(pass, passes) };
    });
    return layers as [Layer, ...Layer[]];
  };
  const layers = layersBy(false);
  const isOne = layers !== undefined && !isContradicted(summed(layers), layers);
  return {
    metricsBy,
    passesBy: laidBy,
    ...(isOne && { seenBy: (reverse) => summed(layersBy(reverse)!) }),
    alike: [...each.keys()].filter((i) => each[i] !== undefined),
    over,
  };
}

/** A pass as it is read in one direction of the last one. */
interface LaidSo extends Lain {
  readonly pass: Pass;
  /** Against time. */
  readonly back: boolean;
}

/**
 * How much of what a pass says is its own, as one of several of the same card: what its noise says is, and what its writer moved says the same in
 * all of them. Of n passes the mean has the variance w + (1 - w) / n, which is what they say together.
 */
function partOf({ writer }: Pass, passes: number): number {
  return 1 / (1 + (passes - 1) * writer);
}

function lessOf(metrics: CellMetrics, part: number): CellMetrics {
  return part < 1 ? { ...metrics, gain: metrics.gain.map((gain) => gain * part) } : metrics;
}

/** What passes say together, and each by itself, by the direction in which the last one is read. */
export interface Joined {
  readonly metricsBy: (reverse: boolean) => CellMetrics;
  /** What the samples of all have of each pulse: a damaged card has lost the same in each. Undefined where one was read by its reversals, and where they contradict each other. */
  readonly seenBy?: (reverse: boolean) => Weighed;
  /** The last one first; `from` is the cell that lies over its cell 0. */
  readonly passesBy: (reverse: boolean) => readonly Lain[];
  /** Which of the others say the same. */
  readonly alike: readonly number[];
  /** Bits of the last one's cells as they lie over those of one of them, in the order of time. */
  readonly over: (other: number, bits: Uint8Array) => Uint8Array;
}

/** The best alignment, in either direction, if it is no accident. */
function layOver(bits: Uint8Array, pass: Pass): Laid | undefined {
  let best = ALIKE;
  let found: Laid | undefined;
  for (const reversed of [false, true]) {
    const other = reversed ? Uint8Array.from(pass.bits).reverse() : pass.bits;
    for (let shift = -bits.length; shift < other.length; shift++) {
      let score = 0;
      for (let k = Math.max(0, -shift); k < bits.length && k + shift < other.length; k++) {
        const [a, b] = [bits[k]!, other[k + shift]!];
        if ((a | b) === 1) score += a === b ? 1 : -1;
      }
      if (score > best) {
        best = score;
        found = { pass, reversed, shift };
      }
    }
  }
  return found;
}

/** Adds another pass's gains. */
function addTo(gain: Float64Array, own: CellMetrics, other: CellMetrics, from: number): void {
  const size = own.chain.transitions.length;
  const turned = turnedBy(own, other, from);
  for (let k = Math.max(0, -from); k < Math.min(own.cells, other.cells - from); k++) {
    for (let i = 0; i < size; i++) gain[k * size + i]! += other.gain[(k + from) * size + ((i + turned) % size)]!;
  }
}

/** Which of another pass's polarities, or numbers, is which is not known: by how many transitions those lie behind that agree best with `own`. */
function turnedBy(own: CellMetrics, other: CellMetrics, from: number): number {
  const { transitions, groups } = own.chain;
  const size = transitions.length;
  const group = size / groups;
  const agreement = new Float64Array(groups);
  for (let k = Math.max(0, -from); k < Math.min(own.cells, other.cells - from); k++) {
    for (let i = 0; i < size; i++) {
      for (let turned = 0; turned < groups; turned++) {
        const there = (k + from) * size + ((i + turned * group) % size);
        agreement[turned]! += own.gain[k * size + i]! * other.gain[there]!;
      }
    }
  }
  return agreement.indexOf(Math.max(...agreement)) * group;
}
