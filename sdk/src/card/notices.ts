// Who hears what a card says.

import type { CardNotice } from "./answers.js";

export class Notices {
  readonly #listeners = new Set<(notice: CardNotice) => void>();

  /** Returns how to stop. */
  subscribe(listener: (notice: CardNotice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(notice: CardNotice): void {
    for (const listener of this.#listeners) {
      try {
        listener(notice);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** A listener's own error is the app's to see, as an uncaught one, and not the card's to suffer (as EventTarget does it). */
function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else
    setTimeout(() => {
      throw error;
    });
}
