// stdout and stderr of the program itself, either of which may go away under it. A reader that has seen enough (head) ends no command
// half-way: what is said from then on goes nowhere, and the exit code stays true.

import type { Streams } from "./output.js";

export interface ProgramStreams extends Streams {
  /** Fires when nobody takes stdout any more: what only stays to tell more may end. */
  readonly unheard: AbortSignal;
}

/** @param onFault - Told once of a stdout that fails otherwise than by its reader's leaving: a full disk. */
export function programStreams(
  onFault: (error: NodeJS.ErrnoException) => void,
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): ProgramStreams {
  const gone = new AbortController();
  let deaf = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (gone.signal.aborted) return;
    gone.abort();
    if (error.code !== "EPIPE") onFault(error);
  });
  stderr.on("error", () => {
    deaf = true; // there is no third place to say so
  });
  const sink = (stream: NodeJS.WriteStream, muted: () => boolean) => ({
    write: (data: string | Uint8Array, done?: (error?: Error | null) => void) => {
      if (!muted()) return stream.write(data, done);
      done?.();
      return true;
    },
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
  });
  return {
    stdout: sink(stdout, () => gone.signal.aborted),
    stderr: sink(stderr, () => deaf),
    unheard: gone.signal,
  };
}
