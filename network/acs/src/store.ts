// What the access control server remembers: authentications, each until its CAVV is too old to pay. Accounts and tracking numbers are sealed, and of a
// card's answer there is a hash alone.

import {
  FORGOTTEN_AT_ONCE,
  openDatabase,
  type Sql,
  type SqlDatabase,
  SqlError,
  TAKEN_TABLE,
  TakenOnce,
} from "@enabling-card/sql";
import { AcsError } from "./errors.js";

export interface AuthenticationRow {
  readonly acs_trans_id: string;
  readonly server_trans_id: string;
  readonly account: Uint8Array;
  /** SHA-256 of what the card is to say. */
  readonly answer_hash: Uint8Array;
  /** Seconds since 1970. */
  readonly at: number;
  readonly tries: number;
  /** C until it is decided, then Y or N. */
  readonly status: string;
  readonly reason: string | null;
  readonly atn: Uint8Array | null;
}

/** As the issuer's: never altered, once released. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE authentications (acs_trans_id TEXT PRIMARY KEY, server_trans_id TEXT NOT NULL UNIQUE, account BLOB NOT NULL,
    answer_hash BLOB NOT NULL, at INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL DEFAULT 'C', reason TEXT, atn BLOB) STRICT;
  CREATE INDEX authentications_by_time ON authentications (at);
  CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;`,
  TAKEN_TABLE,
];

/** The tables, as one transaction sees them. */
export class Tables {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async setting(name: string): Promise<Uint8Array | undefined> {
    return (await this.#sql.row<{ value: Uint8Array }>("SELECT value FROM settings WHERE name = ?", name))?.value;
  }

  async keepSetting(name: string, value: Uint8Array): Promise<void> {
    await this.#sql.run(
      "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name,
      value,
    );
  }

  /** False where the domain server has called another by that name. */
  async add(row: Omit<AuthenticationRow, "tries" | "status" | "reason" | "atn">): Promise<boolean> {
    const changes = await this.#sql.run(
      `INSERT INTO authentications (acs_trans_id, server_trans_id, account, answer_hash, at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (server_trans_id) DO NOTHING`,
      row.acs_trans_id,
      row.server_trans_id,
      row.account,
      row.answer_hash,
      row.at,
    );
    return changes === 1;
  }

  find(acsTransId: string): Promise<AuthenticationRow | undefined> {
    return this.#sql.row("SELECT * FROM authentications WHERE acs_trans_id = ?", acsTransId);
  }

  async countTry(acsTransId: string): Promise<void> {
    await this.#sql.run("UPDATE authentications SET tries = tries + 1 WHERE acs_trans_id = ?", acsTransId);
  }

  async decide(acsTransId: string, status: "Y" | "N", reason: string | null, atn: Uint8Array | null): Promise<void> {
    await this.#sql.run(
      "UPDATE authentications SET status = ?, reason = ?, atn = ? WHERE acs_trans_id = ?",
      status,
      reason,
      atn,
      acsTransId,
    );
  }

  /** Forgets what began up to `until`, some at a time. */
  async forget(until: number): Promise<void> {
    await this.#sql.run(
      `DELETE FROM authentications WHERE acs_trans_id IN
         (SELECT acs_trans_id FROM authentications WHERE at <= ? ORDER BY at LIMIT ${FORGOTTEN_AT_ONCE})`,
      until,
    );
  }
}

export class AcsStore {
  readonly #database: SqlDatabase;
  /** Nonces of signed requests. */
  readonly nonces: TakenOnce;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.nonces = new TakenOnce(database);
  }

  /** All of `work` or nothing, and nobody else's writes in between: `SqlDatabase.transaction`. */
  atomically<T>(work: (kept: Tables) => Promise<T>): Promise<T> {
    return this.#database.transaction((sql) => work(new Tables(sql)));
  }

  /** @throws {SqlError} `STORE_UNAVAILABLE` where it would keep nothing now */
  checkWritable(): Promise<void> {
    return this.#database.checkWritable();
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** @param where - A file, `:memory:`, or a `postgres:` URL. @throws {AcsError} `STORE_DAMAGED`, `STORE_UNAVAILABLE` */
export async function openAcsStore(where: string): Promise<AcsStore> {
  try {
    return new AcsStore(await openDatabase(where, { service: "acs", migrations: MIGRATIONS }));
  } catch (cause) {
    throw cause instanceof SqlError ? new AcsError(cause.code, { cause }) : cause;
  }
}
