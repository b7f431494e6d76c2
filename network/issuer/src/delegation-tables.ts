// What the issuer remembers of rights that were handed out (system 6): each right, and each payment by one under every caveat that counts.

import type { Sql } from "@enabling-card/sql";
import type { DelegationRow, GrantRow } from "./rows.js";

/** What was paid under one counter, reversed payments apart. */
export interface Used {
  readonly uses: number;
  /** Minor units. */
  readonly amount: number;
}

/** A payment by a right, or a grant that may become one. */
export type DelegatedGrant = Pick<GrantRow, "atc" | "expires" | "used" | "said" | "reversed" | "held_by">;

/** Grants of one right that are listed, the newest first. */
const LISTED = 100;

export class DelegationTables {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find(id: string): Promise<DelegationRow | undefined> {
    return this.#sql.row("SELECT * FROM delegations WHERE id = ?", id);
  }

  async add({ id, token_ref, key_number, made_at, caveats, until }: Omit<DelegationRow, "revoked">): Promise<void> {
    await this.#sql.run(
      "INSERT INTO delegations (id, token_ref, key_number, made_at, caveats, until) VALUES (?, ?, ?, ?, ?, ?)",
      ...[id, token_ref, key_number, made_at, caveats, until],
    );
  }

  async revoke(id: string): Promise<void> {
    await this.#sql.run("UPDATE delegations SET revoked = 1 WHERE id = ?", id);
  }

  /** Of a token, the newest first. */
  ofToken(tokenRef: string): Promise<DelegationRow[]> {
    return this.#sql.rows("SELECT * FROM delegations WHERE token_ref = ? ORDER BY made_at DESC, id", tokenRef);
  }

  /** Rights of a token that somebody may still use. */
  async living(tokenRef: string, now: number): Promise<number> {
    const row = await this.#sql.row<{ n: number }>(
      "SELECT COUNT(*) AS n FROM delegations WHERE token_ref = ? AND revoked = 0 AND until > ?",
      ...[tokenRef, now],
    );
    return row!.n;
  }

  /** Forgets rights that were over before `until`, which nobody can use. */
  async forget(tokenRef: string, until: number): Promise<void> {
    await this.#sql.run("DELETE FROM delegations WHERE token_ref = ? AND until <= ?", tokenRef, until);
  }

  /** A payment that was reversed is none. */
  async used(counter: string): Promise<Used> {
    const row = await this.#sql.row<Used>(
      `SELECT COUNT(*) AS uses, CAST(COALESCE(SUM(u.amount), 0) AS INTEGER) AS amount FROM delegated_uses u
         JOIN grants g ON g.token_ref = u.token_ref AND g.atc = u.atc WHERE u.counter = ? AND g.reversed = 0`,
      counter,
    );
    return row!;
  }

  async use(counters: readonly string[], tokenRef: string, atc: number, amount: number): Promise<void> {
    await this.#sql.runEach(
      "INSERT INTO delegated_uses (counter, token_ref, atc, amount) VALUES (?, ?, ?, ?)",
      counters.map((counter) => [counter, tokenRef, atc, amount]),
    );
  }

  grantsOf(id: string): Promise<DelegatedGrant[]> {
    return this.#sql.rows(
      `SELECT atc, expires, used, said, reversed, held_by FROM grants WHERE delegation = ? ORDER BY atc DESC LIMIT ${LISTED}`,
      id,
    );
  }
}
