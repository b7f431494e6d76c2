// Accounts of cards in IndexedDB.

import { type Database, keeping } from "./database.js";
import type { Account } from "./records.js";

export class Accounts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(card: string): Promise<Account | undefined> {
    return this.#database.get("accounts", card);
  }

  all(): Promise<Account[]> {
    return this.#database.getAll("accounts");
  }

  /**
   * A key for a request that makes something of the issuer's, the same until `made`: where these pages are closed before they have kept the answer, it is the same
   * request once more, and gets the same answer.
   */
  async requestKey(what: string): Promise<string> {
    const name = `request ${what}`;
    const known = await this.#database.get("settings", name);
    if (known !== undefined) return known;
    const key = crypto.randomUUID();
    await keeping(() => this.#database.put("settings", key, name));
    return key;
  }

  async made(what: string): Promise<void> {
    await this.#database.delete("settings", `request ${what}`);
  }

  async keep(account: Account): Promise<void> {
    await keeping(() => this.#database.put("accounts", account));
  }
}
