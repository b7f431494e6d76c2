// SQLite behind the port: one process, one file, one transaction at a time. WAL with synchronous=FULL: an answer that has left is an answer that a
// power cut leaves.

import Database from "better-sqlite3";
import { COPY_ID } from "./backup.js";
import { InPlace } from "./in-place.js";
import { ownersOnly } from "./owners-only.js";
import {
  type DatabaseOptions,
  missingSteps,
  type Sql,
  type SqlDatabase,
  SqlError,
  type SqlValue,
  type SqlValues,
} from "./port.js";
import { Unlocked } from "./unlocked.js";
import { WriteBack } from "./write-back.js";

/** How long another process's write may keep us where the store is opened, ms. */
const LOCK_WAIT_MS = 1000;

/** @throws as `openDatabase` */
export async function openSqlite(file: string, { migrations }: DatabaseOptions): Promise<SqlDatabase> {
  if (file !== ":memory:") ownersOnly(file);
  const db = new Database(file, { timeout: LOCK_WAIT_MS });
  try {
    if (Number(db.pragma("application_id", { simple: true })) === COPY_ID) throw new SqlError("STORE_IS_COPY");
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.transaction(() => migrate(db, migrations)).immediate();
    // SQLite's own waiting keeps the whole process.
    db.pragma("busy_timeout = 0");
  } catch (cause) {
    db.close();
    if (/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test(codeOf(cause))) throw new SqlError("STORE_DAMAGED", { cause });
    throw cause;
  }
  return new Sqlite(db);
}

function migrate(db: Database.Database, migrations: readonly string[]): void {
  const version = Number(db.pragma("user_version", { simple: true }));
  const isEmpty = db.prepare("SELECT 1 FROM sqlite_master LIMIT 1").get() === undefined;
  const steps = missingSteps(migrations, version, isEmpty);
  if (steps.length === 0) return;
  for (const step of steps) db.exec(step);
  db.pragma(`user_version = ${migrations.length}`);
}

class Sqlite implements SqlDatabase {
  readonly engine = "sqlite";
  readonly lanes = 1;
  readonly #db: Database.Database;
  /** Each statement is compiled once. */
  readonly #compiled = new Map<string, Database.Statement<SqlValue[]>>();
  readonly #inside: Sql;
  #transactions = 0;
  readonly #writeBack: WriteBack;
  readonly #place: InPlace;
  readonly #unlocked = new Unlocked();
  /** Ends when whoever came last has done. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(db: Database.Database) {
    this.#db = db;
    this.#writeBack = new WriteBack(db, (work) => this.#afterOthers(work));
    this.#place = new InPlace(db.memory ? undefined : db.name);
    this.#inside = {
      row: async <Row>(text: string, ...values: SqlValue[]) => this.#statement(text).get(...values) as Row | undefined,
      rows: async <Row>(text: string, ...values: SqlValue[]) => this.#statement(text).all(...values) as Row[],
      run: async (text, ...values) => this.#statement(text).run(...values).changes,
      rowEach: async <Row>(text: string, all: readonly SqlValues[]) =>
        all.map((values) => this.#statement(text).get(...values) as Row | undefined),
      runEach: async (text, all) => {
        for (const values of all) this.#statement(text).run(...values);
      },
    };
  }

  get transactions(): number {
    return this.#transactions;
  }

  row<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#afterOthers(() => this.#inside.row<Row>(text, ...values));
  }

  rows<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row[]> {
    return this.#afterOthers(() => this.#inside.rows<Row>(text, ...values));
  }

  run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#afterOthers(() => {
      this.#checkPlace();
      return this.#unlocked.had(() => this.#statement(text).run(...values).changes);
    });
  }

  rowEach<Row>(text: string, all: readonly SqlValues[]): Promise<(Row | undefined)[]> {
    return this.#afterOthers(() => this.#inside.rowEach<Row>(text, all));
  }

  runEach(text: string, all: readonly SqlValues[]): Promise<void> {
    return this.transaction((sql) => sql.runEach(text, all));
  }

  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#afterOthers(async () => {
      this.#checkPlace();
      await this.#unlocked.had(() => this.#db.exec("BEGIN IMMEDIATE"));
      try {
        const result = await work(this.#inside);
        this.#db.exec("COMMIT");
        this.#transactions++;
        this.#writeBack.committed();
        return result;
      } finally {
        if (this.#db.inTransaction) this.#db.exec("ROLLBACK");
      }
    });
  }

  async checkWritable(): Promise<void> {
    const version = Number(this.#db.pragma("user_version", { simple: true }));
    await this.transaction(async () => void this.#db.pragma(`user_version = ${version}`));
  }

  /** @throws {SqlError} `STORE_UNAVAILABLE` */
  #checkPlace(): void {
    if (!this.#place.isThere) throw new SqlError("STORE_UNAVAILABLE");
  }

  close(): Promise<void> {
    return this.#afterOthers(async () => {
      await this.#writeBack.end();
      this.#db.close();
    });
  }

  #afterOthers<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work).catch((cause) => {
      throw asSqlError(cause);
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #statement(text: string): Database.Statement<SqlValue[]> {
    let statement = this.#compiled.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare<SqlValue[]>(text);
      this.#compiled.set(text, statement);
    }
    return statement;
  }
}

/** What is the store's fault; a statement that breaks a rule of its tables is its caller's. */
function asSqlError(cause: unknown): unknown {
  const isStores = /^SQLITE_(?!CONSTRAINT|MISMATCH|ERROR)/.test(codeOf(cause));
  return isStores ? new SqlError("STORE_UNAVAILABLE", { cause }) : cause;
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown })?.code);
}
