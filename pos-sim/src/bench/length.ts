// What the length of a recording costs: time must grow with it, memory must not. Ten seconds of swipes, pauses and hiss, the last swipe deep
// in noise so that the search has its part, are heard again and again as `listen` hears a pipe: no recording is ever held.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PosError } from "../errors.js";
import { listen } from "../reader/listen.js";
import { normal } from "../signal/random.js";
import { swipeSignal } from "../signal/stripe.js";

export interface LengthBench {
  /** Of the recording. */
  readonly seconds: number;
  readonly samples: number;
  readonly reads: number;
  readonly samplesPerSecond: number;
  /** JavaScript's heap, and typed arrays and buffers outside it, after a collection at the recording's end, the readers still there. */
  readonly heapOctets: number;
  readonly externalOctets: number;
  /** Most that the process has had so far, by the system's account. */
  readonly residentOctets: number;
}

export interface LengthOptions {
  /** Lengths in seconds, in this order. */
  readonly lengths?: readonly number[];
  readonly signal?: AbortSignal;
  /** Hears how many seconds of how many were read, of one length. */
  readonly onProgress?: (length: string, seconds: number, ofSeconds: number) => void;
}

export const LENGTHS: readonly number[] = [1, 10, 60, 600, 3600];

const RATE = 44_100;
const LOOP_S = 10;
/** Octets at a time: a pipe's. */
const CHUNK = 1 << 16;

/**
 * One row a length, as they are done.
 *
 * @throws {@link PosError} `ABORTED`
 */
export async function* benchLength(options: LengthOptions = {}): AsyncGenerator<LengthBench> {
  const { lengths = LENGTHS, signal, onProgress } = options;
  const loop = tenSeconds();
  const collect = collector();
  for (const seconds of lengths) {
    const samples = Math.round(seconds * RATE);
    const source = repeated(loop, 2 * samples, (done) => onProgress?.(`${seconds} s`, done / 2 / RATE, seconds));
    const started = performance.now();
    for await (const heard of listen(source, { format: "s16le", sampleRateHz: RATE, ...(signal && { signal }) })) {
      if (signal?.aborted) throw new PosError("ABORTED", "Measuring was cancelled");
      if (heard.kind !== "end") continue;
      const tookMs = performance.now() - started;
      await collect();
      const { heapUsed, external } = process.memoryUsage();
      yield {
        seconds,
        samples,
        reads: heard.reads,
        samplesPerSecond: Math.round((samples / tookMs) * 1000),
        heapOctets: heapUsed,
        externalOctets: external,
        residentOctets: process.resourceUsage().maxRSS * 1024,
      };
    }
  }
}

/** The octets of 16-bit samples. */
function tenSeconds(): Uint8Array {
  const samples = new Float32Array(LOOP_S * RATE);
  const next = normal(1);
  for (let i = 0; i < samples.length; i++) samples[i] = 0.01 * next();
  const swipes = [
    swipeSignal({ track: 2, text: ";9999991234567893=30121011777700000042?", ips: 20, sampleRateHz: RATE }),
    swipeSignal({ track: 1, text: "%B9999991234567893^EXAMPLE/ALEX^30121011777?", ips: 12, sampleRateHz: RATE }),
    swipeSignal({ track: 2, text: ";9999991234567893=30121011777700000042?", ips: 8, sampleRateHz: RATE }),
  ];
  for (const [i, swipe] of swipes.entries()) {
    const noise = i === 2 ? 0.15 : 0;
    const at = Math.round((0.1 + 3 * i) * RATE);
    for (let k = 0; k < swipe.samples.length; k++) samples[at + k]! += 0.5 * swipe.samples[k]! + noise * next();
  }
  const octets = new Uint8Array(2 * samples.length);
  const view = new DataView(octets.buffer);
  for (let i = 0; i < samples.length; i++) view.setInt16(2 * i, Math.round(samples[i]! * 0x7fff), true);
  return octets;
}

async function* repeated(
  loop: Uint8Array,
  octets: number,
  onDone: (octets: number) => void,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < octets; ) {
    const at = done % loop.length;
    const chunk = loop.subarray(at, Math.min(at + CHUNK, loop.length, at + octets - done));
    yield chunk;
    done += chunk.length;
    onDone(done);
    // Signals and timers have their turn, as with a pipe.
    await new Promise(setImmediate);
  }
}

/** The engine's own collector, which it shows only when asked. */
function collector(): () => Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  return async () => {
    // Arrays that the first finds are given back beside it.
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
}
