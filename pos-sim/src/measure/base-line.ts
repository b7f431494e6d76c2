// What a swipe rides on: the mains' hum, and a base line that wanders. Both are fitted at once, by least squares: a slow curve, and the tones
// of 50 or of 60 Hz, whichever explains more. A constant voltage is neither.

export interface BaseLine {
  /** Of the mains, from the middle to the top, full scale: nothing where any other tone would explain as much. Undefined where less than a cycle was recorded. */
  readonly hum?: number;
  /** The hum at a sample. */
  readonly humAt: (sample: number) => number;
  /** Half of what the slow curve sways by, full scale. */
  readonly wander: number;
}

const MAINS_HZ = [50, 60] as const;
/** Tones that nobody's mains have. What they explain as well is noise. */
const DECOYS_HZ = [37, 83] as const;
/** The mains' hum must be so many times as high as those would be. */
const OVER_DECOYS = 2;
/** The fundamental, and its harmonics, among them the rectifier's. */
const HARMONICS = 3;
/** Powers of the slow curve. */
const CURVE = 4;
/** What is fitted to: more points say no more, and so many a second tell the highest harmonic. */
const POINTS = 384;
const POINTS_HZ = 1500;

/** @param samples - A swipe, and what lies beside it. */
export function baseLineOf(samples: Float32Array, sampleRateHz: number): BaseLine {
  // Means of runs of samples: the pulses, which alternate, go before the fit.
  const step = Math.max(1, Math.floor(Math.min(samples.length / POINTS, sampleRateHz / POINTS_HZ)));
  const points = Float64Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    let sum = 0;
    for (let n = i * step; n < (i + 1) * step; n++) sum += samples[n]!;
    return sum / step;
  });
  const rate = sampleRateHz / step;
  const seconds = points.length / rate;
  const fits = MAINS_HZ.filter((hz) => seconds * hz >= 1).map((hz) => fitted(points, rate, hz));
  const decoys = DECOYS_HZ.filter((hz) => seconds * hz >= 1).map((hz) => fitted(points, rate, hz).hum ?? 0);
  const best = fits.length === 0 ? fitted(points, rate, undefined) : fits.reduce((a, b) => (b.rest < a.rest ? b : a));
  const { weights, hum, hz = 0 } = best;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i <= 100; i++) {
    const x = i / 50 - 1;
    let value = 0;
    for (let power = CURVE; power >= 1; power--) value = (value + weights[power]!) * x;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const humAt = (sample: number): number => {
    let sum = 0;
    for (let k = CURVE + 1; k < weights.length; k += 2) {
      const phase = (2 * Math.PI * hz * ((k - CURVE + 1) / 2) * (sample - (step - 1) / 2)) / sampleRateHz;
      sum += weights[k]! * Math.cos(phase) + weights[k + 1]! * Math.sin(phase);
    }
    return sum;
  };
  const isHum = hum !== undefined && hum > OVER_DECOYS * Math.max(0, ...decoys);
  return { wander: (high - low) / 2, humAt, ...(hum !== undefined && { hum: isHum ? hum : 0 }) };
}

/** Weights of the curve and the tones, what they leave over, and the hum's height. */
function fitted(
  points: Float64Array,
  rate: number,
  hz: number | undefined,
): { readonly weights: Float64Array; readonly rest: number; readonly hum?: number; readonly hz?: number } {
  const n = points.length;
  const size = CURVE + 1 + (hz === undefined ? 0 : 2 * HARMONICS);
  const matrix = Array.from({ length: size }, () => new Float64Array(size + 1));
  const row = new Float64Array(size);
  let power = 0;
  for (let i = 0; i < n; i++) {
    const x = n > 1 ? (2 * i) / (n - 1) - 1 : 0;
    row[0] = 1;
    for (let k = 1; k <= CURVE; k++) row[k] = row[k - 1]! * x;
    for (let k = CURVE + 1; k < size; k += 2) {
      const phase = (2 * Math.PI * hz! * ((k - CURVE + 1) / 2) * i) / rate;
      row[k] = Math.cos(phase);
      row[k + 1] = Math.sin(phase);
    }
    const y = points[i]!;
    power += y * y;
    for (let a = 0; a < size; a++) {
      const line = matrix[a]!;
      for (let b = a; b < size; b++) line[b]! += row[a]! * row[b]!;
      line[size]! += row[a]! * y;
    }
  }
  for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) matrix[a]![b] = matrix[b]![a]!;
  const right = Float64Array.from(matrix, (line) => line[size]!);
  const weights = solved(matrix, 1e-9 * Math.max(1, n));
  const rest = power - weights.reduce((sum, weight, k) => sum + weight * right[k]!, 0);
  if (hz === undefined) return { weights, rest };
  let hum = 0;
  for (let k = CURVE + 1; k < size; k += 2) hum += Math.hypot(weights[k]!, weights[k + 1]!);
  return { weights, rest, hum, hz };
}

/** Gauss, with pivots; rows that say nothing new are left out. */
function solved(matrix: readonly Float64Array[], least: number): Float64Array {
  const size = matrix.length;
  const rows = [...matrix];
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    const head = rows[k]!;
    if (Math.abs(head[k]!) < least) continue;
    for (let i = k + 1; i < size; i++) {
      const line = rows[i]!;
      const share = line[k]! / head[k]!;
      for (let j = k; j <= size; j++) line[j]! -= share * head[j]!;
    }
  }
  const weights = new Float64Array(size);
  for (let k = size - 1; k >= 0; k--) {
    const head = rows[k]!;
    if (Math.abs(head[k]!) < least) continue;
    let sum = head[size]!;
    for (let j = k + 1; j < size; j++) sum -= head[j]! * weights[j]!;
    weights[k] = sum / head[k]!;
  }
  return weights;
}
