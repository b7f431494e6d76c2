// Runs a program of the microcontroller's builds to its end.
import { execFile, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** What it wrote. Throws what it complained of, or that it is missing. */
export function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error) throw new Error(`${program} is missing: npm run build:mcu installs it`);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}\n${stderr}${stdout}`);
  return stdout;
}

const waiting = [];
let running = 0;

/** The same beside others, as many at a time as there are processors. Resolves with what it wrote. */
export async function runBeside(program, args) {
  if (running >= availableParallelism()) await new Promise((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await new Promise((resolve, reject) => {
      execFile(program, args, (error, stdout, stderr) => {
        if (error?.code === "ENOENT") reject(new Error(`${program} is missing: npm run build:mcu installs it`));
        else if (error) reject(new Error(`${program} ${args.join(" ")}\n${stderr}${stdout}`));
        else resolve(stdout);
      });
    });
  } finally {
    // Whoever waits takes this one's place.
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
