// A file that is written whole or not at all: who reads it meanwhile finds the old one, or the new one.

import { rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "./make-folder.js";

/** Its folder too, where there is none. @param mode - Whoever may do what with the new file. */
export async function writeWhole(file: string, content: Uint8Array | string, mode = 0o666): Promise<void> {
  await makeFolder(dirname(file));
  const part = `${file}.part`;
  try {
    await rm(part, { force: true }); // its mode would stay
    await writeFile(part, content, { mode, flag: "wx" });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
