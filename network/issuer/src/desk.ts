// Requests that come while others are being written down are decided together, in one transaction (turns.ts). No answer leaves before what it says is
// durable. One group at a time, over either engine: two that read and write the same tables are in each other's way (group-tables.ts).

import type { Message } from "@enabling-card/iso8583";
import { SqlError } from "@enabling-card/sql";
import { type Asker, decided, REPEAT_WINDOW_S } from "./authorise.js";
import { GroupTables } from "./group-tables.js";
import type { Issuer } from "./issuer.js";
import type { Decision, Tables } from "./store.js";
import { Turns } from "./turns.js";

/**
 * Undefined where the issuer could not decide: its store is full, locked or gone, or a row is damaged. Nothing was changed then. "open" where nobody can be
 * asked whether what was decided is kept.
 */
export type Outcome = Decision | undefined | "open";

interface Asked {
  readonly message: Message;
  readonly from: Asker;
}

export class Desk {
  readonly #turns: Turns<Asked, Outcome>;
  readonly #issuer: Issuer;
  /** What is over was forgotten then: what is decided looks at times by itself. */
  #forgotAt = 0;

  constructor(issuer: Issuer) {
    this.#issuer = issuer;
    this.#turns = new Turns((group) => this.#outcomesOf(group));
  }

  /** Calls `answer` once, behind this turn of the event loop and in the order of asking. */
  ask(message: Message, answer: (outcome: Outcome) => void, from: Asker = "terminal"): void {
    this.#turns.ask({ message, from }, answer);
  }

  async #outcomesOf(group: readonly Asked[]): Promise<readonly Outcome[]> {
    const now = this.#issuer.now();
    try {
      return await this.#decided(group, now);
    } catch (error) {
      // One of them may be to blame; a store that fails fails all.
      const outcome = error instanceof SqlError && error.isOpen ? "open" : undefined;
      if (group.length === 1 || error instanceof SqlError) return group.map(() => outcome);
      const outcomes: Outcome[] = [];
      for (const one of group) outcomes.push(...(await this.#outcomesOf([one])));
      return outcomes;
    }
  }

  async #decided(group: readonly Asked[], now: number): Promise<readonly Outcome[]> {
    let forgotAt = 0;
    const forget = async (kept: Tables) => {
      const isMore = this.#forgotAt !== now && (await kept.forget(now - REPEAT_WINDOW_S));
      forgotAt = isMore ? 0 : now;
    };
    const outcomes = await this.#together(group, now, forget);
    this.#forgotAt = forgotAt;
    return outcomes;
  }

  #together(
    group: readonly Asked[],
    now: number,
    forget: (kept: Tables) => Promise<void>,
  ): Promise<readonly Outcome[]> {
    const issuer = this.#issuer;
    if (issuer.store.isServer && group.length > 1) {
      const works = group.map(
        ({ message, from }) =>
          (kept: Tables) =>
            decided(issuer, kept, message, from, now),
      );
      return issuer.store.atomically(
        async (kept: GroupTables) => {
          await forget(kept);
          return kept.inTurn(works);
        },
        (sql) => new GroupTables(sql),
      );
    }
    return issuer.store.atomically(async (kept) => {
      await forget(kept);
      const decisions: Decision[] = [];
      for (const { message, from } of group) decisions.push(await decided(issuer, kept, message, from, now));
      return decisions;
    });
  }
}
