// What one flux reversal leaves in the signal, as a share of the cell it lies in: a stripe's Lorentzian, a coil's exponential.

/** Cells on each side of a pulse that are followed. */
export const REACH = 3;
/** Table points in one cell. */
const FINE = 128;
const SIZE = 2 * REACH * FINE + 2;
/** Over how many cells slopes are taken. */
const SLOPE = 0.1;

export class Pulse {
  readonly #table = new Float64Array(SIZE);
  /** Integrals of it times itself, and of its slope times itself, by shift: made when they are needed first, as most shapes are tried and dropped. */
  #overlaps: Float64Array | undefined;
  #slopes: Float64Array | undefined;
  /** Integrals of the pulse times itself, shifted by 0, 1/2, 1, 3/2 and 2 cells; in cells. */
  readonly overlaps: readonly [number, number, number, number, number];
  /** Integral of its square, in cells. */
  readonly energy: number;
  /** And of its slope's square: how well a pulse tells its own time. */
  readonly slopeEnergy: number;

  constructor(shape: (cells: number) => number) {
    for (let i = 0; i < SIZE; i++) this.#table[i] = shape(i / FINE - REACH);
    this.overlaps = [0, 1, 2, 3, 4].map((halves) => this.#overlap(halves / 2)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    this.energy = this.overlaps[0];
    this.slopeEnergy = (2 * (this.energy - this.#overlap(SLOPE))) / (SLOPE * SLOPE);
  }

  /** Integral of the pulse times itself `cells` later, up to two; in cells. */
  overlap(cells: number): number {
    this.#overlaps ??= this.#overlapTable();
    const overlaps = this.#overlaps;
    const x = Math.min(overlaps.length - 2, Math.abs(cells) * FINE);
    const i = x | 0;
    const low = overlaps[i]!;
    return low + (x - i) * (overlaps[i + 1]! - low);
  }

  /** Integral of the pulse's slope times itself `cells` later. */
  slopeOverlap(cells: number): number {
    this.#slopes ??= this.#slopeTable();
    const slopes = this.#slopes;
    const x = Math.min(2 * FINE - 1, Math.abs(cells) * FINE);
    const i = x | 0;
    const low = slopes[i]!;
    return low + (x - i) * (slopes[i + 1]! - low);
  }

  /** Height at `cells` from its centre. */
  at(cells: number): number {
    const x = (cells + REACH) * FINE;
    const i = x | 0;
    if (x < 0 || i >= SIZE - 1) return 0;
    const low = this.#table[i]!;
    return low + (x - i) * (this.#table[i + 1]! - low);
  }

  #overlapTable(): Float64Array {
    return Float64Array.from({ length: 2 * FINE + Math.ceil(SLOPE * FINE) + 2 }, (_, i) => this.#overlap(i / FINE));
  }

  /** Minus the second derivative of the overlap, over the same distance as slopes are taken. */
  #slopeTable(): Float64Array {
    return Float64Array.from({ length: 2 * FINE + 1 }, (_, i) => {
      const shift = i / FINE;
      const [before, here, after] = [shift - SLOPE, shift, shift + SLOPE].map((at) => this.overlap(at));
      return (2 * here! - before! - after!) / (SLOPE * SLOPE);
    });
  }

  /** Integral of the pulse times itself `shift` cells later, in cells. */
  #overlap(shift: number): number {
    let sum = 0;
    for (let i = 0; i < SIZE; i++) sum += this.#table[i]! * this.at(i / FINE - REACH - shift);
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

  /**
   * `match` and its slope over `over` cells in one go, to the nearest point of the table, for whoever asks often: into `into`, the match and
   * the slope.
   */
  glance(samples: Float32Array, centre: number, cell: number, reach: number, over: number, into: Float64Array): void {
    const table = this.#table;
    const step = FINE / cell;
    const aside = Math.round((over / 2) * FINE);
    const from = Math.max(0, Math.ceil(centre - reach * cell));
    const to = Math.min(samples.length - 1, Math.floor(centre + reach * cell));
    let x = (from - centre) * step + REACH * FINE + 0.5;
    let sum = 0;
    let slope = 0;
    for (let n = from; n <= to; n++, x += step) {
      const i = x | 0;
      const sample = samples[n]!;
      sum += sample * table[i]!;
      slope += sample * (table[i - aside]! - table[i + aside]!);
    }
    into[0] = sum;
    into[1] = (slope * FINE) / (2 * aside);
  }

  /** Slope of `match` at its centre, taken over `over` cells; a sample's sum for each cell. */
  slope(samples: Float32Array, centre: number, cell: number, reach = REACH, over = SLOPE): number {
    const aside = (over / 2) * cell;
    return (this.match(samples, centre + aside, cell, reach) - this.match(samples, centre - aside, cell, reach)) / over;
  }

  /** Adds `height` times the pulse. */
  add(samples: Float32Array, centre: number, cell: number, height: number, reach = REACH): void {
    const table = this.#table;
    const step = FINE / cell;
    const from = Math.max(0, Math.ceil(centre - reach * cell));
    const to = Math.min(samples.length - 1, Math.floor(centre + reach * cell));
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

/** Where a search begins: a stripe's, a quarter of a cell wide. */
export const STRIPE = lorentzian(0.25);
