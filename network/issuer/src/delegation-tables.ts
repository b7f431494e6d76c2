// What the issuer remembers of rights that were handed out (system 6): each right, and each payment by one under every caveat that counts.

import type { Counter } from "@enabling-card/delegation";
import type { Sql } from "@enabling-card/sql";
import type { DelegationRow, GrantRow, Said } from "./rows.js";

/** What was paid under one counter, and not reversed. */
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
  /** Rights of which their owners have something to hear. */
  readonly changed: string[] = [];

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find(id: string): Promise<DelegationRow | undefined> {
    return this.#sql.row("SELECT * FROM delegations WHERE id = ?", id);
  }

  async add({
    id,
    token_ref,
    key_number,
    made_at,
    caveats,
    until,
  }: Omit<DelegationRow, "revoked" | "version">): Promise<void> {
    await this.#sql.run(
      "INSERT INTO delegations (id, token_ref, key_number, made_at, caveats, until) VALUES (?, ?, ?, ?, ?, ?)",
      ...[id, token_ref, key_number, made_at, caveats, until],
    );
  }

  async revoke(id: string): Promise<void> {
    await this.#sql.run("UPDATE delegations SET revoked = 1 WHERE id = ?", id);
    await this.#touch([id]);
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

  /** Forgets rights that were over before `until`, which nobody can use, and what was counted of them. */
  async forget(tokenRef: string, until: number): Promise<void> {
    const over = "token_ref = ? AND until <= ?";
    await this.#sql.run(
      `DELETE FROM delegated_counters WHERE delegation IN (SELECT id FROM delegations WHERE ${over})`,
      ...[tokenRef, until],
    );
    await this.#sql.run(`DELETE FROM delegations WHERE ${over}`, tokenRef, until);
  }

  async used(counter: string): Promise<Used> {
    const row = await this.#sql.row<Used>("SELECT uses, amount FROM delegated_counters WHERE name = ?", counter);
    return row ?? { uses: 0, amount: 0 };
  }

  /** Counts a payment under each of these. */
  async use(counters: readonly string[], delegation: string, amount: number): Promise<void> {
    await this.#sql.runEach(
      `INSERT INTO delegated_counters (name, delegation, uses, amount) VALUES (?, ?, 1, ?)
         ON CONFLICT (name) DO UPDATE SET uses = delegated_counters.uses + 1, amount = delegated_counters.amount + excluded.amount`,
      counters.map((counter) => [counter, delegation, amount]),
    );
    await this.#touch([delegation]);
  }

  /** Gives back the uses of payments that are about to be reversed: those of the request of that name, made after `since`. */
  async giveBack(requestName: string, since: number): Promise<void> {
    const paid = await this.#sql.rows<Pick<GrantRow, "delegation" | "counters" | "said">>(
      "SELECT delegation, counters, said FROM grants WHERE request_name = ? AND used_at > ? AND reversed = 0 AND counters IS NOT NULL",
      ...[requestName, since],
    );
    const uses = paid.flatMap(({ counters, said }) => {
      const { amount } = JSON.parse(said!) as Said;
      return (JSON.parse(counters!) as Counter[]).map(({ name }) => [amount, name]);
    });
    await this.#sql.runEach("UPDATE delegated_counters SET uses = uses - 1, amount = amount - ? WHERE name = ?", uses);
    await this.#touch(paid.map(({ delegation }) => delegation!));
  }

  /** Of a card's tokens, those of which its phone has something to hear. */
  newsOf(cardId: string): Promise<Pick<DelegationRow, "id" | "token_ref" | "version">[]> {
    return this.#sql.rows(
      `SELECT d.id, d.token_ref, d.version FROM delegations d JOIN tokens t ON t.token_ref = d.token_ref
         WHERE t.card_id = ? AND d.version > 0 ORDER BY d.made_at, d.id`,
      cardId,
    );
  }

  async #touch(ids: readonly string[]): Promise<void> {
    await this.#sql.runEach(
      "UPDATE delegations SET version = version + 1 WHERE id = ?",
      ids.map((id) => [id]),
    );
    this.changed.push(...ids);
  }

  grantsOf(id: string): Promise<DelegatedGrant[]> {
    return this.#sql.rows(
      `SELECT atc, expires, used, said, reversed, held_by FROM grants WHERE delegation = ? ORDER BY atc DESC LIMIT ${LISTED}`,
      id,
    );
  }
}
