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
  const last = samples.length - 2 * TAPS;
  for (let m = 0; m < out.length; m++) {
    const n = 2 * m;
    let sum = MIDDLE * samples[n]!;
    if (n >= 2 * TAPS && n < last) {
      for (let i = 0, at = 1; i < TAPS; i++, at += 2) sum += SIDE[i]! * (samples[n - at]! + samples[n + at]!);
    } else {
      for (let i = 0, at = 1; i < TAPS; i++, at += 2)
        sum += SIDE[i]! * ((samples[n - at] ?? 0) + (samples[n + at] ?? 0));
    }
    out[m] = sum;
  }
  return out;
}
