// Where the public vectors are: VECTORS_DIR, or ../shared/vectors beside the project. Their absence is the one permitted skip.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
/** How often a test was let off for want of vectors: the only skips that CI permits (no-skips.ts). */
export const letOff = { times: 0 };
const DIR = process.env.VECTORS_DIR ?? join(ROOT, "../shared/vectors");

/** The folder `name` of the vectors; skips the test, with one line, where the project was cloned alone. */
export function vectorsOrSkip(context: Mocha.Context, name: string): string {
  const folder = join(DIR, name);
  if (existsSync(folder)) return folder;
  letOff.times++;
  console.log(`    public vectors not found in ${name}: skipped (set VECTORS_DIR)`);
  return context.skip();
}

export function readJson<T>(...path: readonly string[]): T {
  return JSON.parse(readFileSync(join(...path), "utf8")) as T;
}

/** The JSON of one file of the vectors; undefined, with one line said, where the folder is missing. */
export function vectors<T>(file: string): T | undefined {
  if (existsSync(DIR)) return readJson<T>(DIR, file);
  letOff.times++;
  console.log("    public vectors not found: skipped (set VECTORS_DIR)");
  return undefined;
}
