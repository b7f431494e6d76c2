// A file's beginning: a device has no end, and whoever names one by mistake must not wait for it.

import { open } from "node:fs/promises";

/** The first `limit` octets of a file, fewer where it ends before. @throws what the system says */
export async function readAtMost(file: string, limit: number): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const buffer = Buffer.alloc(limit);
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, size, limit - size, null);
      size += bytesRead;
      if (bytesRead === 0 || size === limit) return buffer.subarray(0, size);
    }
  } finally {
    await handle.close();
  }
}
