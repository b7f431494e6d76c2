// The development log on disk: its entries and the checkpoint it signed last, in SQLite. An entry and the checkpoint that covers it
// are written together, so that a file in which they differ was altered.

import { ownersOnly } from "@enabling-card/sql";
import { type LeafKind, toHex } from "@enabling-card/wire";
import Database from "better-sqlite3";
import { LedgerError } from "./errors.js";

export interface LogEntry {
  /** Index of its leaf in the tree. */
  readonly position: number;
  readonly kind: LeafKind;
  /** Seconds since 1970. */
  readonly time: number;
  readonly serial: Uint8Array;
  /** The certificate, or the revoked serial. */
  readonly body: Uint8Array;
}

export interface StoredCheckpoint {
  /** Of the node that signed. */
  readonly kid: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

interface Row {
  readonly position: number;
  readonly kind: number;
  readonly time: number;
  readonly serial: string;
  readonly body: Uint8Array;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (position INTEGER PRIMARY KEY, kind INTEGER NOT NULL, time INTEGER NOT NULL,
    serial TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (kind, serial)) STRICT;
  CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), kid BLOB NOT NULL, payload BLOB NOT NULL, signature BLOB NOT NULL) STRICT;
`;
const COLUMNS = "position, kind, time, serial, body";
/** How long another process may hold the file before we say so, ms. */
const LOCK_WAIT_MS = 200;

export class LogStore {
  readonly #db: Database.Database;
  readonly #guard: Database.Database | undefined;

  /** @throws {LedgerError} `LOG_DAMAGED` for a file that is no such log, `LOG_IN_USE` */
  constructor(file: string) {
    let db: Database.Database | undefined;
    let guard: Database.Database | undefined;
    try {
      guard = file === ":memory:" ? undefined : held(`${file}-lock`);
      if (file !== ":memory:") ownersOnly(file); // which cards there are is not everybody's to read
      db = new Database(file, { timeout: LOCK_WAIT_MS });
      db.pragma("journal_mode = WAL");
      db.exec(SCHEMA);
    } catch (cause) {
      db?.close();
      guard?.close();
      throw coded(cause);
    }
    this.#db = db;
    this.#guard = guard;
  }

  /** All entries by position. @throws {LedgerError} `LOG_DAMAGED` */
  *entries(): Generator<LogEntry> {
    try {
      const rows = this.#db.prepare<[], Row>(`SELECT ${COLUMNS} FROM entries ORDER BY position`).iterate();
      for (const row of rows) yield entryOf(row);
    } catch (cause) {
      throw coded(cause);
    }
  }

  entry(kind: LeafKind, serial: Uint8Array): LogEntry | undefined {
    const row = this.#db
      .prepare<[number, string], Row>(`SELECT ${COLUMNS} FROM entries WHERE kind = ? AND serial = ?`)
      .get(kind, toHex(serial));
    return row && entryOf(row);
  }

  checkpoint(): StoredCheckpoint | undefined {
    const row = this.#db.prepare<[], StoredCheckpoint>("SELECT kid, payload, signature FROM head").get();
    if (row === undefined) return undefined;
    return {
      kid: Uint8Array.from(row.kid),
      payload: Uint8Array.from(row.payload),
      signature: Uint8Array.from(row.signature),
    };
  }

  /** Writes a checkpoint, and the entry that it is the first to cover, if there is one: both or neither. */
  write(checkpoint: StoredCheckpoint, entry?: LogEntry): void {
    this.#db
      .transaction(() => {
        if (entry) {
          this.#db
            .prepare("INSERT INTO entries (position, kind, time, serial, body) VALUES (?, ?, ?, ?, ?)")
            .run(entry.position, entry.kind, entry.time, toHex(entry.serial), entry.body);
        }
        this.#db
          .prepare("INSERT OR REPLACE INTO head (one, kid, payload, signature) VALUES (1, ?, ?, ?)")
          .run(checkpoint.kid, checkpoint.payload, checkpoint.signature);
      })
      .immediate();
  }

  close(): void {
    this.#db.close();
    this.#guard?.close();
  }
}

/**
 * The tree is in memory, so a second writer would fork the log: whoever writes it holds the lock of a file beside it, which the system gives back where
 * a process dies. Not SQLite's own exclusive mode: that keeps readers out as well, and whoever makes copies is one.
 */
function held(file: string): Database.Database {
  ownersOnly(file);
  const guard = new Database(file, { timeout: LOCK_WAIT_MS });
  try {
    guard.exec("BEGIN EXCLUSIVE");
    return guard;
  } catch (error) {
    guard.close();
    throw error;
  }
}

function entryOf({ position, kind, time, serial, body }: Row): LogEntry {
  return {
    position,
    kind: kind as LeafKind,
    time,
    serial: Uint8Array.from(Buffer.from(serial, "hex")),
    body: Uint8Array.from(body),
  };
}

function coded(cause: unknown): unknown {
  const { code } = cause as { code?: string };
  if (code === "SQLITE_BUSY") {
    return new LedgerError("LOG_IN_USE", "Another process writes this log: stop it first", { cause });
  }
  if (code === "SQLITE_NOTADB" || code?.startsWith("SQLITE_CORRUPT") || code === "SQLITE_ERROR") {
    return new LedgerError("LOG_DAMAGED", "The file is not a log of this version: restore it from a copy", { cause });
  }
  return cause;
}
