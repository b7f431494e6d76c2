// Requests that come while others are being written down are decided together, in one transaction (turns.ts). No answer leaves before what it says is
// durable.

import type { Message } from "@enabling-card/iso8583";
import { SqlError } from "@enabling-card/sql";
import { type Asker, decided, REPEAT_WINDOW_S } from "./authorise.js";
import type { Issuer } from "./issuer.js";
import type { Decision } from "./store.js";
import { Turns } from "./turns.js";

/** Undefined where the issuer could not decide: its store is full, locked or gone, or a row is damaged. Nothing was changed then. */
export type Outcome = Decision | undefined;

interface Asked {
  readonly message: Message;
  readonly from: Asker;
}

export class Desk {
  readonly #turns: Turns<Asked, Outcome>;

  constructor(issuer: Issuer) {
    this.#turns = new Turns(issuer.store.lanes, (group) => outcomesOf(issuer, group));
  }

  /** Calls `answer` once, behind this turn of the event loop and in the order of asking. */
  ask(message: Message, answer: (outcome: Outcome) => void, from: Asker = "terminal"): void {
    this.#turns.ask({ message, from }, answer);
  }
}

async function outcomesOf(issuer: Issuer, group: readonly Asked[]): Promise<readonly Outcome[]> {
  try {
    return await issuer.store.atomically(async (kept) => {
      await kept.forget(issuer.now() - REPEAT_WINDOW_S);
      const decisions: Decision[] = [];
      for (const { message, from } of group) decisions.push(await decided(issuer, kept, message, from));
      return decisions;
    });
  } catch (error) {
    // One of them may be to blame; a store that fails fails all.
    if (group.length === 1 || error instanceof SqlError) return group.map(() => undefined);
    const outcomes: Outcome[] = [];
    for (const one of group) outcomes.push(...(await outcomesOf(issuer, [one])));
    return outcomes;
  }
}
