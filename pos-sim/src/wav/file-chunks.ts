// A file's bytes as they come. A named pipe is read without blocking a thread: one that nobody writes to can be left, and the process
// that waited for it can end.
import { constants, createReadStream, openSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { addAbortSignal } from "node:stream";

const CHUNK = 1 << 18;

/** @throws what the system says; an AbortError where `signal` fires. */
export async function* fileChunks(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const stream = (await stat(path)).isFIFO()
    ? new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false })
    : createReadStream(path, { highWaterMark: CHUNK });
  if (signal !== undefined) addAbortSignal(signal, stream);
  yield* stream;
}
