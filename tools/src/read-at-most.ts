// A file's beginning: a device has no end, and whoever names one by mistake must not wait for it.

import { fileChunks } from "@enabling-card/pos-sim";

/** The first `limit` octets of a file, or of what comes as it does, fewer where it ends before. @throws what the system says; an AbortError */
export async function readAtMost(
  file: string | AsyncIterable<Uint8Array>,
  limit: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of typeof file === "string" ? fileChunks(file, signal) : file) {
    parts.push(part);
    size += part.length;
    if (size >= limit) break;
  }
  return Buffer.concat(parts).subarray(0, limit);
}
