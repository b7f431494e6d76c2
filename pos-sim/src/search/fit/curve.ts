// Curves through points that noise moves: as many terms as the points bear out.

/** A value by place, and how many numbers describe it. */
export interface Curve {
  (place: number): number;
  readonly terms: number;
}

/** Least squares by Legendre polynomials, as many as the points bear out. */
export function smooth(places: readonly number[], values: readonly number[], cells: number, orders: number): Curve {
  const n = places.length;
  const recur: { alpha: number; beta: number }[] = [];
  const rest = Float64Array.from(values);
  const x = Float64Array.from(places, (place) => (2 * place) / cells - 1);
  const coefficients: number[] = [];
  let before = new Float64Array(n);
  let now = new Float64Array(n).fill(1 / Math.sqrt(n));
  let beta = 0;
  for (let order = 0; order <= orders; order++) {
    let c = 0;
    for (let i = 0; i < n; i++) c += rest[i]! * now[i]!;
    coefficients.push(c);
    for (let i = 0; i < n; i++) rest[i]! -= c * now[i]!;
    let alpha = 0;
    for (let i = 0; i < n; i++) alpha += x[i]! * now[i]! * now[i]!;
    const next = new Float64Array(n);
    let norm = 0;
    for (let i = 0; i < n; i++) {
      next[i] = (x[i]! - alpha) * now[i]! - beta * before[i]!;
      norm += next[i]! * next[i]!;
    }
    norm = Math.sqrt(norm);
    if (!(norm > 1e-12)) break;
    for (let i = 0; i < n; i++) next[i]! /= norm;
    recur.push({ alpha, beta: norm });
    beta = norm;
    before = now;
    now = next;
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
