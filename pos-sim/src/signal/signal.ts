// A signal as a sound card would record it, and what happens to one on the way: noise, wander, clipping, band limit.
import { PosError } from "../errors.js";
import { normal } from "./random.js";

export interface Signal {
  /** One channel, full scale -1 to 1. */
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
}

export interface Disturbance {
  /** Signal to white noise over the whole band, in dB, the signal's power taken between its first and last pulse. */
  readonly snrDb?: number;
  readonly seed?: number;
  /** Base line that sways: height as a share of the pulse height, and how often a second. */
  readonly wander?: { readonly height: number; readonly hz: number };
  /** Gain before the converter clips at full scale. */
  readonly gain?: number;
}

/** A disturbed copy. */
export function disturb(signal: Signal, disturbance: Disturbance): Signal {
  const { snrDb, seed = 1, wander, gain = 1 } = disturbance;
  const samples = Float32Array.from(signal.samples);
  const { peak, power } = activity(samples);
  if (wander !== undefined) {
    const step = (2 * Math.PI * wander.hz) / signal.sampleRateHz;
    for (let i = 0; i < samples.length; i++) samples[i]! += wander.height * peak * Math.sin(step * i);
  }
  if (snrDb !== undefined) {
    const next = normal(seed);
    const sigma = Math.sqrt(power / 10 ** (snrDb / 10));
    for (let i = 0; i < samples.length; i++) samples[i]! += sigma * next();
  }
  for (let i = 0; i < samples.length; i++) samples[i] = Math.max(-1, Math.min(1, samples[i]! * gain));
  return { samples, sampleRateHz: signal.sampleRateHz };
}

/** Scales in place to a peak of `level`; a silent signal stays silent. */
export function normalise(samples: Float32Array, level: number): Float32Array {
  const { peak } = activity(samples);
  if (peak > 0) for (let i = 0; i < samples.length; i++) samples[i]! *= level / peak;
  return samples;
}

/** Peak, and mean square from the first to the last sample above a tenth of it. */
function activity(samples: Float32Array): { peak: number; power: number } {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  const loud = (sample: number): boolean => Math.abs(sample) > peak / 10;
  const from = samples.findIndex(loud);
  const to = samples.findLastIndex(loud);
  let sum = 0;
  for (let i = Math.max(0, from); i <= to; i++) sum += samples[i]! * samples[i]!;
  return { peak, power: to >= from && from >= 0 ? sum / (to - from + 1) : 0 };
}

/** Taps each side of the decimation filter, in output samples: stop band below -70 dB with a Blackman window. */
const HALF_TAPS = 12;

/**
 * Every `factor`-th sample of `fine`, behind a windowed-sinc low-pass at 0.45 of the new rate: what an audio converter
 * does before it samples. Output sample n lies at input sample n * factor.
 */
export function decimate(fine: Float32Array, factor: number): Float32Array {
  if (factor === 1) return fine;
  const half = HALF_TAPS * factor;
  const taps = new Float64Array(2 * half + 1);
  let sum = 0;
  for (let i = -half; i <= half; i++) {
    const x = (0.9 * i) / factor;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const phase = (Math.PI * (i + half)) / half;
    taps[i + half] = sinc * (0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase));
    sum += taps[i + half]!;
  }
  const out = new Float32Array(Math.floor(fine.length / factor));
  for (let n = 0; n < out.length; n++) {
    let value = 0;
    const centre = n * factor;
    const to = Math.min(half, fine.length - 1 - centre);
    for (let i = Math.max(-half, -centre); i <= to; i++) value += taps[i + half]! * fine[centre + i]!;
    out[n] = value / sum;
  }
  return out;
}

/** @throws {@link PosError} `BAD_ARGUMENT` unless the rate is one that a recording can have, 4 to 768 kHz. */
export function checkRate(sampleRateHz: number): void {
  if (!(sampleRateHz >= 4000 && sampleRateHz <= 768_000)) {
    throw new PosError("BAD_ARGUMENT", `A sample rate of ${sampleRateHz} Hz; 4,000 to 768,000 are taken`);
  }
}
