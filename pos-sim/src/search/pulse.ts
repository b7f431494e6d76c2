// What one flux reversal leaves in the signal, as a share of the cell it lies in: a stripe's Lorentzian, a coil's exponential.

/** Cells on each side of a pulse that are followed. */
export const REACH = 3;
/** Table points in one cell. */
const FINE = 128;
const SIZE = 2 * REACH * FINE + 2;

export class Pulse {
  readonly #table = new Float64Array(SIZE);
  readonly #overlaps = new Map<number, number>();
  /** Integral of its square, in cells. */
  readonly energy: number;

  constructor(shape: (cells: number) => number) {
    for (let i = 0; i < SIZE; i++) this.#table[i] = shape(i / FINE - REACH);
    this.energy = this.overlap(0);
  }

  /** Height at `cells` from its centre. */
  at(cells: number): number {
    const x = (cells + REACH) * FINE;
    const i = x | 0;
    if (x < 0 || i >= SIZE - 1) return 0;
    const low = this.#table[i]!;
    return low + (x - i) * (this.#table[i + 1]! - low);
  }

  /** Integral of the pulse times itself `shift` cells later, in cells. */
  overlap(shift: number): number {
    const known = this.#overlaps.get(shift);
    if (known !== undefined) return known;
    let sum = 0;
    for (let i = 0; i < SIZE; i++) sum += this.#table[i]! * this.at(i / FINE - REACH - shift);
    this.#overlaps.set(shift, sum / FINE);
    return sum / FINE;
  }

  /** Sum of samples times the pulse, centred at `centre`, stretched to cells of `cell` samples. */
  match(samples: Float32Array, centre: number, cell: number, reach = REACH): number {
    const table = this.#table;
    const step = FINE / cell;
    const from = Math.max(0, Math.ceil(centre - reach * cell));
    const to = Math.min(samples.length - 1, Math.floor(centre + reach * cell));
    let x = (from - centre) * step + REACH * FINE;
    let sum = 0;
    for (let n = from; n <= to; n++, x += step) {
      const i = x | 0;
      const low = table[i]!;
      sum += samples[n]! * (low + (x - i) * (table[i + 1]! - low));
    }
    return sum;
  }

  /** Adds `height` times the pulse. */
  add(samples: Float32Array, centre: number, cell: number, height: number): void {
    const table = this.#table;
    const step = FINE / cell;
    const from = Math.max(0, Math.ceil(centre - REACH * cell));
    const to = Math.min(samples.length - 1, Math.floor(centre + REACH * cell));
    let x = (from - centre) * step + REACH * FINE;
    for (let n = from; n <= to; n++, x += step) {
      const i = x | 0;
      const low = table[i]!;
      samples[n]! += height * (low + (x - i) * (table[i + 1]! - low));
    }
  }
}

/** A stripe's pulse: width at half height `pw50`, cells. */
export function lorentzian(pw50: number): Pulse {
  return new Pulse((cells) => 1 / (1 + ((2 * cells) / pw50) ** 2));
}
