// Which stores were made in a folder: a file of one that is gone later is not made anew, as if what it held had never been.

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SqlError } from "./port.js";

/** A line for each. */
const LIST = "stores";

/** @param names - Of the stores that are to be opened; each is a file of SQLite. @throws {SqlError} `STORE_GONE` */
export function expectStores(folder: string, names: readonly string[]): void {
  const gone = madeIn(folder).find((name) => names.includes(name) && !existsSync(fileOf(folder, name)));
  if (gone !== undefined) throw new SqlError("STORE_GONE", { detail: fileOf(folder, gone) });
}

/** To be called when all of them are open: until then a network is begun, and may be begun again. */
export function storesMade(folder: string, names: readonly string[]): void {
  const made = madeIn(folder);
  const more = names.filter((name) => !made.includes(name));
  if (more.length > 0) appendFileSync(join(folder, LIST), more.map((name) => `${name}\n`).join(""), { mode: 0o600 });
}

function madeIn(folder: string): readonly string[] {
  const list = join(folder, LIST);
  return existsSync(list) ? readFileSync(list, "utf8").split("\n") : [];
}

function fileOf(folder: string, name: string): string {
  return join(folder, `${name}.sqlite`);
}
