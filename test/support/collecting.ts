// Garbage collections while something runs: what is held weakly alone goes.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const EVERY_MS = 5;

/** Collects every few milliseconds until `run` has ended. */
export async function collecting<T>(run: () => Promise<T>): Promise<T> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const timer = setInterval(collect, EVERY_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}
