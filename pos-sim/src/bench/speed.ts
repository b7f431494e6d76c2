// How fast the reader is on one thread, in samples a second. Figures for `ecard bench`; no test depends on the clock.
import { setImmediate } from "node:timers/promises";
import { PosError } from "../errors.js";
import { Reader } from "../reader/reader.js";
import { normal } from "../signal/random.js";
import type { Conditions } from "../synth/conditions.js";
import { SOUNDS, sound } from "../synth/sounds.js";
import { synthesise } from "../synth/synth.js";

export interface ReaderBench {
  /** What is listened to: swipes with pauses between them, or what has none. */
  readonly kind: string;
  readonly samples: number;
  readonly reads: number;
  readonly samplesPerSecond: number;
  /** Samples a second that are asked for, where there are any. */
  readonly asked?: number;
}

export interface BenchReaderOptions {
  /** Ends it between two pieces. */
  readonly signal?: AbortSignal;
  /** Hears piece by piece how many seconds of how many were read. */
  readonly onProgress?: (kind: string, seconds: number, ofSeconds: number) => void;
}

/** Recordings of one kind, made one after the other: the n-th piece. */
interface Kind {
  readonly kind: string;
  readonly asked?: number;
  readonly piece: (n: number) => Float32Array;
}

const RATE = 48_000;
/** Between two swipes: a quick hand's. */
const PAUSE_S = 0.2;
/** Of each kind, what other readers hear before anything is timed, at most as long: the engine warms up. */
const WARM_S = 10;
/** Of a sound, at a time. */
const SOUND_S = 2;

const KINDS: readonly Kind[] = [
  { kind: "silence", asked: 5e6, piece: () => new Float32Array(SOUND_S * RATE) },
  swipes("clean swipes", 20e6, {}),
  swipes("swipes, 20 dB", undefined, { snrDb: 20 }),
  swipes("swipes, 3 dB", 1e6, { snrDb: 3 }),
  swipes("swipes, -1 dB", 0.2e6, { snrDb: -1 }),
  swipes("swipes, -3 dB", 0.2e6, { snrDb: -3 }),
  swipes("swipes, 6 % jitter", 0.2e6, { snrDb: 30, jitter: { normal: 0.06 } }),
  swipes("swipes, 15 % jitter", 0.2e6, { snrDb: 30, jitter: { normal: 0.15 } }),
  ...SOUNDS.map((kind): Kind => ({ kind, asked: 5e6, piece: (n) => sound(kind, n, SOUND_S, RATE) })),
];

/** Swipes of track 2 in cells of 300 us, and pauses of the same noise. */
function swipes(kind: string, asked: number | undefined, conditions: Conditions): Kind {
  const piece = (n: number): Float32Array => {
    const { samples, sigma } = synthesise(n, conditions);
    const next = normal(n);
    const all = new Float32Array(samples.length + PAUSE_S * RATE);
    all.set(samples);
    if (sigma > 0) for (let i = samples.length; i < all.length; i++) all[i] = sigma * next();
    return all;
  };
  return { kind, piece, ...(asked !== undefined && { asked }) };
}

/**
 * Reads `seconds` of each kind with one reader, warm, to its end. Making the signals is not timed.
 *
 * @throws {@link PosError} `ABORTED`
 */
export async function* benchReader(seconds = 100, options: BenchReaderOptions = {}): AsyncGenerator<ReaderBench> {
  const { signal, onProgress } = options;
  for (const { piece } of KINDS) {
    const warm = new Reader(RATE);
    for (let [n, heard] = [1, 0]; heard < Math.min(WARM_S, seconds) * RATE; n++) {
      const part = piece(-n);
      warm.push(part);
      heard += part.length;
      await pause(signal);
    }
    warm.finish();
  }
  for (const { kind, asked, piece } of KINDS) {
    const reader = new Reader(RATE, { live: true });
    let [samples, reads, tookMs] = [0, 0, 0];
    const timed = (hear: () => number): void => {
      const started = performance.now();
      reads += hear();
      tookMs += performance.now() - started;
    };
    for (let n = 1; samples < seconds * RATE; n++) {
      const part = piece(n);
      timed(() => reader.push(part).length);
      samples += part.length;
      onProgress?.(kind, Math.min(seconds, samples / RATE), seconds);
      await pause(signal);
    }
    // What was put off is work too.
    timed(() => reader.finish().reads.length);
    yield {
      kind,
      samples,
      reads,
      samplesPerSecond: Math.round((samples / tookMs) * 1000),
      ...(asked !== undefined && { asked }),
    };
  }
}

/** @throws {@link PosError} `ABORTED` */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw new PosError("ABORTED", "Measuring was cancelled");
}
