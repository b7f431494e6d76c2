// Runs a program of the microcontroller's builds to its end.
import { spawnSync } from "node:child_process";

/** What it wrote. Throws what it complained of, or that it is missing. */
export function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error) throw new Error(`${program} is missing: npm run build:mcu installs it`);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}\n${stderr}${stdout}`);
  return stdout;
}
