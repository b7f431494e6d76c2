// What was paid, or was to be, in IndexedDB: one entry a grant.

import { type Database, keeping } from "./database.js";
import type { Outcome, Payment } from "./records.js";

const SHOWN = 200;

export class Payments {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The newest first. */
  async newest(): Promise<Payment[]> {
    const found: Payment[] = [];
    let cursor = await this.#database.transaction("payments").store.index("startedMs").openCursor(null, "prev");
    while (cursor !== null && found.length < SHOWN) {
      found.push(cursor.value);
      cursor = await cursor.continue();
    }
    return found;
  }

  async begin(payment: Omit<Payment, "id" | "outcome" | "detail">): Promise<number> {
    const begun = { ...payment, outcome: "unknown", detail: "The app was closed before it ended" } as const;
    return keeping(() => this.#database.add("payments", begun));
  }

  /** The card has its grant. */
  async loaded(id: number, grantHash: string): Promise<void> {
    await this.#change(id, { grantHash });
  }

  /** Those of a card that were begun, and of which nobody knows how they ended. */
  async open(card: string): Promise<readonly (Payment & { readonly id: number })[]> {
    const all = await this.newest();
    return all.filter((one): one is Payment & { id: number } => one.card === card && one.outcome === "unknown");
  }

  async end(id: number, outcome: Outcome, detail: string): Promise<void> {
    await this.#change(id, { outcome, detail });
  }

  async #change(id: number, change: Partial<Payment>): Promise<void> {
    const writing = this.#database.transaction("payments", "readwrite");
    const begun = await writing.store.get(id);
    if (begun !== undefined) await writing.store.put({ ...begun, ...change });
    await writing.done;
  }
}
