// Reads a recording beside the page, which stays awake: progress, and what was read.

import { PosError, readWavFile } from "@enabling-card/pos-sim/recordings";
import type { Decoded, FromDecoder } from "./decode.js";

const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: Blob }) => void;
  postMessage(message: FromDecoder): void;
};

scope.onmessage = ({ data: file }) => {
  void decoded(file).then((result) => scope.postMessage(result));
};

async function decoded(file: Blob): Promise<Decoded> {
  try {
    const { reads, candidates, failed, diagnosis, durationS } = await readWavFile(piecesOf(file), {
      ...{ measures: true, pictured: PICTURED },
      onProgress: (seconds, of) => scope.postMessage({ kind: "progress", seconds, ...(of !== undefined && { of }) }),
    });
    return { kind: "decoded", reads, candidates, failed, diagnosis, durationS };
  } catch (error) {
    const [code, sentence] =
      error instanceof PosError
        ? [error.code, error.message]
        : ["FAILED", "The file could not be read: choose it again"];
    return { kind: "refused", code, sentence };
  }
}

/** Reads whose samples are shown, at most. */
const PICTURED = 20;

async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
