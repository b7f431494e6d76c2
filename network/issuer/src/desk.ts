// Requests that come while others are being written down are decided together, in one transaction: a disk is asked once for all of them
// (group commit). No answer leaves before what it says is durable.

import type { Message } from "@enabling-card/iso8583";
import { SqlError } from "@enabling-card/sql";
import { type Asker, decided, REPEAT_WINDOW_S } from "./authorise.js";
import type { Issuer } from "./issuer.js";
import type { Decision } from "./store.js";

/** Requests of one transaction, at most: whoever comes next waits for all of them. */
const GROUP_MAX = 256;

/** Undefined where the issuer could not decide: its store is full, locked or gone, or a row is damaged. Nothing was changed then. */
export type Outcome = Decision | undefined;

interface Waiting {
  readonly message: Message;
  readonly from: Asker;
  readonly answer: (outcome: Outcome) => void;
}

export class Desk {
  readonly #issuer: Issuer;
  readonly #waiting: Waiting[] = [];
  #isCalled = false;
  /** Groups that are being decided. */
  #busy = 0;

  constructor(issuer: Issuer) {
    this.#issuer = issuer;
  }

  /** Calls `answer` once, behind this turn of the event loop and in the order of asking. */
  ask(message: Message, answer: (outcome: Outcome) => void, from: Asker = "terminal"): void {
    this.#waiting.push({ message, from, answer });
    this.#call();
  }

  #call(): void {
    if (this.#isCalled || this.#waiting.length === 0 || this.#busy === this.#issuer.store.lanes) return;
    this.#isCalled = true;
    setImmediate(() => {
      this.#isCalled = false;
      void this.#decide(this.#waiting.splice(0, GROUP_MAX));
      this.#call();
    });
  }

  async #decide(group: readonly Waiting[]): Promise<void> {
    this.#busy++;
    const outcomes = await outcomesOf(this.#issuer, group);
    this.#busy--;
    for (const [i, { answer }] of group.entries()) answer(outcomes[i]);
    this.#call();
  }
}

async function outcomesOf(issuer: Issuer, group: readonly Waiting[]): Promise<readonly Outcome[]> {
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
