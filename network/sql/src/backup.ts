// Copies of a SQLite store. A copy says that it is one, and is not opened as a store: what happened behind its back must be made up for first
// (`restored` of each service).

import { randomUUID } from "node:crypto";
import { existsSync, linkSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import { ownersOnly } from "./owners-only.js";
import { SqlError } from "./port.js";

/** In the header of a copy (SQLite, PRAGMA application_id): "ecrd". Of a store it is 0. */
export const COPY_ID = 0x65637264;

/** How long a store may be kept from us, ms: nothing else goes on in this process meanwhile. */
const LOCK_WAIT_MS = 200;

/**
 * Copies a store as it is at one moment, while others use it. The copy holds when it was made.
 *
 * @param now - Seconds since 1970.
 * @throws {SqlError} `STORE_DAMAGED` where there is no store, `STORE_UNAVAILABLE` where nobody may read it; Node's own where `to` cannot be written. An existing `to` is left as it is: `EEXIST`
 */
export async function copyStore(from: string, to: string, now: number): Promise<void> {
  if (!existsSync(from)) throw new SqlError("STORE_DAMAGED");
  if (existsSync(to)) throw Object.assign(new Error(`EEXIST: ${to} is there already`), { code: "EEXIST", path: to });
  const db = new Database(from, { fileMustExist: true, timeout: LOCK_WAIT_MS });
  // Under another name until it says that it is a copy: whoever is killed before leaves nothing that would be opened as a store.
  const part = `${to}.${randomUUID()}.part`;
  try {
    ownersOnly(part);
    // In one step: nobody's write begins it anew. Where somebody keeps readers out it ends with nothing.
    const { remainingPages, totalPages } = await db.backup(part, { progress: () => 0x7fff_ffff });
    if (totalPages === 0 || remainingPages > 0) throw new SqlError("STORE_UNAVAILABLE");
    sayCopy(part, now);
    linkSync(part, to); // whoever copies there at the same time is told EEXIST, and takes away nobody's
  } catch (cause) {
    throw coded(cause);
  } finally {
    forget(part);
    db.close();
  }
}

function forget(file: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true });
}

function sayCopy(file: string, now: number): void {
  const copy = new Database(file);
  try {
    copy.exec("CREATE TABLE copied (at INTEGER NOT NULL) STRICT");
    copy.prepare("INSERT INTO copied (at) VALUES (?)").run(now);
    copy.pragma(`application_id = ${COPY_ID}`);
    copy.pragma("journal_mode = DELETE"); // one file, whole
  } finally {
    copy.close();
  }
}

/**
 * Makes a copy a store again. `amend` is called within the transaction that does so, with the time of the copy, and must make up for all that may
 * have happened since.
 *
 * @returns when the copy was made, seconds since 1970
 * @throws {SqlError} `STORE_DAMAGED` where it is no copy
 */
export function restoreStore(file: string, amend: (db: Database.Database, copiedAt: number) => void): number {
  const db = new Database(file, { fileMustExist: true });
  try {
    if (Number(db.pragma("application_id", { simple: true })) !== COPY_ID) throw new SqlError("STORE_DAMAGED");
    return db
      .transaction(() => {
        const { at } = db.prepare("SELECT at FROM copied").get() as { at: number };
        amend(db, at);
        db.exec("DROP TABLE copied");
        db.pragma("application_id = 0");
        return at;
      })
      .immediate();
  } catch (cause) {
    throw coded(cause);
  } finally {
    db.close();
  }
}

/** What is no store at all; else what it was. */
function coded(cause: unknown): unknown {
  const isNone = /^SQLITE_(NOTADB|CORRUPT)/.test(String((cause as { readonly code?: unknown })?.code));
  return isNone ? new SqlError("STORE_DAMAGED", { cause }) : cause;
}
