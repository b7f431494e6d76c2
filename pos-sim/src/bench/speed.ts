// How fast the reader is on one thread, in samples a second. Figures for `ecard bench`; no test depends on the clock.
import { setImmediate } from "node:timers/promises";
import { PosError } from "../errors.js";
import { Reader } from "../reader/reader.js";
import { normal } from "../signal/random.js";
import { swipeSignal } from "../signal/stripe.js";

export interface ReaderBench {
  readonly kind: "silence" | "swipes" | "noise";
  readonly samples: number;
  readonly reads: number;
  readonly samplesPerSecond: number;
}

export interface BenchReaderOptions {
  /** Ends it between two pieces. */
  readonly signal?: AbortSignal;
  /** Hears piece by piece how many seconds of how many were read. */
  readonly onProgress?: (kind: ReaderBench["kind"], seconds: number, ofSeconds: number) => void;
}

const RATE = 44_100;
/** Samples between two looks at the signal: a few milliseconds of reading. */
const PIECE = 8192 * 16;

/**
 * Reads `seconds` of recording at 44.1 kHz of each kind: silence, a track 2 swipe at 20 ips after the other over hiss at
 * -31 dB of their peak, and white noise. Making the signals is not timed, nor is what happens between two pieces.
 *
 * @throws {@link PosError} `ABORTED`
 */
export async function* benchReader(seconds = 300, options: BenchReaderOptions = {}): AsyncGenerator<ReaderBench> {
  const { signal, onProgress } = options;
  const text = ";9999991234567893=30121011777700000042?";
  const swipe = swipeSignal({ track: 2, text, ips: 20, sampleRateHz: RATE }).samples;
  const next = normal(1);
  const total = Math.ceil(seconds * RATE);
  for (const kind of ["silence", "swipes", "noise"] as const) {
    const sigma = { silence: 0, swipes: 0.02, noise: 0.2 }[kind];
    const reader = new Reader(RATE);
    const piece = new Float32Array(PIECE);
    let tookMs = 0;
    for (let done = 0; done < total; done += PIECE) {
      await setImmediate();
      if (signal?.aborted) throw new PosError("ABORTED", "Measuring was cancelled");
      const part = piece.subarray(0, Math.min(PIECE, total - done)).fill(0);
      if (kind === "swipes") for (let i = 0; i < part.length; i++) part[i] = swipe[(done + i) % swipe.length]!;
      if (sigma > 0) for (let i = 0; i < part.length; i++) part[i]! += sigma * next();
      const started = performance.now();
      reader.push(part);
      tookMs += performance.now() - started;
      onProgress?.(kind, (done + part.length) / RATE, seconds);
    }
    const started = performance.now();
    const { reads } = reader.finish();
    tookMs += performance.now() - started;
    yield { kind, samples: total, reads: reads.length, samplesPerSecond: Math.round((total / tookMs) * 1000) };
  }
}
