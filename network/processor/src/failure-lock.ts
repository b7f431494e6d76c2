// Five wrong tries of a token: the issuer suspends it for them, as it does for its own (failure lock), so that its phone hears of it and its holder can lift
// that. What is lifted there is lifted here.

import type { ProcessorStore } from "./store.js";

/**
 * The issuer's: suspends an active token, once for each lock, and says whether it still may not pay.
 *
 * @param tokenRef - base64url
 * @param lock - The lock's own name
 */
export type LockToken = (tokenRef: string, lock: string) => Promise<{ readonly isHeld: boolean }>;

/** Locked tokens whose issuer was asked within this second: it is asked once. */
const KNOWN_MAX = 1024;

export interface FailureLocksOptions {
  readonly store: ProcessorStore;
  /** Without it a lock ends with the day. */
  readonly lockToken: LockToken | undefined;
  readonly nameOf: (kind: string, text: string) => string;
  readonly now: () => number;
}

export class FailureLocks {
  readonly #options: FailureLocksOptions;
  readonly #heldAt = new Map<string, number>();

  constructor(options: FailureLocksOptions) {
    this.#options = options;
  }

  /** Whether a token that has had its five wrong tries is still locked: until the issuer has heard of it, and its holder has lifted it. @param subject - Of its tries */
  async isHeld(subject: string, tokenRef: string): Promise<boolean> {
    const { store, lockToken, nameOf } = this.#options;
    const now = this.#options.now();
    if (lockToken === undefined || this.#heldAt.get(subject) === now) return true;
    const newest = await store.newestFailure(subject);
    if (newest === undefined) return false; // another process has heard that it is lifted
    const lock = nameOf("failure lock", `${subject}|${newest}`);
    const { isHeld } = await lockToken(tokenRef, lock).catch(() => ({ isHeld: true }));
    this.#heldAt.delete(subject);
    if (!isHeld) {
      await store.clearFailures(subject, newest);
      return false;
    }
    if (this.#heldAt.size >= KNOWN_MAX) this.#heldAt.clear();
    this.#heldAt.set(subject, now);
    return true;
  }
}
