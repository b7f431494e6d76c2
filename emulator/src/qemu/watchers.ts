// Waits for something to become true, looked at whenever anything has changed, until nothing can change any more.

export class Watchers {
  readonly #looks = new Set<() => void>();
  #failure: Error | undefined;

  /** Something has changed. */
  changed(): void {
    for (const look of this.#looks) look();
  }

  /** Nothing changes any more: whoever waits, and whoever will, has `failure`. */
  fail(failure: Error): void {
    this.#failure = failure;
    this.changed();
  }

  /** Resolves when it is so; at once where it is. Rejects with what `fail` was told where it can be no more. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const look = () => {
        const isDone = isSo();
        if (!isDone && this.#failure === undefined) return;
        this.#looks.delete(look);
        if (isDone) resolve();
        else reject(this.#failure);
      };
      this.#looks.add(look);
    });
  }
}
