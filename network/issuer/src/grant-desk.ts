// Grants that are asked for while others are being written down are counted together, in one transaction (turns.ts); each is made and sealed by itself.

import { SqlError } from "@enabling-card/sql";
import { IssuerError } from "./errors.js";
import type { CountedGrant } from "./grant-request.js";
import { GroupTables } from "./group-tables.js";
import type { IssuerStore, Tables } from "./store.js";
import { Turns } from "./turns.js";

type Count = (kept: Tables) => Promise<CountedGrant>;
/** What was counted, or why not. */
type Outcome = { readonly counted: CountedGrant } | { readonly error: unknown };

export class GrantDesk {
  readonly #turns: Turns<Count, Outcome>;

  constructor(store: IssuerStore) {
    this.#turns = new Turns((group) => outcomesOf(store, group));
  }

  /** What `count` gives, once it is durable. @param count - Throws an `IssuerError` before it has written anything, or writes; may be called again */
  ask(count: Count): Promise<CountedGrant> {
    return new Promise((resolve, reject) => {
      this.#turns.ask(count, (outcome) => ("error" in outcome ? reject(outcome.error) : resolve(outcome.counted)));
    });
  }
}

async function outcomesOf(store: IssuerStore, group: readonly Count[]): Promise<readonly Outcome[]> {
  try {
    if (store.isServer && group.length > 1) {
      const works = group.map((count) => (kept: Tables) => outcomeOf(count, kept));
      return await store.atomically(
        (kept: GroupTables) => kept.inTurn(works),
        (sql) => new GroupTables(sql),
      );
    }
    return await store.atomically(async (kept) => {
      const outcomes: Outcome[] = [];
      for (const count of group) outcomes.push(await outcomeOf(count, kept));
      return outcomes;
    });
  } catch (error) {
    // One of them may be to blame; a store that fails fails all.
    if (group.length === 1 || error instanceof SqlError) return group.map(() => ({ error }));
    const outcomes: Outcome[] = [];
    for (const one of group) outcomes.push(...(await outcomesOf(store, [one])));
    return outcomes;
  }
}

/** A refusal is one phone's; anything else undoes the group. */
async function outcomeOf(count: Count, kept: Tables): Promise<Outcome> {
  try {
    return { counted: await count(kept) };
  } catch (error) {
    if (error instanceof IssuerError) return { error };
    throw error;
  }
}
