// Programs of others that tests compare with. Tests install nothing: what is missing is skipped with one line, or, with CI=true, a
// failure.

import { spawnSync } from "node:child_process";

/** Ends the test here where `program` (of Debian's package `debian`) is missing. */
export function needs(context: Mocha.Context, program: string, debian = program): void {
  if (spawnSync(program, ["--version"]).error === undefined) return;
  const line = `${program} is not here: apt-get install --no-install-recommends ${debian}`;
  if (process.env.CI === "true") throw new Error(line);
  console.log(`    skipped: ${line}`);
  context.skip();
}
