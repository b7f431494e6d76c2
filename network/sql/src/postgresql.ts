// PostgreSQL behind the port: several processes, several machines, one truth. Each service has a schema of its own. Transactions are serializable
// (PostgreSQL 15, 13.2.3), and begin anew where that undid them; a statement that reads by itself needs no more than its own snapshot (13.2.1).

import { randomBytes } from "node:crypto";
import pg from "pg";
import {
  type DatabaseOptions,
  missingSteps,
  type Sql,
  type SqlDatabase,
  SqlError,
  type SqlValue,
  type SqlValues,
} from "./port.js";
import { runTogether, selectTogether } from "./together-text.js";

const LANES = 8;
const CONNECT_MS = 2000;
/** How long a statement may take, waiting for others included, ms. */
const STATEMENT_MS = 5000;
/** How long a transaction is begun again that others were in the way of, ms: of those who write one row one gets through each time. */
const AGAIN_MS = 4000;
/** The longest pause before it is, ms: how long, chance says. */
const PAUSE_MS = 8;
/** How often for a row that was there already: as a rule it is no other's doing. */
const DUPLICATE_TRIES = 3;
/** How long it is asked what became of a commit whose answer was lost, ms, and the pause between. */
const ASKED_AFTER_MS = 4000;
const ASKED_EVERY_MS = 50;
/** Names of commits are of use while somebody may ask for them: they are forgotten every so many, and then those of an hour ago. */
const FORGET_EVERY = 1000;
const FORGET_COMMITS = "DELETE FROM commits WHERE at < now() - interval '1 hour'";
/** Serialization failure, deadlock, and a row that somebody else wrote first, which may come of either (PostgreSQL 15, appendix A and 13.2.3). */
const IN_THE_WAY = new Set(["40001", "40P01", "23505"]);
const DUPLICATE = "23505";
/** What is the server's fault: no connection, no room, shut down, system errors, read only, locks, its own faults. */
const SERVERS = /^(08|53|57|58|XX|25006|55P03)/;
/** Whole numbers of eight octets, which pg leaves as text. */
const INT8 = 20;
/** What tables are called in SQLite's words, and here. */
const WORDS = [
  [/\bINTEGER\b/g, "BIGINT"],
  [/\bBLOB\b/g, "BYTEA"],
  [/\)\s*STRICT\b/g, ")"],
] as const;

/** @throws as `openDatabase` */
export async function openPostgresql(url: string, { service, migrations }: DatabaseOptions): Promise<SqlDatabase> {
  if (!/^[a-z]+$/.test(service)) throw new TypeError("A service's name has small letters alone");
  const pool = new pg.Pool({
    connectionString: url,
    max: LANES,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: 2 * STATEMENT_MS,
    options: `-c search_path=${service}`,
    types: {
      getTypeParser: ((oid: number, format?: "text") =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as never,
    },
  });
  pool.on("error", () => undefined); // an idle line that the server cut: the next one is a new one
  try {
    await migrated(pool, service, migrations);
    return new Postgresql(pool);
  } catch (error) {
    await pool.end();
    throw isServers(error) ? new SqlError("STORE_UNAVAILABLE", { cause: error }) : error;
  }
}

/** Of two processes that start at once the second one waits, and finds it done. */
async function migrated(pool: pg.Pool, service: string, migrations: readonly string[]): Promise<void> {
  const line = await pool.connect();
  try {
    await line.query("SELECT pg_advisory_lock(hashtext($1))", [`ecard ${service}`]);
    await line.query("BEGIN");
    await migrate(sqlOn(line), service, migrations);
    await line.query("COMMIT");
  } finally {
    line.release(true); // what is not committed is undone, and the lock is gone
  }
}

async function migrate(sql: Sql, service: string, migrations: readonly string[]): Promise<void> {
  await sql.run(`CREATE SCHEMA IF NOT EXISTS ${service}`);
  const tables = await sql.rows<{ tablename: string }>("SELECT tablename FROM pg_tables WHERE schemaname = ?", service);
  const isKnown = tables.some(({ tablename }) => tablename === "schema_version");
  const kept = isKnown ? await sql.row<{ version: number }>("SELECT version FROM schema_version") : undefined;
  const steps = missingSteps(migrations, kept?.version ?? 0, tables.length === 0);
  if (!isKnown) await sql.run("CREATE TABLE schema_version (version BIGINT NOT NULL)");
  for (const step of steps) {
    for (const statement of step.split(";").filter((text) => text.trim() !== "")) {
      await sql.run(WORDS.reduce((text, [word, here]) => text.replace(word, here), statement));
    }
  }
  await sql.run("CREATE TABLE IF NOT EXISTS commits (id TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now())");
  if (kept === undefined) await sql.run("INSERT INTO schema_version (version) VALUES (?)", migrations.length);
  else await sql.run("UPDATE schema_version SET version = ?", migrations.length);
}

class Postgresql implements SqlDatabase {
  readonly engine = "postgresql";
  readonly lanes = LANES;
  readonly #pool: pg.Pool;
  #transactions = 0;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  get transactions(): number {
    return this.#transactions;
  }

  row<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#withLine((line) => sqlOn(line).row<Row>(text, ...values));
  }

  rows<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row[]> {
    return this.#withLine((line) => sqlOn(line).rows<Row>(text, ...values));
  }

  rowEach<Row>(text: string, all: readonly SqlValues[]): Promise<(Row | undefined)[]> {
    return this.#withLine((line) => sqlOn(line).rowEach<Row>(text, all));
  }

  run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#serializable((sql) => sql.run(text, ...values));
  }

  runEach(text: string, all: readonly SqlValues[]): Promise<void> {
    return this.transaction((sql) => sql.runEach(text, all));
  }

  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const result = await this.#serializable(work);
    if (++this.#transactions % FORGET_EVERY === 0) this.#forgetCommits();
    return result;
  }

  /** What a transaction writes goes out with a name of its own, by which it is found where the answer to its commit was lost. */
  async #serializable<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    try {
      return await this.#withLine(async (line) => {
        await line.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
        let isWriting = false;
        const sql = sqlOn(line, () => {
          isWriting = true;
        });
        let result: T;
        try {
          result = await work(sql);
        } catch (error) {
          await line.query("ROLLBACK").catch(() => undefined);
          throw error;
        }
        await committed(line, isWriting, result);
        return result;
      });
    } catch (error) {
      if (!(error instanceof OpenCommit)) throw error;
      if (!(await this.#isCommitted(error))) throw new SqlError("STORE_UNAVAILABLE", { cause: error.cause });
      return error.result as T;
    }
  }

  /**
   * Whether a transaction was committed. Whoever asks writes its name himself: he waits for one that is on its way, and one that has not come can come no more.
   *
   * @throws {SqlError} `STORE_UNAVAILABLE`, `isOpen`, where the server cannot be asked
   */
  async #isCommitted({ id, cause }: OpenCommit): Promise<boolean> {
    for (const until = performance.now() + ASKED_AFTER_MS; ; ) {
      try {
        const insert = "INSERT INTO commits (id) VALUES (?) ON CONFLICT (id) DO NOTHING";
        return (await this.#withLine((line) => sqlOn(line).run(insert, id))) === 0;
      } catch {
        if (performance.now() > until) throw new SqlError("STORE_UNAVAILABLE", { cause, isOpen: true });
        await pause(ASKED_EVERY_MS);
      }
    }
  }

  async checkWritable(): Promise<void> {
    const mark = "INSERT INTO commits (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET at = now()";
    await this.#withLine((line) => sqlOn(line).run(mark, "health"));
  }

  #forgetCommits(): void {
    void this.#withLine((line) => line.query(FORGET_COMMITS)).catch(() => undefined); // the next time, then
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** A line of the pool for `work`, again where others were in its way. A line that broke does not go back. */
  async #withLine<T>(work: (line: pg.PoolClient) => Promise<T>): Promise<T> {
    const until = performance.now() + AGAIN_MS;
    for (let tries = 1; ; tries++) {
      try {
        const line = await this.#pool.connect();
        let broken: Error | undefined;
        const onError = (error: Error) => {
          broken = error;
        };
        line.on("error", onError);
        try {
          return await work(line);
        } catch (error) {
          if (isServers(error) || error instanceof OpenCommit) broken = error as Error;
          throw error;
        } finally {
          line.off("error", onError);
          line.release(broken);
        }
      } catch (cause) {
        const code = codeOf(cause);
        const isOver = code === DUPLICATE ? tries === DUPLICATE_TRIES : performance.now() > until;
        if (IN_THE_WAY.has(code) && !isOver) await pause();
        else if (isServers(cause)) throw new SqlError("STORE_UNAVAILABLE", { cause });
        else throw cause;
      }
    }
  }
}

/** A transaction that was told to commit, and of which nothing was heard since. */
class OpenCommit extends Error {
  constructor(
    readonly id: string,
    readonly result: unknown,
    options: ErrorOptions,
  ) {
    super("The answer to a commit was lost", options);
  }
}

/** Name and commit are one journey. @throws {OpenCommit} where it may have been done, and pg's own where it was not */
async function committed(line: pg.ClientBase, isWriting: boolean, result: unknown): Promise<void> {
  const id = randomBytes(16).toString("hex");
  try {
    await line.query(isWriting ? `INSERT INTO commits (id) VALUES ('${id}'); COMMIT` : "COMMIT");
  } catch (cause) {
    await line.query("ROLLBACK").catch(() => undefined);
    if (!isServers(cause) || IN_THE_WAY.has(codeOf(cause))) throw cause;
    if (isWriting) throw new OpenCommit(id, result, { cause });
  }
}

function pause(ms = PAUSE_MS * Math.random()): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @param onWrite - Called before each statement that may write */
function sqlOn(line: pg.ClientBase, onWrite: () => void = () => undefined): Sql {
  const ask = (text: string, values: readonly SqlValue[]) => line.query({ ...prepared(text), values: [...values] });
  return {
    row: async <Row>(text: string, ...values: readonly SqlValue[]) =>
      (await ask(text, values)).rows[0] as Row | undefined,
    rows: async <Row>(text: string, ...values: readonly SqlValue[]) => (await ask(text, values)).rows as Row[],
    run: async (text, ...values) => {
      onWrite();
      return (await ask(text, values)).rowCount ?? 0;
    },
    rowEach: async <Row>(text: string, all: readonly SqlValues[]) => {
      const found = new Array<Row | undefined>(all.length).fill(undefined);
      if (all.length === 0) return found;
      const { rows } = await ask(...selectTogether(text, all));
      for (const { each_place: place, ...row } of rows as { each_place: number }[]) found[place - 1] = row as Row;
      return found;
    },
    runEach: async (text, all) => {
      if (all.length > 0) onWrite();
      const together = all.length > 1 ? runTogether(text, all) : undefined;
      if (together !== undefined) await ask(...together);
      else for (const values of all) await ask(text, values);
    },
  };
}

/** Statements by their texts, of which a service has a few dozen: each is parsed once a line. */
const known = new Map<string, { readonly name: string; readonly text: string }>();

function prepared(text: string): { readonly name: string; readonly text: string } {
  let statement = known.get(text);
  if (statement === undefined) {
    let place = 0;
    statement = { name: `ecard ${known.size}`, text: text.replace(/\?/g, () => `$${++place}`) };
    known.set(text, statement);
  }
  return statement;
}

function isServers(error: unknown): boolean {
  if (!(error instanceof Error) || !/^(Aggregate|)[Ee]rror$/.test(error.name)) return false;
  if (error instanceof pg.DatabaseError) {
    const code = codeOf(error);
    return SERVERS.test(code) || (IN_THE_WAY.has(code) && code !== DUPLICATE);
  }
  // Of pg itself and of Node's sockets, which have no class of their own.
  return /^E[A-Z]+$/.test(codeOf(error)) || /timeout|terminated|not queryable|Connection/i.test(error.message);
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown })?.code);
}
