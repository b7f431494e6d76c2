// A bar for work that takes a while: on a terminal, on stderr, only once the work has lasted half a second, gone when it is over.

import { SingleBar } from "cli-progress";
import type { Output } from "./output.js";

const PATIENCE_MS = 500;
const FORMAT = "{name} [{bar}] {value}/{total} {unit}";
const LEFT = ", {eta_formatted} left";

export interface Progress {
  /** `total` undefined where nobody knows it: then no bar is drawn. */
  update(name: string, value: number, total: number | undefined, unit?: string): void;
  stop(): void;
}

/**
 * @param unit What is counted, as it stands behind the numbers.
 * @param options `tellsLeft`: says how much time is left, by how fast it came along; false where whoever knows better says it in `unit`.
 */
export function progressBar(output: Output, unit: string, { tellsLeft = true } = {}): Progress {
  const started = performance.now();
  let bar: SingleBar | undefined;
  return {
    update(name, value, total, counted = unit) {
      if (!output.interactive || total === undefined || performance.now() - started < PATIENCE_MS) return;
      if (bar === undefined) {
        const format = tellsLeft ? `${FORMAT}${LEFT}` : FORMAT;
        bar = new SingleBar({ format, clearOnComplete: true, hideCursor: true, stream: process.stderr });
        bar.start(Math.ceil(total), 0, { name, unit: counted });
      }
      bar.setTotal(Math.ceil(total));
      bar.update(Math.floor(value), { name, unit: counted });
    },
    stop() {
      bar?.stop();
      bar = undefined; // the next piece of work has a bar of its own
    },
  };
}
