// What is slower than a few samples.

/** Mean of `width` samples about each; of fewer at the ends. */
export function movingMean(samples: Float32Array, width: number): Float32Array {
  const out = new Float32Array(samples.length);
  const half = width >> 1;
  let sum = 0;
  let count = 0;
  const n = samples.length;
  for (let i = 0; i < Math.min(half, n); i++) {
    sum += samples[i]!;
    count++;
  }
  for (let i = 0; i < n; i++) {
    if (i + half < n) {
      sum += samples[i + half]!;
      count++;
    }
    if (i - half - 1 >= 0) {
      sum -= samples[i - half - 1]!;
      count--;
    }
    out[i] = sum / count;
  }
  return out;
}
