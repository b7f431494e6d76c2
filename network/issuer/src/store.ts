// What the issuer remembers, in SQLite: cards, tokens, grants, decisions. No PAN, key, cryptogram or track in clear.

import { chmodSync, closeSync, openSync } from "node:fs";
import Database from "better-sqlite3";
import { type Decline, IssuerError } from "./errors.js";
import type { StateActor } from "./token-state.js";

export interface CardRow {
  readonly card_id: string;
  readonly grant_key: Uint8Array;
  /** SHA-256 of the access key, which has 256 random bits. */
  readonly access_hash: string;
  readonly phone_name: string;
}

export interface TokenRow {
  readonly token_ref: string;
  readonly card_id: string;
  readonly pan: Uint8Array;
  readonly holder: Uint8Array;
  readonly last4: string;
  /** YYMM */
  readonly expiry: string;
  readonly offline: number;
  readonly state: number;
  /** Who brought it to that state. */
  readonly state_by: StateActor;
  readonly version: number;
  readonly atc: number;
  /** Latest `expires` of its grants, seconds since 1970. */
  readonly last_expires: number;
}

export interface GrantRow {
  readonly token_ref: string;
  readonly atc: number;
  readonly expires: number;
  readonly max_amount: number;
  /** The domain as signed: the cryptogram is made again from it. */
  readonly domain: string;
  /** Of a grant that an earlier version counted there is none. */
  readonly domain_hash: Uint8Array | null;
  readonly used: number;
}

export interface Decision {
  readonly decline: Decline | null;
  readonly auth_code: string | null;
}

/** Rows of a table that are forgotten at once, at most. */
const FORGOTTEN_AT_ONCE = 1000;
/** How long another process's write may keep us, and with us every terminal, ms. */
const LOCK_WAIT_MS = 1000;
/** What makes each version of the tables of its predecessor, the first one of nothing: never altered, once it has been released. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE cards (card_id TEXT PRIMARY KEY, grant_key BLOB NOT NULL, access_hash TEXT NOT NULL, phone_name TEXT NOT NULL) STRICT;
  CREATE TABLE tokens (token_ref TEXT PRIMARY KEY, card_id TEXT NOT NULL REFERENCES cards, pan_index TEXT NOT NULL UNIQUE,
    pan BLOB NOT NULL, holder BLOB NOT NULL, last4 TEXT NOT NULL, expiry TEXT NOT NULL, offline INTEGER NOT NULL, state INTEGER NOT NULL,
    state_by TEXT NOT NULL, version INTEGER NOT NULL, atc INTEGER NOT NULL, last_expires INTEGER NOT NULL) STRICT;
  CREATE INDEX tokens_by_card ON tokens (card_id);
  CREATE TABLE grants (token_ref TEXT NOT NULL REFERENCES tokens, atc INTEGER NOT NULL, expires INTEGER NOT NULL,
    max_amount INTEGER NOT NULL, domain TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (token_ref, atc)) STRICT;
  CREATE TABLE failures (token_ref TEXT NOT NULL REFERENCES tokens, at INTEGER NOT NULL) STRICT;
  CREATE INDEX failures_by_token ON failures (token_ref, at);
  CREATE TABLE decisions (request TEXT PRIMARY KEY, at INTEGER NOT NULL, decline TEXT, auth_code TEXT) STRICT;
  CREATE INDEX decisions_by_time ON decisions (at);
  CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;`,
  `CREATE TABLE reversals (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
  CREATE INDEX reversals_by_time ON reversals (at);`,
  "ALTER TABLE grants ADD COLUMN domain_hash BLOB",
];

export class IssuerStore {
  readonly #db: Database.Database;
  #transactions = 0;
  /** Each statement is compiled once. */
  readonly #compiled = new Map<string, Database.Statement>();

  /** @throws {IssuerError} `STORE_DAMAGED` for a file that is no such store */
  constructor(file: string) {
    if (file !== ":memory:") ownersOnly(file);
    this.#db = new Database(file, { timeout: LOCK_WAIT_MS });
    try {
      this.#db.pragma("journal_mode = WAL");
      this.#db.pragma("synchronous = FULL"); // an answer that has left is an answer that a power cut leaves
      this.#db.pragma("wal_autocheckpoint = 200"); // of small pieces: nobody is answered meanwhile
      this.#db.pragma("foreign_keys = ON");
      this.#db.transaction(() => this.#prepare()).immediate();
    } catch (cause) {
      this.#db.close();
      if (/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test((cause as { code?: string }).code ?? "")) {
        throw new IssuerError("STORE_DAMAGED", { cause });
      }
      throw cause;
    }
  }

  #sql<Parameters extends unknown[] | object = unknown[], Row = unknown>(text: string) {
    const statement = this.#compiled.get(text) ?? this.#db.prepare(text);
    this.#compiled.set(text, statement);
    return statement as unknown as Database.Statement<Parameters, Row>;
  }

  /** All of `work` or nothing, and nobody else's writes in between. Durable when it returns. */
  atomically<T>(work: () => T): T {
    const result = this.#db.transaction(work).immediate();
    this.#transactions++;
    return result;
  }

  /** How many there were since it was opened. */
  get transactions(): number {
    return this.#transactions;
  }

  /** Makes the tables, or brings those of an earlier version to this one. */
  #prepare(): void {
    const version = Number(this.#db.pragma("user_version", { simple: true }));
    const tables = this.#db.prepare("SELECT 1 FROM sqlite_master LIMIT 1").get();
    const isOurs = version === 0 ? tables === undefined : version <= MIGRATIONS.length;
    if (!isOurs) throw new IssuerError("STORE_DAMAGED");
    if (version === MIGRATIONS.length) return;
    for (const step of MIGRATIONS.slice(version)) this.#db.exec(step);
    this.#db.pragma(`user_version = ${MIGRATIONS.length}`);
  }

  setting(name: string): Uint8Array | undefined {
    const row = this.#sql<[string], { value: Uint8Array }>("SELECT value FROM settings WHERE name = ?").get(name);
    return row && Uint8Array.from(row.value);
  }

  keepSetting(name: string, value: Uint8Array): void {
    this.#sql("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)").run(name, value);
  }

  card(cardId: string): CardRow | undefined {
    return this.#sql<[string], CardRow>("SELECT * FROM cards WHERE card_id = ?").get(cardId);
  }

  addCard(card: CardRow): void {
    this.#sql("INSERT INTO cards (card_id, grant_key, access_hash, phone_name) VALUES (?, ?, ?, ?)").run(
      card.card_id,
      card.grant_key,
      card.access_hash,
      card.phone_name,
    );
  }

  setAccess(cardId: string, accessHash: string): void {
    this.#sql("UPDATE cards SET access_hash = ? WHERE card_id = ?").run(accessHash, cardId);
  }

  token(tokenRef: string): TokenRow | undefined {
    return this.#sql<[string], TokenRow>("SELECT * FROM tokens WHERE token_ref = ?").get(tokenRef);
  }

  tokenByPan(panIndex: string): TokenRow | undefined {
    return this.#sql<[string], TokenRow>("SELECT * FROM tokens WHERE pan_index = ?").get(panIndex);
  }

  /** Tokens of a card that are not in `state`. */
  tokensOutside(cardId: string, state: number): number {
    return this.#sql<[string, number], { n: number }>(
      "SELECT COUNT(*) AS n FROM tokens WHERE card_id = ? AND state <> ?",
    ).get(cardId, state)!.n;
  }

  /** False where the PAN is taken. */
  addToken(token: TokenRow, panIndex: string): boolean {
    const { changes } = this.#sql(
      `INSERT INTO tokens (token_ref, card_id, pan_index, pan, holder, last4, expiry, offline, state, state_by, version, atc, last_expires)
         VALUES (@token_ref, @card_id, @pan_index, @pan, @holder, @last4, @expiry, @offline, @state, @state_by, @version, @atc, @last_expires)
         ON CONFLICT (pan_index) DO NOTHING`,
    ).run({ ...token, pan_index: panIndex });
    return changes === 1;
  }

  setState(tokenRef: string, state: number, by: StateActor, version: number): void {
    this.#sql("UPDATE tokens SET state = ?, state_by = ?, version = ? WHERE token_ref = ?").run(
      state,
      by,
      version,
      tokenRef,
    );
  }

  /** Stores a grant and moves the token's ATC to it. */
  addGrant(grant: Omit<GrantRow, "used">): void {
    this.#sql(
      "INSERT INTO grants (token_ref, atc, expires, max_amount, domain, domain_hash) VALUES (@token_ref, @atc, @expires, @max_amount, @domain, @domain_hash)",
    ).run(grant);
    this.#sql("UPDATE tokens SET atc = ?, last_expires = MAX(last_expires, ?) WHERE token_ref = ?").run(
      grant.atc,
      grant.expires,
      grant.token_ref,
    );
  }

  grant(tokenRef: string, atc: number): GrantRow | undefined {
    return this.#sql<[string, number], GrantRow>("SELECT * FROM grants WHERE token_ref = ? AND atc = ?").get(
      tokenRef,
      atc,
    );
  }

  useGrant(tokenRef: string, atc: number): void {
    this.#sql("UPDATE grants SET used = 1 WHERE token_ref = ? AND atc = ?").run(tokenRef, atc);
  }

  /** Grants of a token that are unspent and live at `now`. */
  liveGrants(tokenRef: string, now: number): number {
    return this.#sql<[string, number], { n: number }>(
      "SELECT COUNT(*) AS n FROM grants WHERE token_ref = ? AND used = 0 AND expires > ?",
    ).get(tokenRef, now)!.n;
  }

  /** Counts a wrong try; how many there were after `since`, this one included. Earlier ones are forgotten. */
  addFailure(tokenRef: string, at: number, since: number): number {
    this.#sql("DELETE FROM failures WHERE token_ref = ? AND at <= ?").run(tokenRef, since);
    this.#sql("INSERT INTO failures (token_ref, at) VALUES (?, ?)").run(tokenRef, at);
    return this.#sql<[string], { n: number }>("SELECT COUNT(*) AS n FROM failures WHERE token_ref = ?").get(tokenRef)!
      .n;
  }

  clearFailures(tokenRef: string): void {
    this.#sql("DELETE FROM failures WHERE token_ref = ?").run(tokenRef);
  }

  /** The decision on a request, where it was made after `since`. */
  decision(request: string, since: number): Decision | undefined {
    return this.#sql<[string, number], Decision>(
      "SELECT decline, auth_code FROM decisions WHERE request = ? AND at > ?",
    ).get(request, since);
  }

  keepDecision(request: string, decision: Decision, at: number): void {
    this.#sql("INSERT OR REPLACE INTO decisions (request, at, decline, auth_code) VALUES (?, ?, ?, ?)").run(
      request,
      at,
      decision.decline,
      decision.auth_code,
    );
  }

  /** True where the request of that name was reversed after `since`. */
  isReversed(name: string, since: number): boolean {
    return this.#sql("SELECT 1 FROM reversals WHERE name = ? AND at > ?").get(name, since) !== undefined;
  }

  keepReversal(name: string, at: number): void {
    this.#sql("INSERT OR REPLACE INTO reversals (name, at) VALUES (?, ?)").run(name, at);
  }

  /** Forgets decisions and reversals of up to `until`, some at a time: whoever waits for an answer waits for this. */
  forget(until: number): void {
    for (const table of ["decisions", "reversals"]) {
      this.#sql(
        `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE at <= ? ORDER BY at LIMIT ${FORGOTTEN_AT_ONCE})`,
      ).run(until);
    }
  }

  close(): void {
    this.#db.close();
  }
}

/** The file, and with it SQLite's journal, is for its owner's eyes: it holds holders' data, if sealed. */
function ownersOnly(file: string): void {
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
}
