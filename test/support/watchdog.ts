// A test that blocks its thread is out of reach of the runner's own time limits, and would hold up a whole run without a word. Another thread watches it:
// it says which test it was, and ends the process, which the runner then tells as a failure.

import { Worker } from "node:worker_threads";

/** What a test has beyond its own limit, and all that runs between two tests. */
const GRACE_MS = Number(process.env.ECARD_TEST_GRACE_MS ?? 300_000);

const THREAD = `
const { parentPort } = require("node:worker_threads");
const { writeSync } = require("node:fs");
let bite;
parentPort.on("message", (watched) => {
  clearTimeout(bite);
  if (watched === undefined) return;
  bite = setTimeout(() => {
    writeSync(2, "\\nBlocked, and ended: " + watched.what + "\\n");
    process.kill(process.pid, "SIGKILL");
  }, watched.limitMs);
});
`;

let thread: Worker | undefined;

function watch(watched?: { readonly what: string; readonly limitMs: number }): void {
  if (thread === undefined) {
    thread = new Worker(THREAD, { eval: true, execArgv: [] });
    thread.unref();
  }
  thread.postMessage(watched);
}

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const test = this.currentTest!;
    watch({ what: `${test.file}: ${test.fullTitle()}`, limitMs: test.timeout() + GRACE_MS });
  },
  afterEach(this: Mocha.Context): void {
    const test = this.currentTest!;
    watch({ what: `${test.file}, behind: ${test.fullTitle()}`, limitMs: GRACE_MS });
  },
  afterAll(): void {
    watch();
  },
};
