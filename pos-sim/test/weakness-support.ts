// Signals from conditions, and what is said of them: for the tests of weaknesses.
import { type Conditions, readSamples, type SignalMeasures, synthesise, type Weakness } from "../src/index.js";

export const RATE = 48_000;

export function signalOf(samples: Float32Array): SignalMeasures {
  const { reads, diagnosis } = readSamples(samples, RATE, { measures: true });
  return (reads[0]?.signal ?? diagnosis?.signal)!;
}
export const weaknesses = (samples: Float32Array): readonly Weakness[] => signalOf(samples).weaknesses;
export const codes = (samples: Float32Array): readonly string[] => weaknesses(samples).map(({ code }) => code);
export const made = (conditions: Conditions, seed = 1): Float32Array => synthesise(seed, conditions).samples;

/** Cells from the first zero on keep a share of their height; noise stays. */
export function weakened(seed: number, from: number, cells: number, share: number): Float32Array {
  const { samples, passes } = synthesise(seed);
  const noisy = synthesise(seed, { snrDb: 40 }).samples;
  const { bounds } = passes[0]!;
  return noisy.map((sample, n) =>
    n >= bounds[from]! && n < (bounds[from + cells] ?? Number.POSITIVE_INFINITY)
      ? sample - (1 - share) * samples[n]!
      : sample,
  );
}
