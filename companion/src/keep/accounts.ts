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

  async keep(account: Account): Promise<void> {
    await keeping(() => this.#database.put("accounts", account));
  }
}
