// Times of flux reversals to bits. In F2F a cell without a reversal in its middle is a zero, one with it a one; the hand
// that swipes gives the cell. The cheapest way through the reversals is searched (Viterbi over edges): each path carries
// its own idea of the cell and lets it follow the hand. It starts where the cell is plain, in a run of zeros.

/** Bits between two edges of a burst. */
export interface Strip {
  /** Indices of the edges that bound cells: one more than bits. Rising. */
  readonly bounds: Int32Array;
  readonly bits: Uint8Array;
}

export interface ZeroRun {
  /** First and last edge of the run. */
  readonly from: number;
  readonly to: number;
  /** Its mean interval. */
  readonly cell: number;
}

/** Intervals that make a run of zeros, and how far each may lie from the running mean. */
const RUN_LENGTH = 6;
const RUN_SPREAD = 0.26;

/** Share of a cell's error that the next cell takes over: 2x acceleration over 100 bits lags by 5 %. */
const FOLLOW = 0.2;
/** A cell may be off by this much; a half cell by this much of a cell. Above the 20 % that ISO allows, below confusion. */
const CELL_SLACK = 0.38;
const HALF_SLACK = 0.3;

/** Runs of near-equal intervals with cells of `minCell` to `maxCell`. Runs of ones are among them: they end nowhere. */
export function zeroRuns(times: Float64Array, count: number, minCell: number, maxCell: number): ZeroRun[] {
  const runs: ZeroRun[] = [];
  let from = 0;
  let mean = 0;
  const close = (to: number): void => {
    if (to - from >= RUN_LENGTH && mean >= minCell && mean <= maxCell) runs.push({ from, to, cell: mean });
  };
  for (let i = 1; i < count; i++) {
    const width = times[i]! - times[i - 1]!;
    if (i - from > 1 && Math.abs(width - mean) <= RUN_SPREAD * mean) {
      mean += (width - mean) / Math.min(i - from, 8);
    } else {
      close(i - 1);
      from = i - 1;
      mean = width;
    }
  }
  close(count - 1);
  return runs;
}

/** Working memory for bursts of up to `capacity` edges. */
export class Slicer {
  readonly #cost: Float64Array;
  readonly #cell: Float64Array;
  readonly #step: Uint8Array;

  constructor(readonly capacity: number) {
    this.#cost = new Float64Array(capacity);
    this.#cell = new Float64Array(capacity);
    this.#step = new Uint8Array(capacity);
  }

  /** All cells around a run of zeros, forwards and backwards until the sync is lost. */
  slice(times: Float64Array, count: number, run: ZeroRun): Strip {
    const middle = (run.from + run.to) >> 1;
    const bounds: number[] = [];
    const bits: number[] = [];
    const back = this.#search(times, count, middle, run.cell, -1);
    for (let at = back; at !== middle; at += this.#step[at]!) {
      bounds.push(at);
      bits.push(this.#step[at]! - 1);
    }
    bounds.push(middle);
    const forth = this.#search(times, count, middle, run.cell, 1);
    const tail = bits.length;
    for (let at = forth; at !== middle; at -= this.#step[at]!) {
      bounds.push(at);
      bits.push(this.#step[at]! - 1);
    }
    const strip = { bounds: Int32Array.from(bounds), bits: Uint8Array.from(bits) };
    strip.bounds.subarray(tail + 1).reverse();
    strip.bits.subarray(tail).reverse();
    return strip;
  }

  /** Cheapest paths from `from` on in direction `way`; returns the farthest edge that one of them reaches. */
  #search(times: Float64Array, count: number, from: number, cell0: number, way: 1 | -1): number {
    const cost = this.#cost;
    const cell = this.#cell;
    const step = this.#step;
    const end = way === 1 ? count : -1;
    cost[from] = 0;
    cell[from] = cell0;
    step[from] = 0;
    let reached = from;
    let behind = Number.POSITIVE_INFINITY; // cost two edges back
    for (let at = from + way; at !== end; at += way) {
      const before = at - way;
      const one = cost[before]!;
      let best = Number.POSITIVE_INFINITY;
      let bestCell = 0;
      let bestStep = 0;
      if (one < Number.POSITIVE_INFINITY) {
        const c = cell[before]!;
        const width = Math.abs(times[at]! - times[before]!);
        const error = width / c - 1;
        if (error < CELL_SLACK && error > -CELL_SLACK) {
          best = one + error * error;
          bestCell = c + FOLLOW * (width - c);
          bestStep = 1;
        }
      }
      if (behind < Number.POSITIVE_INFINITY) {
        const two = before - way;
        const c = cell[two]!;
        const first = Math.abs(times[before]! - times[two]!) / c - 0.5;
        const second = Math.abs(times[at]! - times[before]!) / c - 0.5;
        const error = first + second;
        if (Math.max(Math.abs(first), Math.abs(second)) < HALF_SLACK && Math.abs(error) < CELL_SLACK) {
          const total = behind + first * first + second * second;
          if (total < best) {
            best = total;
            bestCell = c + FOLLOW * error * c;
            bestStep = 2;
          }
        }
      }
      cost[at] = best;
      cell[at] = bestCell;
      step[at] = bestStep;
      behind = one;
      if (best < Number.POSITIVE_INFINITY) reached = at;
      else if (one === Number.POSITIVE_INFINITY) break;
    }
    return reached;
  }
}
