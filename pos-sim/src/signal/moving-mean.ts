// What is slower than a few samples.

/** Mean of `width` samples about each; of fewer at the ends. */
export function movingMean(samples: Float32Array, width: number): Float32Array {
  const n = samples.length;
  const out = new Float32Array(n);
  const half = width >> 1;
  let sum = 0;
  for (let i = 0; i < Math.min(half, n); i++) sum += samples[i]!;
  const meanAt = (i: number): void => {
    if (i + half < n) sum += samples[i + half]!;
    if (i - half - 1 >= 0) sum -= samples[i - half - 1]!;
    out[i] = sum / (Math.min(n - 1, i + half) - Math.max(0, i - half) + 1);
  };
  // As many in each but at the ends: most of them are.
  const first = Math.min(n, half + 1);
  const last = Math.max(first, n - half);
  for (let i = 0; i < first; i++) meanAt(i);
  const share = 1 / (2 * half + 1);
  for (let i = first; i < last; i++) {
    sum += samples[i + half]! - samples[i - half - 1]!;
    out[i] = sum * share;
  }
  for (let i = last; i < n; i++) meanAt(i);
  return out;
}
