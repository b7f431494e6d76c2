// A file's beginning: a device has no end, and whoever names one by mistake must not wait for it.

import { fileChunks } from "@enabling-card/pos-sim";

/** The first `limit` octets of a file, fewer where it ends before. @throws what the system says; an AbortError */
export async function readAtMost(file: string, limit: number, signal?: AbortSignal): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of fileChunks(file, signal)) {
    parts.push(part);
    size += part.length;
    if (size >= limit) break;
  }
  return Buffer.concat(parts).subarray(0, limit);
}
