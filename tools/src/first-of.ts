// One signal of several, for what runs as long as the command does. Not `AbortSignal.any`: what it makes may be collected where a listener alone knows of
// it, and then nothing ends the command.

/** Aborts with the first of `signals`, for its reason; listens to none of them from then on. */
export function firstOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const first = new AbortController();
  for (const signal of signals) {
    const end = () => first.abort(signal?.reason);
    signal?.addEventListener("abort", end, { signal: first.signal });
    if (signal?.aborted) end();
  }
  return first.signal;
}
