// Passes of the same text in one recording, joined before the decision: the cells of each are laid over those of the last one, and what all
// of them say is added up.

import { type Chain, FREE } from "../texts/chain.js";
import type { CellMetrics } from "../texts/weights.js";
import type { Lain } from "./alike.js";

/** One pass: its bits as they seem, and its metrics as it is read in time, and against time. */
export interface Pass {
  readonly bits: Uint8Array;
  readonly forward: CellMetrics;
  readonly reverse: CellMetrics;
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
  const passes = 1 + each.filter((one) => one !== undefined).length;
  const own = shared(last, passes);
  const laid = each.flatMap((one) => (one === undefined ? [] : [{ ...one, pass: shared(one.pass, passes) }]));
  const over = (other: number, bits: Uint8Array): Uint8Array => {
    const { pass, reversed, shift } = each[other]!;
    const there = Uint8Array.from(pass.bits, (_, k) => bits[k - shift] ?? FREE);
    return reversed ? there.reverse() : there;
  };
  const passesBy = (reverse: boolean): readonly Lain[] => {
    const first = reverse ? own.reverse : own.forward;
    const more = laid.map(({ pass, reversed, shift }): Lain => {
      const metrics = reverse === reversed ? pass.forward : pass.reverse;
      // Read against time, cell 0 is the last one.
      return { metrics, from: reverse ? metrics.cells - first.cells - shift : shift };
    });
    return [{ metrics: first, from: 0 }, ...more];
  };
  const metricsBy = (reverse: boolean): CellMetrics => {
    const [{ metrics: own }, ...more] = passesBy(reverse) as [Lain, ...Lain[]];
    const { cells, chain, begin, power } = own;
    const gain = Float64Array.from(own.gain);
    for (const { metrics, from } of more) addTo(gain, own.gain, cells, metrics, from, chain);
    return { cells, chain, gain, begin, power };
  };
  return { metricsBy, passesBy, alike: [...each.keys()].filter((i) => each[i] !== undefined), over };
}

/**
 * A pass as one of several of the same card: what its noise says is its own, and what its writer moved says the same in all of them. Of n passes
 * the mean has the variance w + (1 - w) / n, which is what they say together.
 */
function shared(pass: Pass, passes: number): Pass {
  const part = 1 / (1 + (passes - 1) * pass.writer);
  const less = (metrics: CellMetrics): CellMetrics => ({ ...metrics, gain: metrics.gain.map((gain) => gain * part) });
  return pass.writer > 0 ? { ...pass, forward: less(pass.forward), reverse: less(pass.reverse) } : pass;
}

/** What passes say together, and each by itself, by the direction in which the last one is read. */
export interface Joined {
  readonly metricsBy: (reverse: boolean) => CellMetrics;
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

/** Adds another pass's gains. Which of its polarities, or numbers, is which is not known: those that agree best with `own`. */
function addTo(
  gain: Float64Array,
  own: Float64Array,
  cells: number,
  other: CellMetrics,
  shift: number,
  { transitions, groups }: Chain,
): void {
  const size = transitions.length;
  const group = size / groups;
  const agreement = new Float64Array(groups);
  const low = Math.max(0, -shift);
  const high = Math.min(cells, other.cells - shift);
  for (let k = low; k < high; k++) {
    for (let i = 0; i < size; i++) {
      for (let turned = 0; turned < groups; turned++) {
        const there = (k + shift) * size + ((i + turned * group) % size);
        agreement[turned]! += own[k * size + i]! * other.gain[there]!;
      }
    }
  }
  const turned = agreement.indexOf(Math.max(...agreement));
  for (let k = low; k < high; k++) {
    for (let i = 0; i < size; i++)
      gain[k * size + i]! += other.gain[(k + shift) * size + ((i + turned * group) % size)]!;
  }
}
