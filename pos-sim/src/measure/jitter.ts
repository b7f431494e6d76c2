// How cells and the halves of ones deviate from the hand's clock.
import type { CellTimes } from "../cells.js";
import { clockAt, type Fit } from "./clock.js";
import { CELL_LIMITS, type Limits, SUBINTERVAL_LIMITS } from "./limits.js";
import type { Deviations, SignalMeasures } from "./report.js";
import type { Reversals } from "./reversals.js";

/** A cell of the frame with its own reversals. */
export interface OneCell {
  /** Its number among the cells. */
  readonly place: number;
  /** Middle and length, samples. */
  readonly at: number;
  readonly length: number;
  /** Per cent of the hand's cell there. */
  readonly deviation: number;
  /** Of a one: its two halves, per cent of half a cell. */
  readonly halves?: readonly [number, number];
}

/** The cells of a frame whose reversals are all there. @param clock - At each edge of the frame's cells. */
export function eachCell({ places, times, weak }: Reversals, clock: readonly Fit[], cells: CellTimes): OneCell[] {
  const found: OneCell[] = [];
  let i = places.findIndex((place) => place >= cells.frameFrom);
  for (let k = 0; k < cells.frameBits; k++) {
    const one = cells.bits[cells.frameFrom + k] === 1;
    const next = i + (one ? 2 : 1);
    const hand = (clock[k]!.cell + clock[k + 1]!.cell) / 2;
    const length = times[next]! - times[i]!;
    if (!(weak[i] === 1 || weak[next] === 1 || (one && weak[i + 1] === 1))) {
      const half = (from: number): number => 100 * ((times[from + 1]! - times[from]!) / (hand / 2) - 1);
      found.push({
        place: cells.frameFrom + k,
        at: (times[i]! + times[next]!) / 2,
        length,
        deviation: 100 * (length / hand - 1),
        ...(one && { halves: [half(i), half(i + 1)] as const }),
      });
    }
    i = next;
  }
  return found;
}

function deviations(
  values: readonly { readonly value: number; readonly character: number | undefined }[],
  { newPercent, usedPercent }: Limits,
): Deviations | undefined {
  if (values.length === 0) return undefined;
  let worst = values[0]!;
  let sum = 0;
  for (const one of values) {
    if (Math.abs(one.value) > Math.abs(worst.value)) worst = one;
    sum += one.value ** 2;
  }
  const most = Math.abs(worst.value);
  return {
    rmsPercent: Math.sqrt(sum / values.length),
    worstPercent: most,
    worstOfNewPercent: (100 * most) / newPercent,
    worstOfUsedPercent: (100 * most) / usedPercent,
    ...(worst.character !== undefined && { worstCharacter: worst.character }),
  };
}

/** Of a frame; undefined where none of its cells is whole. @param characterOf - In which character a place lies. */
export function jitterOf(
  reversals: Reversals,
  each: readonly OneCell[],
  { frameFrom, frameBits }: CellTimes,
  characterOf: (place: number) => number | undefined,
): SignalMeasures["jitter"] {
  const within = (value: number, place: number) => ({ value, character: characterOf(place + 0.5) });
  const cells = deviations(
    each.map(({ deviation, place }) => within(deviation, place)),
    CELL_LIMITS,
  );
  const subintervals = deviations(
    each.flatMap(({ halves = [], place }) => halves.map((value) => within(value, place))),
    SUBINTERVAL_LIMITS,
  );
  if (cells === undefined) return undefined;
  return {
    reversalsPercent: 100 * reversalJitter(reversals, frameFrom, frameFrom + frameBits),
    cells,
    ...(subintervals && { subintervals }),
  };
}

/** Root mean square of what single reversals deviate from the clock around them, in cells. */
function reversalJitter(reversals: Reversals, from: number, to: number): number {
  const { places, times, weak } = reversals;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < places.length; i++) {
    if (weak[i] === 1 || places[i]! < from || places[i]! > to) continue;
    const fit = clockAt(reversals, places[i]!);
    if (fit === undefined || fit.leverage > 0.5) continue;
    // The fit has followed the reversal by its leverage.
    sum += ((times[i]! - fit.time) / fit.cell) ** 2 / (1 - fit.leverage);
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
