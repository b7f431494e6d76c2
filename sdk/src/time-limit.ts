// A time in which something may be waited for, as a signal beside the caller's own. Not `AbortSignal.any([signal, AbortSignal.timeout(ms)])`: in Node 20
// nothing but `any` holds that time-out, and weakly: a garbage collection takes it away, and the wait has no end; and engines of phones have no `any`.

/** Has `controller` abort when `signal` does, as long as that. @returns what ends it, as the signal may outlive who waits */
export function follow(controller: AbortController, signal: AbortSignal | undefined): () => void {
  const given = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", given);
  if (signal?.aborted) given();
  return () => signal?.removeEventListener("abort", given);
}

/** Runs `run` with a signal that aborts with `signal`, or `ms` after now. The timer is gone once `run` has ended. */
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal | undefined,
  run: (over: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new DOMException("its time is over", "TimeoutError")), ms);
  const unfollow = follow(over, signal);
  try {
    return await run(over.signal);
  } finally {
    clearTimeout(timer);
    unfollow();
  }
}
