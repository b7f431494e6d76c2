// A recording's octets as they come, with what may go wrong on the way: a file that cannot be read, a caller who has heard enough.
import { PosError } from "../errors.js";

/** What the file system says becomes an error of ours, and a source that gives nothing ends with the signal. */
export async function* readable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await unlessAborted(source.next(), signal);
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (signal?.aborted) throw cancelled();
    throw unreadable(cause);
  } finally {
    const closed = source.return?.();
    if (signal?.aborted)
      closed?.catch(() => undefined); // it may still wait for its next bytes: not waited for
    else await closed;
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const aborted = () => reject(cancelled());
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

/** What the file system says, as an error of ours. */
export function unreadable(cause: unknown): PosError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const why =
    { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "permission denied" }[code] ?? message;
  return new PosError("WAV_UNREADABLE", `The recording cannot be read: ${why}`, { cause });
}

/** What a caller's signal ends with. */
export const cancelled = (): PosError => new PosError("ABORTED", "Reading was cancelled");
