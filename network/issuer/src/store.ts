// What the issuer remembers, in SQLite: cards, tokens, grants, decisions. No PAN, key, cryptogram or track in clear.

import Database from "better-sqlite3";
import type { Decline } from "./errors.js";

export interface CardRow {
  readonly card_id: string;
  readonly grant_key: Uint8Array;
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
  readonly mcc: number | null;
  readonly country: number;
  /** The domain as signed: the cryptogram is made again from it. */
  readonly domain: string;
  readonly used: number;
}

export interface Decision {
  readonly decline: Decline | null;
  readonly auth_code: string | null;
}

export class IssuerStore {
  readonly #db: Database.Database;

  constructor(file: string) {
    this.#db = new Database(file);
    this.#db.pragma("journal_mode = WAL");
    this.#db.pragma("foreign_keys = ON");
    this.#db.exec(`
      CREATE TABLE IF NOT EXISTS cards (card_id TEXT PRIMARY KEY, grant_key BLOB NOT NULL, access_hash TEXT NOT NULL, phone_name TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS tokens (token_ref TEXT PRIMARY KEY, card_id TEXT NOT NULL REFERENCES cards, pan_index TEXT NOT NULL UNIQUE,
        pan BLOB NOT NULL, holder BLOB NOT NULL, last4 TEXT NOT NULL, expiry TEXT NOT NULL, offline INTEGER NOT NULL, state INTEGER NOT NULL,
        version INTEGER NOT NULL, atc INTEGER NOT NULL, last_expires INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS grants (token_ref TEXT NOT NULL REFERENCES tokens, atc INTEGER NOT NULL, expires INTEGER NOT NULL,
        max_amount INTEGER NOT NULL, mcc INTEGER, country INTEGER NOT NULL, domain TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (token_ref, atc));
      CREATE TABLE IF NOT EXISTS failures (token_ref TEXT NOT NULL REFERENCES tokens, at INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS failures_by_token ON failures (token_ref, at);
      CREATE TABLE IF NOT EXISTS decisions (request TEXT PRIMARY KEY, decline TEXT, auth_code TEXT);
      CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value BLOB NOT NULL);
    `);
  }

  /** All of `work` or nothing. */
  atomically<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }

  setting(name: string, make: () => Uint8Array): Uint8Array {
    const row = this.#db
      .prepare<[string], { value: Uint8Array }>("SELECT value FROM settings WHERE name = ?")
      .get(name);
    if (row) return Uint8Array.from(row.value);
    const value = make();
    this.#db.prepare("INSERT INTO settings (name, value) VALUES (?, ?)").run(name, value);
    return value;
  }

  card(cardId: string): CardRow | undefined {
    return this.#db.prepare<[string], CardRow>("SELECT * FROM cards WHERE card_id = ?").get(cardId);
  }

  addCard(card: CardRow): void {
    this.#db
      .prepare("INSERT INTO cards (card_id, grant_key, access_hash, phone_name) VALUES (?, ?, ?, ?)")
      .run(card.card_id, card.grant_key, card.access_hash, card.phone_name);
  }

  token(tokenRef: string): TokenRow | undefined {
    return this.#db.prepare<[string], TokenRow>("SELECT * FROM tokens WHERE token_ref = ?").get(tokenRef);
  }

  tokenByPan(panIndex: string): TokenRow | undefined {
    return this.#db.prepare<[string], TokenRow>("SELECT * FROM tokens WHERE pan_index = ?").get(panIndex);
  }

  /** False where the PAN is taken. */
  addToken(token: TokenRow, panIndex: string): boolean {
    const { changes } = this.#db
      .prepare(
        `INSERT OR IGNORE INTO tokens (token_ref, card_id, pan_index, pan, holder, last4, expiry, offline, state, version, atc, last_expires)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        token.token_ref,
        token.card_id,
        panIndex,
        token.pan,
        token.holder,
        token.last4,
        token.expiry,
        token.offline,
        token.state,
        token.version,
        token.atc,
        token.last_expires,
      );
    return changes === 1;
  }

  setState(tokenRef: string, state: number, version: number): void {
    this.#db.prepare("UPDATE tokens SET state = ?, version = ? WHERE token_ref = ?").run(state, version, tokenRef);
  }

  /** Stores a grant and moves the token's ATC to it. */
  addGrant(grant: Omit<GrantRow, "used">): void {
    this.#db
      .prepare(
        "INSERT INTO grants (token_ref, atc, expires, max_amount, mcc, country, domain) VALUES (?, ?, ?, ?, ?, ?, ?)",
      )
      .run(grant.token_ref, grant.atc, grant.expires, grant.max_amount, grant.mcc, grant.country, grant.domain);
    this.#db
      .prepare("UPDATE tokens SET atc = ?, last_expires = MAX(last_expires, ?) WHERE token_ref = ?")
      .run(grant.atc, grant.expires, grant.token_ref);
  }

  /** The newest grant of a token whose ATC ends in these four digits. */
  grantByAtc(tokenRef: string, atcDigits: number): GrantRow | undefined {
    return this.#db
      .prepare<[string, number], GrantRow>(
        "SELECT * FROM grants WHERE token_ref = ? AND atc % 10000 = ? ORDER BY atc DESC LIMIT 1",
      )
      .get(tokenRef, atcDigits);
  }

  useGrant(tokenRef: string, atc: number): void {
    this.#db.prepare("UPDATE grants SET used = 1 WHERE token_ref = ? AND atc = ?").run(tokenRef, atc);
  }

  /** Grants of a token that are unspent and live at `now`. */
  liveGrants(tokenRef: string, now: number): number {
    return this.#db
      .prepare<[string, number], { n: number }>(
        "SELECT COUNT(*) AS n FROM grants WHERE token_ref = ? AND used = 0 AND expires > ?",
      )
      .get(tokenRef, now)!.n;
  }

  /** Counts a wrong try; how many there were since `since`, this one included. */
  addFailure(tokenRef: string, at: number, since: number): number {
    this.#db.prepare("INSERT INTO failures (token_ref, at) VALUES (?, ?)").run(tokenRef, at);
    return this.#db
      .prepare<[string, number], { n: number }>("SELECT COUNT(*) AS n FROM failures WHERE token_ref = ? AND at > ?")
      .get(tokenRef, since)!.n;
  }

  clearFailures(tokenRef: string): void {
    this.#db.prepare("DELETE FROM failures WHERE token_ref = ?").run(tokenRef);
  }

  decision(request: string): Decision | undefined {
    return this.#db
      .prepare<[string], Decision>("SELECT decline, auth_code FROM decisions WHERE request = ?")
      .get(request);
  }

  keepDecision(request: string, decision: Decision): void {
    this.#db
      .prepare("INSERT OR IGNORE INTO decisions (request, decline, auth_code) VALUES (?, ?, ?)")
      .run(request, decision.decline, decision.auth_code);
  }

  close(): void {
    this.#db.close();
  }
}
