// What the issuer remembers, in SQLite or PostgreSQL: cards, tokens, grants, decisions. No PAN, key, cryptogram or track in clear.

import {
  Answers,
  FORGOTTEN_AT_ONCE,
  Gathered,
  openDatabase,
  type Sql,
  type SqlDatabase,
  SqlError,
  TakenOnce,
} from "@enabling-card/sql";
import { DelegationTables } from "./delegation-tables.js";
import { IssuerError } from "./errors.js";
import { MIGRATIONS } from "./migrations.js";
import type {
  AccountRow,
  CardRow,
  Decision,
  GrantEnd,
  GrantRow,
  Level,
  Newest,
  NewGrant,
  NewToken,
  TokenRow,
} from "./rows.js";

export type * from "./rows.js";

/** Tokens that one statement adds, at most: either engine takes as many values (SQLite 32,766 of them). */
export const TOKENS_AT_ONCE = 100;
/** The tables, as one transaction sees them, or each statement by itself. */
export class Tables {
  readonly #sql: Sql;
  /** To requests that may come again. */
  readonly answers: Answers;
  /** Rights that were handed out. */
  readonly delegations: DelegationTables;
  /** Tokens that are new here, or in another state. */
  readonly changed: string[] = [];

  constructor(sql: Sql, answers = new Answers(sql)) {
    this.#sql = sql;
    this.answers = answers;
    this.delegations = new DelegationTables(sql);
  }

  async setting(name: string): Promise<Uint8Array | undefined> {
    const row = await this.#sql.row<{ value: Uint8Array }>("SELECT value FROM settings WHERE name = ?", name);
    return row && Uint8Array.from(row.value);
  }

  async keepSetting(name: string, value: Uint8Array): Promise<void> {
    await this.#sql.run(
      "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name,
      value,
    );
  }

  card(cardId: string): Promise<CardRow | undefined> {
    return this.#sql.row("SELECT * FROM cards WHERE card_id = ?", cardId);
  }

  async addCard(card: CardRow): Promise<void> {
    await this.#sql.run(
      "INSERT INTO cards (card_id, grant_key, access_hash, phone_name) VALUES (?, ?, ?, ?)",
      card.card_id,
      card.grant_key,
      card.access_hash,
      card.phone_name,
    );
  }

  /** False where there is no such card. */
  async setAccess(cardId: string, accessHash: string): Promise<boolean> {
    return (await this.#sql.run("UPDATE cards SET access_hash = ? WHERE card_id = ?", accessHash, cardId)) === 1;
  }

  token(tokenRef: string): Promise<TokenRow | undefined> {
    return this.#sql.row("SELECT * FROM tokens WHERE token_ref = ?", tokenRef);
  }

  tokenByPan(panIndex: string): Promise<TokenRow | undefined> {
    return this.#sql.row("SELECT * FROM tokens WHERE pan_index = ?", panIndex);
  }

  account(cardId: string): Promise<AccountRow | undefined> {
    return this.#sql.row("SELECT card_id, pan FROM accounts WHERE card_id = ?", cardId);
  }

  accountByPan(panIndex: string): Promise<AccountRow | undefined> {
    return this.#sql.row("SELECT card_id, pan FROM accounts WHERE pan_index = ?", panIndex);
  }

  /** False where the PAN is taken. */
  async addAccount({ card_id, pan }: AccountRow, panIndex: string): Promise<boolean> {
    const changes = await this.#sql.run(
      "INSERT INTO accounts (card_id, pan_index, pan) VALUES (?, ?, ?) ON CONFLICT (pan_index) DO NOTHING",
      card_id,
      panIndex,
      pan,
    );
    return changes === 1;
  }

  tokensOf(cardId: string): Promise<TokenRow[]> {
    return this.#sql.rows("SELECT * FROM tokens WHERE card_id = ?", cardId);
  }

  /** Tokens of a card that are not in `state`. */
  async tokensOutside(cardId: string, state: number): Promise<number> {
    return this.#count("SELECT COUNT(*) AS n FROM tokens WHERE card_id = ? AND state <> ?", cardId, state);
  }

  /** False where the PAN is taken. */
  async addToken(token: NewToken, panIndex: string): Promise<boolean> {
    return (await this.addTokens([[token, panIndex]])) === 1;
  }

  /** Tokens by one statement, each with its PAN's keyed name: as many at once as `TOKENS_AT_ONCE`. How many there are now: one whose PAN is taken is not. */
  async addTokens(tokens: readonly (readonly [token: NewToken, panIndex: string])[]): Promise<number> {
    const rows = tokens.map(() => "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").join(", ");
    const changes = await this.#sql.run(
      `INSERT INTO tokens (token_ref, card_id, pan_index, pan, holder, last4, expiry, offline, domain_only, state, state_by, version, atc, last_expires)
         VALUES ${rows} ON CONFLICT (pan_index) DO NOTHING`,
      ...tokens.flatMap(([token, panIndex]) => [
        ...[token.token_ref, token.card_id, panIndex, token.pan, token.holder, token.last4, token.expiry],
        ...[token.offline, token.domain_only, token.state, token.state_by, token.version, token.atc],
        token.last_expires,
      ]),
    );
    if (changes === tokens.length) for (const [token] of tokens) this.changed.push(token.token_ref);
    return changes;
  }

  async setState(tokenRef: string, state: number, by: string, version: number): Promise<void> {
    await this.#sql.run(
      "UPDATE tokens SET state = ?, state_by = ?, version = ? WHERE token_ref = ?",
      state,
      by,
      version,
      tokenRef,
    );
    this.changed.push(tokenRef);
  }

  /** @param key - Number of the master that its key is of */
  async setRegistration(tokenRef: string, registration: string, key: number): Promise<void> {
    const set = "UPDATE tokens SET registration = ?, registration_key = ? WHERE token_ref = ?";
    await this.#sql.run(set, registration, key, tokenRef);
  }

  /** Sealed values of tokens behind `after`, in the order of their names. */
  sealedTokens(after: string, most: number): Promise<Pick<TokenRow, "token_ref" | "pan" | "holder">[]> {
    const order = "SELECT token_ref, pan, holder FROM tokens WHERE token_ref > ? ORDER BY token_ref LIMIT ?";
    return this.#sql.rows(order, after, most);
  }

  async resealToken(tokenRef: string, pan: Uint8Array, holder: Uint8Array): Promise<void> {
    await this.#sql.run("UPDATE tokens SET pan = ?, holder = ? WHERE token_ref = ?", pan, holder, tokenRef);
  }

  sealedAccounts(after: string, most: number): Promise<AccountRow[]> {
    const order = "SELECT card_id, pan FROM accounts WHERE card_id > ? ORDER BY card_id LIMIT ?";
    return this.#sql.rows(order, after, most);
  }

  async resealAccount(cardId: string, pan: Uint8Array): Promise<void> {
    await this.#sql.run("UPDATE accounts SET pan = ? WHERE card_id = ?", pan, cardId);
  }

  /** Stores a grant and moves the token's ATC to it. @param level - Of the token's bucket, behind it */
  async addGrant(grant: NewGrant, level: Level): Promise<void> {
    // The token's row first: two who count at once meet there.
    await this.countGrants([[grant.token_ref, { atc: grant.atc, last_expires: grant.expires, ...level }]]);
    await this.addGrants([grant]);
  }

  /** Moves tokens, no two the same, behind their newest grants. */
  protected async countGrants(tokens: readonly (readonly [tokenRef: string, newest: Newest])[]): Promise<void> {
    await this.#sql.runEach(
      "UPDATE tokens SET atc = ?, level_s = ?, level_at = ?, last_expires = CASE WHEN last_expires < ? THEN ? ELSE last_expires END WHERE token_ref = ?",
      tokens.map(([ref, { atc, level_s, level_at, last_expires: last }]) => [atc, level_s, level_at, last, last, ref]),
    );
  }

  protected async addGrants(grants: readonly NewGrant[]): Promise<void> {
    await this.#sql.runEach(
      `INSERT INTO grants (token_ref, atc, expires, max_amount, domain, domain_hash, key_number, of_code, delegation, held_by, counters)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      grants.map(({ token_ref, atc, expires, max_amount, domain, domain_hash, key_number = 0, of_code = 0, ...of }) => [
        ...[token_ref, atc, expires, max_amount, domain, domain_hash, key_number, of_code],
        ...[of.delegation ?? null, of.held_by ?? null, of.counters ?? null],
      ]),
    );
  }

  grant(tokenRef: string, atc: number): Promise<GrantRow | undefined> {
    return this.#sql.row("SELECT * FROM grants WHERE token_ref = ? AND atc = ?", tokenRef, atc);
  }

  endGrant(tokenRef: string, atc: number, end: GrantEnd): Promise<void> {
    return this.endGrants([[tokenRef, atc, end]]);
  }

  async endGrants(grants: readonly (readonly [tokenRef: string, atc: number, end: GrantEnd])[]): Promise<void> {
    await this.#sql.runEach(
      "UPDATE grants SET used = ?, said = ?, request_name = ?, used_at = ? WHERE token_ref = ? AND atc = ?",
      grants.map(([ref, atc, { used, said, request_name, used_at }]) => [used, said, request_name, used_at, ref, atc]),
    );
  }

  /** Grants of a token that live at `now` and have paid nothing, those that were closed among them: whoever asks nobody takes them still. */
  liveGrants(tokenRef: string, now: number): Promise<number> {
    return this.#count(
      "SELECT COUNT(*) AS n FROM grants WHERE token_ref = ? AND used IN (0, 2) AND expires > ?",
      tokenRef,
      now,
    );
  }

  /** Counts a wrong try; how many there were after `since`, this one included. Earlier ones are forgotten. */
  async addFailure(tokenRef: string, at: number, since: number): Promise<number> {
    await this.#sql.run("DELETE FROM failures WHERE token_ref = ? AND at <= ?", tokenRef, since);
    await this.#sql.run("INSERT INTO failures (token_ref, at) VALUES (?, ?)", tokenRef, at);
    return this.#count("SELECT COUNT(*) AS n FROM failures WHERE token_ref = ?", tokenRef);
  }

  async clearFailures(tokenRef: string): Promise<void> {
    await this.#sql.run("DELETE FROM failures WHERE token_ref = ?", tokenRef);
  }

  /** The decision on a request, where it was made after `since`. */
  decision(request: string, since: number): Promise<Decision | undefined> {
    return this.#sql.row("SELECT decline, auth_code FROM decisions WHERE request = ? AND at > ?", request, since);
  }

  keepDecision(request: string, decision: Decision, at: number): Promise<void> {
    return this.keepDecisions([[request, decision, at]]);
  }

  /** No two of one request. */
  async keepDecisions(decisions: readonly (readonly [string, Decision, number])[]): Promise<void> {
    await this.#sql.runEach(
      `INSERT INTO decisions (request, at, decline, auth_code) VALUES (?, ?, ?, ?)
         ON CONFLICT (request) DO UPDATE SET at = excluded.at, decline = excluded.decline, auth_code = excluded.auth_code`,
      decisions.map(([request, { decline, auth_code }, at]) => [request, at, decline, auth_code]),
    );
  }

  /** True where the request of that name was reversed after `since`. */
  async isReversed(name: string, since: number): Promise<boolean> {
    return (await this.#sql.row("SELECT 1 FROM reversals WHERE name = ? AND at > ?", name, since)) !== undefined;
  }

  /** And says so of the grants that were paid by that request after `since`. */
  async keepReversal(name: string, at: number, since: number): Promise<void> {
    await this.#sql.run(
      "INSERT INTO reversals (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
      name,
      at,
    );
    await this.delegations.giveBack(name, since);
    await this.#sql.run("UPDATE grants SET reversed = 1 WHERE request_name = ? AND used_at > ?", name, since);
  }

  /** Forgets decisions and reversals of up to `until`, some at a time: whoever waits for an answer waits for this. @returns whether there may be more */
  async forget(until: number): Promise<boolean> {
    let isMore = false;
    for (const [table, key] of [
      ["decisions", "request"],
      ["reversals", "name"],
    ] as const) {
      const forgotten = await this.#sql.run(
        `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE at <= ? ORDER BY at LIMIT ${FORGOTTEN_AT_ONCE})`,
        until,
      );
      isMore ||= forgotten === FORGOTTEN_AT_ONCE;
    }
    return isMore;
  }

  async #count(text: string, ...values: readonly (string | number)[]): Promise<number> {
    return (await this.#sql.row<{ n: number }>(text, ...values))!.n;
  }
}

/** What is asked of it by itself, each statement is a transaction of its own. */
export class IssuerStore extends Tables {
  readonly #database: SqlDatabase;
  /** Nonces of signed requests. */
  readonly nonces: TakenOnce;
  readonly #told = new Set<(tokenRefs: readonly string[]) => void>();
  readonly #toldLent = new Set<(ids: readonly string[]) => void>();
  readonly #toldAccess = new Set<(cardId: string) => void>();

  constructor(database: SqlDatabase) {
    // What many requests look up at about one time is one journey to a server.
    super(database.engine === "postgresql" ? new Gathered(database) : database);
    this.#database = database;
    this.nonces = new TakenOnce(database);
  }

  get engine(): SqlDatabase["engine"] {
    return this.#database.engine;
  }

  /** Whether each statement is a journey. */
  get isServer(): boolean {
    return this.engine === "postgresql";
  }

  /** How many transactions there were since it was opened. */
  get transactions(): number {
    return this.#database.transactions;
  }

  /**
   * All of `work` or nothing, and nobody else's writes in between: `SqlDatabase.transaction`.
   *
   * @param view - Of the tables, as `work` sees them
   */
  async atomically<T, Kept extends Tables = Tables>(
    work: (kept: Kept) => Promise<T>,
    view: (sql: Sql) => Kept = (sql) => new Tables(sql) as Kept,
  ): Promise<T> {
    let [changed, lent]: readonly (readonly string[])[] = [[], []];
    const result = await this.#database.transaction((sql) => {
      const kept = view(sql);
      [changed, lent] = [kept.changed, kept.delegations.changed];
      return work(kept);
    });
    if (changed!.length > 0) for (const tell of this.#told) tell(changed!);
    if (lent!.length > 0) for (const tell of this.#toldLent) tell(lent!);
    return result;
  }

  /** Calls `tell` behind each transaction that made tokens, or brought them to another state. @returns what ends that */
  onTokens(tell: (tokenRefs: readonly string[]) => void): () => void {
    this.#told.add(tell);
    return () => void this.#told.delete(tell);
  }

  /** Calls `tell` behind each transaction in which something was done by rights, or to them. @returns what ends that */
  onLent(tell: (ids: readonly string[]) => void): () => void {
    this.#toldLent.add(tell);
    return () => void this.#toldLent.delete(tell);
  }

  override async setAccess(cardId: string, accessHash: string): Promise<boolean> {
    const isKnown = await super.setAccess(cardId, accessHash);
    for (const tell of this.#toldAccess) tell(cardId);
    return isKnown;
  }

  /** Calls `tell` behind each access key that is another one now. @returns what ends that */
  onAccess(tell: (cardId: string) => void): () => void {
    this.#toldAccess.add(tell);
    return () => void this.#toldAccess.delete(tell);
  }

  /** @throws {SqlError} `STORE_UNAVAILABLE` where it would keep nothing now */
  checkWritable(): Promise<void> {
    return this.#database.checkWritable();
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/**
 * @param where - A file, `:memory:`, or a `postgres:` URL
 * @throws {IssuerError} `STORE_DAMAGED`, `STORE_UNAVAILABLE`; SQLite's and Node's own where a file cannot be opened
 */
export async function openIssuerDatabase(where: string): Promise<SqlDatabase> {
  try {
    return await openDatabase(where, { service: "issuer", migrations: MIGRATIONS });
  } catch (cause) {
    throw cause instanceof SqlError ? new IssuerError(cause.code, { cause }) : cause;
  }
}
