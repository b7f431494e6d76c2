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

  async end(id: number, outcome: Outcome, detail: string): Promise<void> {
    const change = this.#database.transaction("payments", "readwrite");
    const begun = await change.store.get(id);
    if (begun !== undefined) await change.store.put({ ...begun, outcome, detail });
    await change.done;
  }
}
