// Where the public test vectors are: VECTORS_DIR, or beside the project.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** The file's JSON; undefined, with one line said, where the folder is missing. */
export function vectors<T>(file: string): T | undefined {
  const folder = process.env.VECTORS_DIR ?? path.join(ROOT, "../shared/vectors");
  if (!existsSync(folder)) {
    console.log("Public test vectors are not here (set VECTORS_DIR): skipped");
    return undefined;
  }
  return JSON.parse(readFileSync(path.join(folder, file), "utf8")) as T;
}
