// Makes a folder and what leads to it, one at a time: Node's own recursive mkdir never returns where the system refuses a folder
// below one that exists (/proc).

import { statSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CommandError, EXIT } from "./exit-codes.js";

/** Says at once what makeFolder would say later. @throws {CommandError} `FOLDER_FAILED` where a file stands in the way, or no name is given. */
export function checkFolder(folder: string): void {
  if (folder === "") throw failed(folder);
  for (let path = resolve(folder); !isFolder(path, folder); path = dirname(path));
}

/** @returns those that it made, what leads to it among them. @throws {CommandError} `FOLDER_FAILED` */
export async function makeFolder(folder: string, mode = 0o777): Promise<readonly string[]> {
  const path = resolve(folder);
  if (isFolder(path, folder)) return [];
  const parent = dirname(path);
  const made = parent === path ? [] : await makeFolder(parent, mode);
  try {
    await mkdir(path, { mode });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return made;
    throw failed(folder, cause);
  }
  return [...made, path];
}

/** What `work` gives, in a folder that is made for it; where it fails, no folder is left that is empty. @throws {CommandError} `FOLDER_FAILED` */
export async function inFolder<T>(folder: string, mode: number, work: () => T | Promise<T>): Promise<T> {
  const made = await makeFolder(folder, mode);
  try {
    return await work();
  } catch (error) {
    for (const path of made.toReversed()) await rmdir(path).catch(() => undefined);
    throw error;
  }
}

function isFolder(path: string, wanted: string): boolean {
  try {
    if (statSync(path).isDirectory()) return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw failed(wanted, cause);
  }
  throw failed(wanted);
}

function failed(folder: string, cause?: unknown): CommandError {
  const sentence = `The folder "${folder}" cannot be made: choose another one`;
  return new CommandError("FOLDER_FAILED", sentence, EXIT.unavailable, { cause });
}
