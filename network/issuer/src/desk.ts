// Requests that come while others are being written down are decided together, in one transaction: a disk is asked once for all of them
// (group commit). No answer leaves before what it says is durable.

import type { Message } from "@enabling-card/iso8583";
import { decided, REPEAT_WINDOW_S } from "./authorise.js";
import type { Issuer } from "./issuer.js";
import type { Decision } from "./store.js";

/** Requests of one transaction, at most: whoever comes next waits for all of them. */
const GROUP_MAX = 256;

/** Undefined where the issuer could not decide: its store is full, locked or gone, or a row is damaged. Nothing was changed then. */
export type Outcome = Decision | undefined;

interface Waiting {
  readonly message: Message;
  readonly answer: (outcome: Outcome) => void;
}

export class Desk {
  readonly #issuer: Issuer;
  readonly #waiting: Waiting[] = [];
  #isCalled = false;

  constructor(issuer: Issuer) {
    this.#issuer = issuer;
  }

  /** Calls `answer` once, behind this turn of the event loop and in the order of asking. */
  ask(message: Message, answer: (outcome: Outcome) => void): void {
    this.#waiting.push({ message, answer });
    this.#call();
  }

  #call(): void {
    if (this.#isCalled || this.#waiting.length === 0) return;
    this.#isCalled = true;
    setImmediate(() => {
      this.#isCalled = false;
      const group = this.#waiting.splice(0, GROUP_MAX);
      const outcomes = outcomesOf(this.#issuer, group);
      for (const [i, { answer }] of group.entries()) answer(outcomes[i]);
      this.#call();
    });
  }
}

function outcomesOf(issuer: Issuer, group: readonly Waiting[]): readonly Outcome[] {
  try {
    return issuer.store.atomically(() => {
      issuer.store.forget(issuer.now() - REPEAT_WINDOW_S);
      return group.map(({ message }) => decided(issuer, message));
    });
  } catch (error) {
    // One of them may be to blame; a store that fails fails all.
    if (group.length === 1 || isOfStore(error)) return group.map(() => undefined);
    return group.flatMap((one) => outcomesOf(issuer, [one]));
  }
}

function isOfStore(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith("SQLITE_");
}
