// Which stores were made in a folder: one whose file is gone later, or has no tables, is not made anew, as if what it held had never been.

import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { SqlError } from "./port.js";

/** A line for each. */
const LIST = "stores";

/** @param names - Of the stores that are to be opened; each is a file of SQLite. @throws {SqlError} `STORE_GONE` */
export function expectStores(folder: string, names: readonly string[]): void {
  const gone = storesMadeIn(folder).find((name) => names.includes(name) && isGone(storeFile(folder, name)));
  if (gone !== undefined) throw new SqlError("STORE_GONE", { detail: storeFile(folder, gone) });
}

/** To be called when all of them are open: until then a network is begun, and may be begun again. */
export function storesMade(folder: string, names: readonly string[]): void {
  const made = storesMadeIn(folder);
  const more = names.filter((name) => !made.includes(name));
  if (more.length > 0) appendFileSync(join(folder, LIST), more.map((name) => `${name}\n`).join(""), { mode: 0o600 });
}

/** The last one takes the list with it. */
export function storesForgotten(folder: string, names: readonly string[]): void {
  const [list, left] = [join(folder, LIST), storesMadeIn(folder).filter((name) => !names.includes(name))];
  if (left.length === 0) rmSync(list, { force: true });
  else writeFileSync(list, left.map((name) => `${name}\n`).join(""));
}

/** None where nobody has said so: of a network that is begun, and of one from before there were lists. */
export function storesMadeIn(folder: string): readonly string[] {
  const list = join(folder, LIST);
  return existsSync(list) ? readFileSync(list, "utf8").split("\n").filter(Boolean) : [];
}

export function storeFile(folder: string, name: string): string {
  return join(folder, `${name}.sqlite`);
}

/** A file that was cut, and one that lost its journal before anything of that was in it, are as new. What is no store at all says so when it is opened. */
function isGone(file: string): boolean {
  // Of a file without an octet SQLite removes the journal: that is not ours to lose.
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return true;
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true, timeout: 0 });
    return db.prepare("SELECT 1 FROM sqlite_master LIMIT 1").get() === undefined;
  } catch {
    return false;
  } finally {
    db?.close();
  }
}
