// A recording that somebody dropped, read in a worker.

import type { Candidate, Diagnosis, FailedSwipe, Read } from "@enabling-card/pos-sim/recordings";

export interface DecodedFile {
  readonly kind: "decoded";
  readonly reads: readonly Read[];
  readonly candidates: readonly Candidate[];
  readonly failed: readonly FailedSwipe[];
  readonly diagnosis: (Omit<Diagnosis, "code"> & { readonly code: string }) | null;
  readonly durationS: number;
}

export type Decoded = DecodedFile | { readonly kind: "refused"; readonly code: string; readonly sentence: string };
export type FromDecoder = Decoded | { readonly kind: "progress"; readonly seconds: number; readonly of?: number };

/** Resolves to what was read, or why it was not. */
export function decode(
  file: Blob,
  onProgress: (seconds: number, of: number | undefined) => void,
  signal: AbortSignal,
): Promise<Decoded> {
  const worker = new Worker(new URL("./decode-worker.ts", import.meta.url), { type: "module" });
  return new Promise<Decoded>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")), { once: true });
    worker.onmessage = ({ data }: MessageEvent<FromDecoder>) => {
      if (data.kind === "progress") onProgress(data.seconds, data.of);
      else resolve(data);
    };
    worker.onerror = () =>
      resolve({ kind: "refused", code: "FAILED", sentence: "The reader stopped: load the page again" });
    worker.postMessage(file);
  }).finally(() => worker.terminate());
}
