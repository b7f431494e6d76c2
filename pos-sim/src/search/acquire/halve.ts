// Half the rate for slow swipes: flat where pulses are, so that what was white noise stays white, and its strength is known.

/** Taps on each side of the middle that are not zero: every second one, by a windowed sinc (half-band). */
const TAPS = 8;
const SIDE = Float64Array.from({ length: TAPS }, (_, i) => {
  const at = 2 * i + 1;
  const share = at / (2 * TAPS);
  const window = 0.42 + 0.5 * Math.cos(Math.PI * share) + 0.08 * Math.cos(2 * Math.PI * share);
  return (Math.sin((Math.PI * at) / 2) / (Math.PI * at)) * window;
});
const GAIN = 0.5 + 2 * SIDE.reduce((sum, tap) => sum + tap, 0);
const MIDDLE = 0.5 / GAIN;
for (let i = 0; i < TAPS; i++) SIDE[i]! /= GAIN;

/** By how much white noise is stronger around pulses than the mean square of what is left of it says. */
export const COLOURED = 0.5 / (MIDDLE ** 2 + 2 * SIDE.reduce((sum, tap) => sum + tap * tap, 0));

/** Samples on each side that one of half the rate is made of. */
export const HALVED_BY = 2 * TAPS;

/** Every second sample, into `out` from its sample `from` to `to`; beyond the ends there is silence. */
export function halve(samples: Float32Array, out: Float32Array, from: number, to: number): void {
  const first = Math.min(to, Math.max(from, TAPS));
  const last = Math.min(to, Math.max(first, (samples.length - HALVED_BY + 1) >> 1));
  for (let m = from; m < first; m++) out[m] = atEnd(samples, 2 * m);
  const [a, b, c, d, e, f, g, h] = SIDE as unknown as Taps;
  for (let m = first, n = 2 * first; m < last; m++, n += 2) {
    // Written out: it is asked for each run of zeros, and a loop takes three times as long.
    out[m] =
      MIDDLE * samples[n]! +
      a * (samples[n - 1]! + samples[n + 1]!) +
      b * (samples[n - 3]! + samples[n + 3]!) +
      c * (samples[n - 5]! + samples[n + 5]!) +
      d * (samples[n - 7]! + samples[n + 7]!) +
      e * (samples[n - 9]! + samples[n + 9]!) +
      f * (samples[n - 11]! + samples[n + 11]!) +
      g * (samples[n - 13]! + samples[n + 13]!) +
      h * (samples[n - 15]! + samples[n + 15]!);
  }
  for (let m = last; m < to; m++) out[m] = atEnd(samples, 2 * m);
}

type Taps = [number, number, number, number, number, number, number, number];

function atEnd(samples: Float32Array, n: number): number {
  let sum = MIDDLE * samples[n]!;
  for (let i = 0, at = 1; i < TAPS; i++, at += 2) sum += SIDE[i]! * ((samples[n - at] ?? 0) + (samples[n + at] ?? 0));
  return sum;
}
