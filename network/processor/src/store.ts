// What the processor remembers: devices, codes, authentications and the grants they paid for, wrong tries, answers to requests with an idempotency key,
// reversals that an issuer has not heard of yet. Codes and tokens are found by a keyed name, accounts and keys are sealed.

import {
  Answers,
  FORGOTTEN_AT_ONCE,
  Gathered,
  openDatabase,
  type Sql,
  type SqlDatabase,
  SqlError,
  TAKEN_TABLE,
  TakenOnce,
} from "@enabling-card/sql";
import { STRIPE_ATCS } from "@enabling-card/wire";
import { DEVICES_OWNED, Devices } from "./devices-table.js";
import { ProcessorError } from "./errors.js";
import type { AuthenticationRow, CodeRow, DomainGrantRow, NewCodeRow, ReversalRow } from "./rows.js";

/** As the issuer's: never altered, once released. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE devices (device TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT;
  CREATE TABLE codes (code_name TEXT PRIMARY KEY, code_ref TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, device TEXT NOT NULL REFERENCES devices,
    provider TEXT NOT NULL, max_cost INTEGER NOT NULL, currency TEXT NOT NULL, account BLOB NOT NULL, not_before INTEGER NOT NULL,
    expires INTEGER NOT NULL, request TEXT, sent TEXT, cancelled INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE INDEX codes_by_owner ON codes (owner, expires);
  CREATE INDEX codes_by_time ON codes (expires);
  CREATE TABLE failures (subject TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
  CREATE INDEX failures_by_subject ON failures (subject, at);
  CREATE TABLE answers (name TEXT PRIMARY KEY, at INTEGER NOT NULL, asked TEXT NOT NULL, answer BLOB NOT NULL) STRICT;
  CREATE INDEX answers_by_time ON answers (at);
  CREATE TABLE reversals (name TEXT PRIMARY KEY, at INTEGER NOT NULL, message TEXT NOT NULL) STRICT;
  CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;`,
  `
  CREATE TABLE authentications (trans_id TEXT PRIMARY KEY, purchase BLOB NOT NULL, at INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'C', result BLOB, used INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE INDEX authentications_by_time ON authentications (at);
  CREATE TABLE domain_grants (token_name TEXT NOT NULL, atc INTEGER NOT NULL, atc_digits INTEGER NOT NULL, domain BLOB NOT NULL,
    expires INTEGER NOT NULL, PRIMARY KEY (token_name, atc)) STRICT;
  CREATE INDEX domain_grants_by_digits ON domain_grants (token_name, atc_digits, atc);
  CREATE INDEX domain_grants_by_time ON domain_grants (expires);`,
  "ALTER TABLE authentications ADD COLUMN acs_trans_id TEXT",
  `
  ALTER TABLE codes ADD COLUMN asked TEXT;
  ALTER TABLE codes ADD COLUMN used_at INTEGER;`,
  "ALTER TABLE reversals ADD COLUMN tries INTEGER NOT NULL DEFAULT 0",
  "CREATE INDEX failures_by_time ON failures (at)",
  DEVICES_OWNED,
  TAKEN_TABLE,
  "CREATE INDEX codes_by_request ON codes (request)",
];

/** What is sealed for long: by table what its rows are named by, and the sealed column. */
const SEALED = { devices: ["device", "key"], codes: ["code_name", "account"] } as const;
type SealedTable = keyof typeof SEALED;

/** The tables, as one transaction sees them, or each statement by itself. */
export class Tables {
  readonly #sql: Sql;
  /** To requests that may come again. */
  readonly answers: Answers;
  readonly devices: Devices;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.answers = new Answers(sql);
    this.devices = new Devices(sql);
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

  /** Names and sealed values behind `after`, in the order of their names. */
  sealedRows(table: SealedTable, after: string, most: number): Promise<{ name: string; sealed: Uint8Array }[]> {
    const [name, sealed] = SEALED[table];
    return this.#sql.rows(
      `SELECT ${name} AS name, ${sealed} AS sealed FROM ${table} WHERE ${name} > ? ORDER BY ${name} LIMIT ?`,
      after,
      most,
    );
  }

  async reseal(table: SealedTable, row: string, value: Uint8Array): Promise<void> {
    const [name, sealed] = SEALED[table];
    await this.#sql.run(`UPDATE ${table} SET ${sealed} = ? WHERE ${name} = ?`, value, row);
  }

  /** False where the code is taken. */
  async addCode(code: NewCodeRow): Promise<boolean> {
    const changes = await this.#sql.run(
      `INSERT INTO codes (code_name, code_ref, owner, device, provider, max_cost, currency, account, not_before, expires)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code_name) DO NOTHING`,
      code.code_name,
      code.code_ref,
      code.owner,
      code.device,
      code.provider,
      code.max_cost,
      code.currency,
      code.account,
      code.not_before,
      code.expires,
    );
    return changes === 1;
  }

  code(codeName: string): Promise<CodeRow | undefined> {
    return this.#sql.row("SELECT * FROM codes WHERE code_name = ?", codeName);
  }

  codeByRef(codeRef: string): Promise<CodeRow | undefined> {
    return this.#sql.row("SELECT * FROM codes WHERE code_ref = ?", codeRef);
  }

  /** Codes of an owner that may still be used at `now`, or later. */
  async openCodes(owner: string, now: number): Promise<number> {
    const row = await this.#sql.row<{ n: number }>(
      "SELECT COUNT(*) AS n FROM codes WHERE owner = ? AND expires > ? AND request IS NULL AND cancelled = 0",
      owner,
      now,
    );
    return row!.n;
  }

  async useCode(
    codeName: string,
    by: { readonly request: string; readonly asked: string; readonly sent: string; readonly usedAt: number },
  ): Promise<void> {
    await this.#sql.run(
      "UPDATE codes SET request = ?, asked = ?, sent = ?, used_at = ? WHERE code_name = ?",
      by.request,
      by.asked,
      by.sent,
      by.usedAt,
      codeName,
    );
  }

  /** Whether a code was used by a request of that name. */
  async isRequestKnown(request: string): Promise<boolean> {
    return (await this.#sql.row("SELECT 1 FROM codes WHERE request = ?", request)) !== undefined;
  }

  async cancelCode(codeRef: string): Promise<void> {
    await this.#sql.run("UPDATE codes SET cancelled = 1 WHERE code_ref = ?", codeRef);
  }

  async addAuthentication({ trans_id, purchase, at }: Pick<AuthenticationRow, "trans_id" | "purchase" | "at">) {
    await this.#sql.run(
      "INSERT INTO authentications (trans_id, purchase, at) VALUES (?, ?, ?)",
      trans_id,
      purchase,
      at,
    );
  }

  authentication(transId: string): Promise<AuthenticationRow | undefined> {
    return this.#sql.row("SELECT * FROM authentications WHERE trans_id = ?", transId);
  }

  /** @param acsTransId - What the access control server calls it by */
  async nameAuthentication(transId: string, acsTransId: string): Promise<void> {
    await this.#sql.run("UPDATE authentications SET acs_trans_id = ? WHERE trans_id = ?", acsTransId, transId);
  }

  async decideAuthentication(transId: string, at: number, status: "Y" | "N", result: Uint8Array | null): Promise<void> {
    await this.#sql.run(
      "UPDATE authentications SET at = ?, status = ?, result = ? WHERE trans_id = ?",
      at,
      status,
      result,
      transId,
    );
  }

  /** False where it was used before. */
  async useAuthentication(transId: string): Promise<boolean> {
    return (await this.#sql.run("UPDATE authentications SET used = 1 WHERE trans_id = ? AND used = 0", transId)) === 1;
  }

  /** Nothing was made of it. */
  async releaseAuthentication(transId: string): Promise<void> {
    await this.#sql.run("UPDATE authentications SET used = 0 WHERE trans_id = ?", transId);
  }

  async addDomainGrant({ token_name, atc, domain, expires }: DomainGrantRow): Promise<void> {
    await this.#sql.run(
      "INSERT INTO domain_grants (token_name, atc, atc_digits, domain, expires) VALUES (?, ?, ?, ?, ?)",
      token_name,
      atc,
      atc % STRIPE_ATCS,
      domain,
      expires,
    );
  }

  domainGrant(tokenName: string, atc: number): Promise<DomainGrantRow | undefined> {
    return this.#sql.row("SELECT * FROM domain_grants WHERE token_name = ? AND atc = ?", tokenName, atc);
  }

  /** The newest whose ATC ends in these four digits: all that a stripe tells of it. */
  newestDomainGrant(tokenName: string, atcDigits: number): Promise<DomainGrantRow | undefined> {
    return this.#sql.row(
      "SELECT * FROM domain_grants WHERE token_name = ? AND atc_digits = ? ORDER BY atc DESC LIMIT 1",
      tokenName,
      atcDigits,
    );
  }

  /** Ones of up to `since`, whose ever, are forgotten, some at a time. */
  async addFailure(subject: string, at: number, since: number): Promise<void> {
    await this.#sql.run(
      `DELETE FROM failures WHERE (subject, at) IN (SELECT subject, at FROM failures WHERE at <= ? ORDER BY at LIMIT ${FORGOTTEN_AT_ONCE})`,
      since,
    );
    await this.#sql.run("INSERT INTO failures (subject, at) VALUES (?, ?)", subject, at);
  }

  async newestFailure(subject: string): Promise<number | undefined> {
    const row = await this.#sql.row<{ at: number | null }>(
      "SELECT MAX(at) AS at FROM failures WHERE subject = ?",
      subject,
    );
    return row?.at ?? undefined;
  }

  /** @param until - Of later ones nothing is forgiven */
  async clearFailures(subject: string, until: number): Promise<void> {
    await this.#sql.run("DELETE FROM failures WHERE subject = ? AND at <= ?", subject, until);
  }

  /** Wrong tries of a subject after `since`. */
  async failures(subject: string, since: number): Promise<number> {
    const row = await this.#sql.row<{ n: number }>(
      "SELECT COUNT(*) AS n FROM failures WHERE subject = ? AND at > ?",
      subject,
      since,
    );
    return row!.n;
  }

  /** Writes them as they are: of two transactions that count them the later one counts anew. */
  async holdFailures(subject: string, since: number): Promise<void> {
    await this.#sql.run("UPDATE failures SET at = at WHERE subject = ? AND at > ?", subject, since);
  }

  /** One that is there already stays as it is. */
  async keepReversal({ name, at, message, tries }: ReversalRow): Promise<void> {
    await this.#sql.run(
      "INSERT INTO reversals (name, at, message, tries) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
      name,
      at,
      message,
      tries,
    );
  }

  async isReversing(name: string): Promise<boolean> {
    return (await this.#sql.row("SELECT 1 FROM reversals WHERE name = ?", name)) !== undefined;
  }

  reversals(most: number): Promise<readonly ReversalRow[]> {
    return this.#sql.rows("SELECT name, at, message, tries FROM reversals ORDER BY tries, at LIMIT ?", most);
  }

  async delayReversal(name: string): Promise<void> {
    await this.#sql.run("UPDATE reversals SET tries = tries + 1 WHERE name = ?", name);
  }

  async dropReversal(name: string): Promise<void> {
    await this.#sql.run("DELETE FROM reversals WHERE name = ?", name);
  }

  /** Forgets codes, authentications and their grants of up to `until`, and removed devices, some at a time. */
  async forget(until: number): Promise<void> {
    for (const [table, key, time] of [
      ["codes", "code_name", "expires"],
      ["authentications", "trans_id", "at"],
      ["domain_grants", "token_name, atc", "expires"],
    ] as const) {
      await this.#sql.run(
        `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${time} <= ? ORDER BY ${time} LIMIT ${FORGOTTEN_AT_ONCE})`,
        until,
      );
    }
    await this.devices.forget();
  }
}

/** What is asked of it by itself, each statement is a transaction of its own. */
export class ProcessorStore extends Tables {
  readonly #database: SqlDatabase;
  /** Nonces of signed requests. */
  readonly nonces: TakenOnce;

  constructor(database: SqlDatabase) {
    // What many requests look up at about one time is one journey to a server.
    super(database.engine === "postgresql" ? new Gathered(database) : database);
    this.#database = database;
    this.nonces = new TakenOnce(database);
  }

  /** Whether each statement is a journey. */
  get isServer(): boolean {
    return this.#database.engine === "postgresql";
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

/** @param where - A file, `:memory:`, or a `postgres:` URL. @throws {ProcessorError} `STORE_DAMAGED`, `STORE_UNAVAILABLE` */
export async function openProcessorStore(where: string): Promise<ProcessorStore> {
  try {
    return new ProcessorStore(await openDatabase(where, { service: "processor", migrations: MIGRATIONS }));
  } catch (cause) {
    throw cause instanceof SqlError ? new ProcessorError(cause.code, { cause }) : cause;
  }
}
