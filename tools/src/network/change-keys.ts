// ecard network keys --rotate, --retire: a folder of keys made of another one, which stays as it is. It is there whole or not at all: killed in between,
// nothing has its name.

import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { KEY_HOLDERS, type KeyHolder, RotationError, retiredKeys, rotatedKeys } from "@enabling-card/network";
import { CommandError, EXIT } from "../exit-codes.js";
import { makeFolder } from "../make-folder.js";
import { writeWhole } from "../write-whole.js";
import { keysIn } from "./start-service.js";

export type Change = { readonly rotate: string } | { readonly retire: string; readonly isEarly: boolean };

/**
 * @param now - Seconds since 1970. @returns the files
 * @throws {CommandError} `KEYS_INVALID`, `KEYS_ROTATING`, `KEYS_NOT_ROTATED`, `KEYS_OVERLAP`, `KEYS_APART`
 */
export async function changeKeys(change: Change, out: string, now: number): Promise<readonly string[]> {
  const from = "rotate" in change ? change.rotate : change.retire;
  const texts = await Promise.all(KEY_HOLDERS.map((service) => keysIn(join(from, `${service}.json`))));
  const files = Object.fromEntries(KEY_HOLDERS.map((service, i) => [service, texts[i]!])) as Record<KeyHolder, string>;
  const changed = refusing(() =>
    "rotate" in change ? rotatedKeys(files, now) : retiredKeys(files, now, change.isEarly),
  );
  if (changed === undefined) {
    throw new CommandError("KEYS_INVALID", `${from} holds no keys of ecard network keys`, EXIT.usage);
  }
  const part = `${out}.part`;
  await rm(part, { recursive: true, force: true });
  await makeFolder(part, 0o700);
  for (const service of KEY_HOLDERS) await writeWhole(join(part, `${service}.json`), changed.written[service], 0o600);
  await writeWhole(join(part, "operator.keys"), changed.seeds, 0o600);
  try {
    await rename(part, out);
  } catch (cause) {
    await rm(part, { recursive: true, force: true });
    throw new CommandError(
      "FOLDER_FAILED",
      `The folder "${out}" cannot be made: choose another one`,
      EXIT.unavailable,
      {
        cause,
      },
    );
  }
  return [...KEY_HOLDERS.map((service) => join(out, `${service}.json`)), join(out, "operator.keys")];
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof RotationError ? new CommandError(cause.code, cause.message, EXIT.usage, { cause }) : cause;
  }
}
