// A file of secrets, for Node: written to a new file, then moved over the old one, readable by its owner alone.

import { open, readFile, rename } from "node:fs/promises";

/** Its text; undefined where there is no such file. */
export async function readOwners(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Resolves once the text would survive the machine. */
export async function writeOwners(path: string, text: string): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}
