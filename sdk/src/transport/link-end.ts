// The end of a link: it comes once, with one reason, whoever brought it, and each who waits hears of it.

import type { CardError } from "../errors.js";

export class LinkEnd {
  /** Rejects with the reason when the link goes; never resolves. For what the platform leaves pending then. */
  readonly lost: Promise<never>;
  #lose: (reason: CardError) => void = () => undefined;
  #reason: CardError | undefined;
  readonly #listeners = new Set<(reason: CardError) => void>();

  constructor() {
    this.lost = new Promise<never>((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => undefined); // nobody may wait
  }

  /** Why the link has gone; undefined while it is up. */
  get reason(): CardError | undefined {
    return this.#reason;
  }

  /** The first reason counts. */
  end(reason: CardError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#lose(reason);
    for (const listener of this.#listeners) listener(reason);
    this.#listeners.clear();
  }

  /** As `CardLink.onDisconnect` has it. */
  listen(listener: (reason: CardError) => void): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return () => undefined;
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
