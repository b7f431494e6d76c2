// Suites that pass once more, in a process of its own, where something beneath them is another.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

/** Test files beside this one, by their paths without `.test.ts`: all pass, none is left out, and there are more than so many. */
export function expectSuites(paths: readonly string[], env: Readonly<Record<string, string>>, testsMin: number): void {
  const files = paths.map((path) => fileURLToPath(new URL(`${path}.test.ts`, import.meta.url)));
  const args = ["--no-config", "--import=tsx", "--exit", "--timeout=60000", "--reporter=json", ...files];
  const { stdout, stderr } = spawnSync("npx", ["mocha", ...args], {
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
    timeout: 900_000, // of a machine that is slow, or has other work
  });
  expect(stdout, stderr).to.contain("{");
  const { stats, failures } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
    stats: { passes: number; pending: number };
    failures: { fullTitle: string; err: { message: string } }[];
  };
  expect(failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message}`)).to.deep.equal([]);
  expect(stats.pending).to.equal(0);
  expect(stats.passes).to.be.greaterThan(testsMin);
}
