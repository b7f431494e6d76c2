// Another process's lock on a SQLite: what asks for the store waits for it, nothing else does, and nobody waits for one that has been waited for in vain.

/** How long another process's write may keep whoever asks, ms. */
const WAIT_MS = 1000;
/** It is tried anew every so many ms. */
const TRY_MS = 10;

export class Unlocked {
  /** Whoever waited last did so in vain: until the store is had again each tries once. */
  #isLocked = false;

  /** What `work` returns, which changes nothing where it finds a lock. @throws SQLite's `SQLITE_BUSY...`, and what `work` throws */
  async had<T>(work: () => T): Promise<T> {
    const until = performance.now() + WAIT_MS;
    for (;;) {
      try {
        const result = work();
        this.#isLocked = false;
        return result;
      } catch (cause) {
        if (!/^SQLITE_BUSY/.test(String((cause as { readonly code?: unknown })?.code))) throw cause;
        this.#isLocked ||= performance.now() > until;
        if (this.#isLocked) throw cause;
      }
      await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    }
  }
}
