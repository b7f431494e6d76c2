// How fast the reader is on one thread, in samples a second. Figures for `ecard bench`; no test depends on the clock.
import { readSamples } from "../reader/reader.js";
import { normal } from "../signal/random.js";
import { swipeSignal } from "../signal/stripe.js";

export interface ReaderBench {
  readonly kind: "silence" | "swipes" | "noise";
  readonly samples: number;
  readonly reads: number;
  readonly samplesPerSecond: number;
}

const RATE = 44_100;

/**
 * Reads `seconds` of recording at 44.1 kHz of each kind: silence, a track 2 swipe at 20 ips after the other over hiss at
 * -31 dB of their peak, and white noise. Making the signals is not timed.
 */
export function benchReader(seconds = 300): readonly ReaderBench[] {
  const text = ";9999991234567893=30121011777700000042?";
  const swipe = swipeSignal({ track: 2, text, ips: 20, sampleRateHz: RATE }).samples;
  const next = normal(1);
  return (["silence", "swipes", "noise"] as const).map((kind) => {
    const samples = new Float32Array(Math.ceil(seconds * RATE));
    if (kind === "swipes") {
      for (let at = 0; at + swipe.length <= samples.length; at += swipe.length) samples.set(swipe, at);
    }
    const sigma = { silence: 0, swipes: 0.02, noise: 0.2 }[kind];
    if (sigma > 0) for (let i = 0; i < samples.length; i++) samples[i]! += sigma * next();
    const started = performance.now();
    const { reads } = readSamples(samples, RATE);
    const took = (performance.now() - started) / 1000;
    return { kind, samples: samples.length, reads: reads.length, samplesPerSecond: Math.round(samples.length / took) };
  });
}
