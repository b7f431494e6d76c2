// A time in which something may be waited for, as a signal beside the caller's own. Not `AbortSignal.any([signal, AbortSignal.timeout(ms)])`: in Node 20
// nothing but `any` holds that time-out, and weakly: a garbage collection takes it away, and the wait has no end.

/** Runs `run` with a signal that aborts with `signal`, or `ms` after now. The timer is gone once `run` has ended. */
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal | undefined,
  run: (over: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const given = () => over.abort(signal?.reason);
  const timer = setTimeout(() => over.abort(new DOMException("its time is over", "TimeoutError")), ms);
  signal?.addEventListener("abort", given);
  if (signal?.aborted) given();
  try {
    return await run(over.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", given);
  }
}
