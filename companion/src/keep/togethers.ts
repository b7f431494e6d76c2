// When this phone and a card were together last, and where, in IndexedDB of this phone: nobody else is told. Beside it what its owner allowed.

import { type Database, keeping } from "./database.js";
import type { Together } from "./records.js";

/** What its owner allowed: that the place is kept, and notices outside of the app. */
export type Allowed = "place" | "notices";

export class Togethers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(card: string): Promise<Together | undefined> {
    return this.#database.get("togethers", card);
  }

  all(): Promise<Together[]> {
    return this.#database.getAll("togethers");
  }

  async keep(together: Together): Promise<void> {
    await keeping(() => this.#database.put("togethers", together));
  }

  async forget(card: string): Promise<void> {
    await this.#database.delete("togethers", card);
  }

  async isAllowed(what: Allowed): Promise<boolean> {
    return (await this.#database.get("settings", `allowed ${what}`)) !== undefined;
  }

  async allow(what: Allowed, isOn: boolean): Promise<void> {
    if (isOn) await keeping(() => this.#database.put("settings", "yes", `allowed ${what}`));
    else await this.#database.delete("settings", `allowed ${what}`);
  }
}
