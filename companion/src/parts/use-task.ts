// One thing that is being done: whether it still is, and what went wrong with it.

import { useEffect, useRef, useState } from "preact/hooks";
import { sentenceOf } from "./sentence.js";

export interface Task {
  readonly isBusy: boolean;
  readonly problem: string | undefined;
  /** Begins `work`, unless something is being done. */
  readonly start: (work: (signal: AbortSignal) => Promise<void>) => void;
  readonly cancel: () => void;
}

/** Cancelled where its page is left. */
export function useTask(): Task {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const abort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  return {
    isBusy,
    problem,
    start: (work) => {
      if (abort.current !== undefined) return;
      const own = new AbortController();
      abort.current = own;
      setBusy(true);
      setProblem(undefined);
      work(own.signal)
        .catch((error: unknown) => setProblem(own.signal.aborted ? "It was cancelled" : sentenceOf(error)))
        .finally(() => {
          abort.current = undefined;
          setBusy(false);
        });
    },
    cancel: () => abort.current?.abort(),
  };
}
