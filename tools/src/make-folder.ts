// Makes a folder and what leads to it, one at a time: Node's own recursive mkdir never returns where the system refuses a folder
// below one that exists (/proc).

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CommandError, EXIT } from "./exit-codes.js";

/** @throws {CommandError} `FOLDER_FAILED` */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const path = resolve(folder);
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent, mode);
  try {
    await mkdir(path, { mode });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return;
    throw new CommandError(
      "FOLDER_FAILED",
      `The folder ${folder} cannot be made: choose another one`,
      EXIT.unavailable,
      { cause },
    );
  }
}
