// Files of images and of their keys: read whole or not at all.

import { rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CommandError, EXIT } from "../exit-codes.js";
import { makeFolder } from "../make-folder.js";
import { readAtMost } from "../read-at-most.js";

/** Longest file read, octets: an ELF file with all that a debugger wants has one to two million. */
const FILE_MAX = 1 << 24;

/** @throws {CommandError} `IMAGE_UNREADABLE` where there is no such file, or it is far too long for a card. */
export async function readImageFile(file: string, signal: AbortSignal): Promise<Uint8Array> {
  const fail = (why: string, cause?: unknown) =>
    new CommandError("IMAGE_UNREADABLE", `The file ${file} cannot be read: ${why}`, EXIT.usage, { cause });
  const octets = await readAtMost(file, FILE_MAX + 1, signal).catch((cause: NodeJS.ErrnoException) => {
    if (signal.aborted) throw cause;
    throw fail(cause.code === "ENOENT" ? "there is no such file" : String(cause.code), cause);
  });
  if (octets.length > FILE_MAX) throw fail(`it has more than ${FILE_MAX} octets`);
  return Uint8Array.from(octets);
}

/** Writes the two files of a key, the private one for its owner alone. @throws {CommandError} `KEY_EXISTS`, and neither is written */
export async function writeKeyFiles(file: string, privatePem: string, publicPem: string): Promise<string> {
  const publicFile = `${file.replace(/\.pem$/, "")}.pub.pem`;
  await makeFolder(dirname(file), 0o700);
  await writeNew(publicFile, publicPem, 0o644);
  try {
    await writeNew(file, privatePem, 0o600);
  } catch (error) {
    await rm(publicFile, { force: true });
    throw error;
  }
  return publicFile;
}

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  await writeFile(file, text, { mode, flag: "wx" }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw cause;
    const sentence = `There is ${file} already, and a key that is lost is lost: choose another --out`;
    throw new CommandError("KEY_EXISTS", sentence, EXIT.failed, { cause });
  });
}
