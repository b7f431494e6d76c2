// Curves through points that noise moves: as many terms as the points bear out.

/** A value by place, and how many numbers describe it. */
export interface Curve {
  (place: number): number;
  readonly terms: number;
}

/** Polynomials that are orthogonal over points at some places, as many as were asked for: each of length 1. */
export class Terms {
  readonly #x: Float64Array;
  readonly #terms: Float64Array[];
  /** How the next one follows from those before: one less than there are terms. */
  readonly recur: { readonly alpha: number; readonly beta: number }[] = [];
  #isWhole = false;

  constructor(places: readonly number[], cells: number) {
    const n = places.length;
    this.#x = new Float64Array(n);
    for (let i = 0; i < n; i++) this.#x[i] = (2 * places[i]!) / cells - 1;
    this.#terms = [new Float64Array(n).fill(1 / Math.sqrt(n))];
  }

  /** Undefined where the points bear out no more. Asked in rising order. */
  at(order: number): Float64Array | undefined {
    if (this.#terms[order] === undefined && !this.#isWhole) this.#add();
    return this.#terms[order];
  }

  #add(): void {
    const x = this.#x;
    const n = x.length;
    const now = this.#terms.at(-1)!;
    const before = this.#terms.at(-2) ?? new Float64Array(n);
    const beta = this.recur.at(-1)?.beta ?? 0;
    let alpha = 0;
    for (let i = 0; i < n; i++) alpha += x[i]! * now[i]! * now[i]!;
    const next = new Float64Array(n);
    let norm = 0;
    for (let i = 0; i < n; i++) {
      next[i] = (x[i]! - alpha) * now[i]! - beta * before[i]!;
      norm += next[i]! * next[i]!;
    }
    norm = Math.sqrt(norm);
    this.#isWhole = !(norm > 1e-12);
    if (this.#isWhole) return;
    for (let i = 0; i < n; i++) next[i]! /= norm;
    this.recur.push({ alpha, beta: norm });
    this.#terms.push(next);
  }
}

/** Least squares by Legendre polynomials, as many as the points bear out. @param terms - Of these places, where they are known already. */
export function smooth(
  places: readonly number[],
  values: readonly number[],
  cells: number,
  orders: number,
  terms = new Terms(places, cells),
): Curve {
  const n = places.length;
  const { recur } = terms;
  const rest = Float64Array.from(values);
  const coefficients: number[] = [];
  for (let order = 0; order <= orders; order++) {
    const now = terms.at(order);
    if (now === undefined) break;
    let c = 0;
    for (let i = 0; i < n; i++) c += rest[i]! * now[i]!;
    coefficients.push(c);
    for (let i = 0; i < n; i++) rest[i]! -= c * now[i]!;
  }
  // Terms that say no more than noise are left out, from the last one on.
  let noise = 0;
  for (let i = 0; i < n; i++) noise += rest[i]! * rest[i]!;
  noise /= Math.max(1, n - coefficients.length);
  let last = coefficients.length - 1;
  while (last > 1 && coefficients[last]! ** 2 < 9 * noise) last--;
  const first = 1 / Math.sqrt(n);
  const curve = (place: number): number => {
    const at = (2 * place) / cells - 1;
    let p0 = 0;
    let p1 = first;
    let value = coefficients[0]! * p1;
    let b = 0;
    for (let order = 1; order <= last; order++) {
      const { alpha, beta } = recur[order - 1]!;
      const p2 = ((at - alpha) * p1 - b * p0) / beta;
      p0 = p1;
      p1 = p2;
      b = beta;
      value += coefficients[order]! * p1;
    }
    return value;
  };
  return Object.assign(curve, { terms: last + 1 });
}

/** Of normal errors half are less than so many deviations. */
export const MEDIAN = 0.6745;
