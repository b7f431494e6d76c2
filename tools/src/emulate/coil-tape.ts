// What a head beside the coil of a running card hears, without end and in the card's own time: silence, and each pass when the card has
// sent it. A pass is known when it is over; so all is heard a little later than it was sent, by the same time.

import { setTimeout } from "node:timers/promises";
import type { EmulatedCard, Pass, TraceEvent } from "@enabling-card/emulator";
import { coilSignal } from "@enabling-card/pos-sim";
import type { TapeSink } from "./tape-sink.js";

export const TAPE_RATE_HZ = 48_000;

/** Between a pass and its sound, ms: longer than passes are. One that is longer still is heard when it is known. */
const LATER_MS = 1_000;
/** Silence that the model of the coil puts around a pass, ms. */
const MARGIN_MS = 30;
/** One piece of tape, ms. */
const PIECE_MS = 20;
/** Passes that wait for their time, at most: whoever takes the tape has stopped, and misses what comes. */
const WAITING_MAX = 64;

interface Waiting {
  /** Sample of the tape where it begins. */
  readonly at: number;
  readonly samples: Float32Array;
}

/** Pieces of tape as the wall clock goes, until `signal`. A taker who was slow gets what was missed, all of it, as fast as it can. */
export async function* coilTape(card: EmulatedCard, signal: AbortSignal): AsyncGenerator<Float32Array> {
  const startedMs = performance.now();
  let waiting: Waiting[] = [];
  /** The card's clock to ours; the quickest of all events is the truest. */
  let aheadMs = Number.POSITIVE_INFINITY;
  let done = 0;
  const stop = card.trace.subscribe((event: TraceEvent) => {
    aheadMs = Math.min(aheadMs, performance.now() - startedMs - event.atNs / 1e6);
    if (event.kind !== "pass") return;
    const emission = card.coil.emission();
    const pass = emission?.passes.at(-1);
    if (emission === undefined || pass === undefined || waiting.length >= WAITING_MAX) return;
    const heardMs = aheadMs + (emission.startNs + pass.startNs) / 1e6 - MARGIN_MS + LATER_MS;
    waiting.push({ at: Math.max(done, samplesIn(heardMs)), samples: heard(pass) });
  });
  try {
    while (!signal.aborted) {
      const due = samplesIn(performance.now() - startedMs) - done;
      if (due < samplesIn(PIECE_MS)) {
        await setTimeout(PIECE_MS, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const piece = new Float32Array(samplesIn(PIECE_MS));
      for (const { at, samples } of waiting) {
        for (let i = Math.max(0, at - done); i < piece.length && done + i - at < samples.length; i++) {
          piece[i]! += samples[done + i - at]!;
        }
      }
      done += piece.length;
      waiting = waiting.filter(({ at, samples }) => at + samples.length > done);
      yield piece;
    }
  } finally {
    stop();
  }
}

/** Writes the tape until `signal`, or until nobody takes it any more. @throws what the sink says */
export async function playTape(card: EmulatedCard, sink: TapeSink, signal: AbortSignal): Promise<void> {
  try {
    for await (const piece of coilTape(card, signal)) await untilAborted(sink.write(piece), signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}

const samplesIn = (ms: number): number => Math.round((ms * TAPE_RATE_HZ) / 1000);

function heard({ edgesNs, startNs, endNs }: Pass): Float32Array {
  const emission = { edgesNs: edgesNs.map((edge) => edge - startNs), durationNs: endNs - startNs };
  return coilSignal(emission, { sampleRateHz: TAPE_RATE_HZ, marginMs: MARGIN_MS }).samples;
}

/** A taker who has stopped is not waited for once the tape is over. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = () => resolve();
    signal.addEventListener("abort", over, { once: true });
    if (signal.aborted) over();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", over));
  });
}
