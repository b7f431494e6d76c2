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

/** Every second sample, from the first one on; beyond the ends there is silence. */
export function halved(samples: Float32Array): Float32Array {
  const out = new Float32Array((samples.length + 1) >> 1);
  const first = TAPS;
  const last = Math.max(first, (samples.length - 2 * TAPS + 1) >> 1);
  for (let m = 0; m < Math.min(first, out.length); m++) out[m] = atEnd(samples, 2 * m);
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
  for (let m = last; m < out.length; m++) out[m] = atEnd(samples, 2 * m);
  return out;
}

type Taps = [number, number, number, number, number, number, number, number];

function atEnd(samples: Float32Array, n: number): number {
  let sum = MIDDLE * samples[n]!;
  for (let i = 0, at = 1; i < TAPS; i++, at += 2) sum += SIDE[i]! * ((samples[n - at] ?? 0) + (samples[n + at] ?? 0));
  return sum;
}
