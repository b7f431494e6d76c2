// Each flux reversal at a time of its own: where the writer and not the noise moved them, no clock says where they lie. First the extremes
// of the signal, then each pulse fitted beside its neighbours, then pairs so close that they nearly cancel.

import type { Pulse } from "../fit/pulse.js";

/** One reversal: samples, polarity 1 or -1, pulse height and cell around it. */
export interface Reversal {
  at: number;
  readonly sign: number;
  readonly height: number;
  readonly cell: number;
  /** Where noise may have made up this one and the next: logarithm of the odds that it did not. */
  readonly doubt?: number;
}

/** An extreme of the signal. */
export interface Extreme {
  readonly at: number;
  /** The sample there, signed. */
  readonly value: number;
}

/** How far the signal must go to the other side, in pulse heights: noise of 20 dB does not. */
const OTHER_SIDE = 0.3;

/** Extremes of `flat`, maxima and minima by turns, that reach a share of the height of a pulse there. */
export function extremesIn(flat: Float32Array, from: number, to: number, heightAt: (at: number) => number): Extreme[] {
  const found: Extreme[] = [];
  let way = 0;
  let extreme = 0;
  let at = from;
  for (let n = Math.max(1, from); n < Math.min(flat.length - 1, to); n++) {
    const x = flat[n]!;
    if (Math.abs(x) > OTHER_SIDE * heightAt(n) && Math.sign(x) !== way) {
      if (way !== 0) found.push(placed(flat, at));
      [way, extreme, at] = [Math.sign(x), x, n];
    } else if (way * (x - extreme) > 0) [extreme, at] = [x, n];
  }
  if (way !== 0) found.push(placed(flat, at));
  return found;
}

/** The top of the parabola through a sample and its neighbours. */
function placed(flat: Float32Array, n: number): Extreme {
  const [a, b, c] = [flat[n - 1]!, flat[n]!, flat[n + 1]!];
  const bend = a - 2 * b + c;
  const shift = bend === 0 ? 0 : Math.max(-0.5, Math.min(0.5, (0.5 * (a - c)) / bend));
  return { at: n + shift, value: b };
}

/** Neighbours on each side whose overlaps are kept when places are fitted. */
const BAND = 6;
/** Pulses farther apart than that, cells, do not disturb each other's places. */
const APART = 2;
/** Added to the diagonal: a pair that cancels says little of where it lies. */
const DAMPING = 3e-3;
/** Largest step of a round, and what is no step, cells. */
const STEP = 0.12;
const STILL = 0.001;
/** How far a reversal may have passed the one before it, cells: a writer that moves each by itself crosses some. */
const CROSSED = 0.35;

/**
 * Moves the reversals `low` to `high` (that one not) of `list` to where they leave least of `left`, which is what the whole list leaves of
 * the samples and stays so. All of them at once, by Gauss and Newton: neighbours pull at each other.
 */
export function settle(
  left: Float32Array,
  list: readonly Reversal[],
  low: number,
  high: number,
  pulse: Pulse,
  rounds: number,
): void {
  const count = high - low;
  if (count <= 0) return;
  const width = BAND + 1;
  const matrix = new Float64Array(count * width);
  const shift = new Float64Array(count);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < count; i++) {
      const { at, sign, height, cell } = list[low + i]!;
      shift[i] = sign * height * pulse.slope(left, at, cell, 1.5);
      for (let back = 0; back <= Math.min(BAND, i); back++) {
        const other = list[low + i - back]!;
        const distance = (at - other.at) / cell;
        matrix[i * width + back] =
          Math.abs(distance) > APART
            ? 0
            : sign * other.sign * height * other.height * cell * pulse.slopeOverlap(distance);
      }
      matrix[i * width]! *= 1 + DAMPING;
    }
    solve(matrix, shift, count);
    let most = 0;
    for (let i = 0; i < count; i++) {
      const reversal = list[low + i]!;
      const { at, sign, height, cell } = reversal;
      let to = at + Math.max(-STEP, Math.min(STEP, shift[i]!)) * cell;
      const before = list[low + i - 1];
      const after = list[low + i + 1];
      if (before !== undefined) to = Math.max(to, before.at - CROSSED * cell);
      if (after !== undefined) to = Math.min(to, after.at + CROSSED * cell);
      if (Math.abs(to - at) < STILL * cell) continue;
      most = Math.max(most, Math.abs(to - at) / cell);
      pulse.add(left, at, cell, sign * height);
      reversal.at = to;
      pulse.add(left, to, cell, -sign * height);
    }
    if (most < STILL) return;
  }
}

/** Solves a symmetric band matrix (row i: its diagonal, then what lies left of it) for `x` in place, by Cholesky's square roots. */
function solve(matrix: Float64Array, x: Float64Array, count: number): void {
  const width = BAND + 1;
  for (let i = 0; i < count; i++) {
    const least = DAMPING * matrix[i * width]!;
    for (let back = Math.min(BAND, i); back >= 0; back--) {
      const j = i - back;
      let sum = matrix[i * width + back]!;
      for (let k = Math.max(0, i - BAND, j - BAND); k < j; k++)
        sum -= matrix[i * width + i - k]! * matrix[j * width + j - k]!;
      matrix[i * width + back] = back > 0 ? sum / matrix[j * width]! : Math.sqrt(Math.max(sum, least));
    }
  }
  for (let i = 0; i < count; i++) {
    let sum = x[i]!;
    for (let back = 1; back <= Math.min(BAND, i); back++) sum -= matrix[i * width + back]! * x[i - back]!;
    x[i] = sum / matrix[i * width]!;
  }
  for (let i = count - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let on = 1; on <= BAND && i + on < count; on++) sum -= matrix[(i + on) * width + on]! * x[i + on]!;
    x[i] = sum / matrix[i * width]!;
  }
}

/** What a list leaves of the samples. */
export function leftBy(flat: Float32Array, list: readonly Reversal[], pulse: Pulse): Float32Array {
  const left = flat.slice();
  for (const { at, sign, height, cell } of list) pulse.add(left, at, cell, -sign * height);
  return left;
}

/** No signal follows the model better than that share of a pulse's power. */
const FAITHFUL = 3e-4;

/** Variance of a sample about most reversals: there is nothing but noise, and what the model misses. */
export function noiseAbout(left: Float32Array, list: readonly Reversal[]): number {
  let tallest = 0;
  const parts = list.map(({ at, cell, height }) => {
    tallest = Math.max(tallest, height);
    return energyIn(left, at - cell / 2, at + cell / 2) / cell;
  });
  parts.sort((a, b) => a - b);
  const median = parts[parts.length >> 1] ?? 0;
  return Math.max(median / (1 - 2 / (3 * (list[0]?.cell ?? 1))), FAITHFUL * tallest * tallest);
}

export function energyIn(left: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let n = Math.max(0, Math.ceil(from)); n < Math.min(left.length, to); n++) sum += left[n]! * left[n]!;
  return sum;
}

/** Pairs that are asked for, at most. */
const PAIRS = 40;
/** Logarithm of the likelihood that a pair must explain to be taken: noise explains as much at one place of a swipe in ten. */
const TELLING = 10;
/** And what it must explain to be beyond doubt. */
const CERTAIN = 45;
/**
 * Logarithm of how much of what a pair explains it owes to being put where it explains most: the share of all places, as pulses are
 * scattered, in which it would explain that much.
 */
const OCCAM = 13;
/** Reversals on each side that are fitted anew around a pair. */
const AROUND = 4;
/** Pairs closer than that, cells, are asked what they explain. */
const IDLE = 0.3;

/** Steps of the table below, cells. */
const MET_STEP = 0.06;

/**
 * How likely it is, about each place, that two more reversals met and left what is seen there: logarithm of the width, in cells, of the
 * distances between the two that the samples allow, over that there are none.
 */
export function widthsOfMet(
  left: Float32Array,
  list: readonly Reversal[],
  noise: number,
  pulse: Pulse,
): (at: number) => number {
  const { at: from, cell } = list[0]!;
  const to = list[list.length - 1]!.at;
  const step = MET_STEP * cell;
  const own = Math.sqrt((2 * Math.PI * noise) / pulse.slopeEnergy);
  let i = 0;
  const widths = Float64Array.from({ length: Math.ceil((to - from) / step) + 1 }, (_, n) => {
    const at = from + n * step;
    while (i + 1 < list.length && list[i + 1]!.at < at) i++;
    const { cell, height } = list[i]!;
    const along = pulse.slope(left, at, cell, 1);
    const odds = Math.exp(Math.min(TELLING, (along * along) / (2 * pulse.slopeEnergy * cell * noise)));
    return (odds * own) / (height * Math.sqrt(cell));
  });
  return (at) => {
    const middle = Math.max(2, Math.min(widths.length - 3, Math.round((at - from) / step)));
    let sum = 0;
    for (let n = middle - 2; n <= middle + 2; n++) sum += widths[n]!;
    return Math.log(sum / 5);
  };
}

/** Adds pairs that nearly cancel, where they explain what is left. `left` stays what the list leaves. */
export function addPairs(left: Float32Array, list: Reversal[], noise: number, pulse: Pulse): void {
  const refused: number[] = [];
  for (let tried = 0; tried < PAIRS; tried++) {
    const place = dipole(left, list, pulse, refused);
    if (place === undefined || place.energy < 2 * TELLING * noise) return;
    const change = changed(left, list, place.index + 1, 0, pairAt(list, place), pulse);
    if (change.energy < -2 * TELLING * noise) continue;
    change.undo();
    refused.push(place.at);
  }
}

/** Drops close pairs that explain nothing, and doubts those that explain little. `left` stays what the list leaves. */
export function doubtPairs(left: Float32Array, list: Reversal[], noise: number, pulse: Pulse): void {
  for (let i = 0; i + 1 < list.length; i++) {
    const { at, cell } = list[i]!;
    if (Math.abs(list[i + 1]!.at - at) > IDLE * cell) continue;
    const change = changed(left, list, i, 2, [], pulse);
    const explained = change.energy / (2 * noise);
    if (explained < TELLING / 2) {
      i = Math.max(-1, i - 2);
      continue;
    }
    change.undo();
    // Without the closest of several, the others stay where they are.
    if (explained < CERTAIN && isClosest(list, i)) list[i] = { ...list[i]!, doubt: explained - OCCAM };
  }
}

function isClosest(list: readonly Reversal[], index: number): boolean {
  const gap = (i: number): number =>
    i < 0 || i + 1 >= list.length ? Number.POSITIVE_INFINITY : Math.abs(list[i + 1]!.at - list[i]!.at);
  return gap(index) < Math.min(gap(index - 1), gap(index + 1));
}

function pairAt(list: readonly Reversal[], { index, at, distance }: Dipole): Reversal[] {
  const { sign, height, cell } = list[index]!;
  return [
    { at: at - (distance * cell) / 2, sign: -sign, height, cell },
    { at: at + (distance * cell) / 2, sign, height, cell },
  ];
}

/** Takes `drop` reversals out and `more` in: how much more energy that leaves, and how to undo it. */
function changed(
  left: Float32Array,
  list: Reversal[],
  index: number,
  drop: number,
  more: readonly Reversal[],
  pulse: Pulse,
): { readonly energy: number; readonly undo: () => void } {
  const low = Math.max(0, index - AROUND);
  const high = Math.min(list.length, index + drop + AROUND);
  const reach = 4 * list[low]!.cell;
  const from = Math.max(0, Math.floor(list[low]!.at - reach));
  const to = Math.min(left.length, Math.ceil(list[high - 1]!.at + reach));
  const kept = left.slice(from, to);
  const places = list.slice(low, high).map((reversal) => ({ ...reversal }));
  const before = energyIn(left, from, to);
  for (const { at, sign, height, cell } of list.slice(index, index + drop)) pulse.add(left, at, cell, sign * height);
  for (const { at, sign, height, cell } of more) pulse.add(left, at, cell, -sign * height);
  list.splice(index, drop, ...more);
  settle(left, list, low, high - drop + more.length, pulse, ROUNDS);
  return {
    energy: energyIn(left, from, to) - before,
    undo: () => {
      left.set(kept, from);
      list.splice(low, high - low - drop + more.length, ...places);
    },
  };
}

const ROUNDS = 8;

/** A pair, up and down, between a reversal and the next, or about there. */
interface Dipole {
  readonly index: number;
  readonly at: number;
  /** Cells between the two. */
  readonly distance: number;
  /** What it explains of what is left. */
  readonly energy: number;
}

/** Where such a pair would explain most of what is left. */
function dipole(
  left: Float32Array,
  list: readonly Reversal[],
  pulse: Pulse,
  refused: readonly number[],
): Dipole | undefined {
  let best: Dipole | undefined;
  for (let i = 0; i + 1 < list.length; i++) {
    const { at, sign, height, cell } = list[i]!;
    const gap = list[i + 1]!.at - at;
    const steps = Math.max(1, Math.round(gap / (cell / 8)));
    for (let step = 0; step <= steps; step++) {
      const place = at + (gap * step) / steps;
      // A pair -s, +s is -s times the pulse's derivative.
      const along = sign * pulse.slope(left, place, cell, 1);
      const energy = (along * along) / (pulse.slopeEnergy * cell);
      if (best !== undefined && energy <= best.energy) continue;
      if (refused.some((other) => Math.abs(other - place) < cell / 6)) continue;
      const distance = Math.max(-CROSSED, Math.min(0.5, along / (pulse.slopeEnergy * height * cell)));
      best = { index: i, at: place, distance, energy };
    }
  }
  return best;
}
