// Copies of a SQLite store. A copy says that it is one, and is not opened as a store: what happened behind its back must be made up for first
// (`restore.ts` of each service).

import { randomUUID } from "node:crypto";
import { existsSync, linkSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import { ownersOnly } from "./owners-only.js";
import { SqlError, type SqlValue } from "./port.js";

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

/** A statement that makes up for what may have happened behind a copy, and its values. */
export interface Amendment {
  readonly text: string;
  readonly values: readonly SqlValue[];
  /** A table that came with a later version: a copy of an earlier one has nothing there to make up for. */
  readonly laterTable?: string;
}
/** In their order, each by what it is told as. */
export type Amendments = Readonly<Record<string, Amendment>>;

export interface RestoredStore {
  /** When the copy was made, seconds since 1970: nothing that happened before is not in it. */
  readonly copiedAt: number;
  /** Rows that each amendment changed. */
  readonly changed: Readonly<Record<string, number>>;
}

/**
 * Makes a copy a store again, in one transaction with all that makes up for what may have happened since.
 *
 * @param amendments - Of a copy that was made then; where it throws the copy is one still
 * @throws {SqlError} `STORE_DAMAGED` where it is no copy
 */
export function restoreStore(file: string, amendments: (copiedAt: number) => Amendments): RestoredStore {
  const db = new Database(file, { fileMustExist: true });
  try {
    if (Number(db.pragma("application_id", { simple: true })) !== COPY_ID) throw new SqlError("STORE_DAMAGED");
    return db
      .transaction(() => {
        const { at: copiedAt } = db.prepare("SELECT at FROM copied").get() as { at: number };
        const has = db.prepare<[string]>("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
        const changed = Object.entries(amendments(copiedAt)).map(([name, { text, values, laterTable }]) => {
          const isNone = laterTable !== undefined && has.get(laterTable) === undefined;
          return [name, isNone ? 0 : db.prepare<SqlValue[]>(text).run(...values).changes];
        });
        db.exec("DROP TABLE copied");
        db.pragma("application_id = 0");
        return { copiedAt, changed: Object.fromEntries(changed) };
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
