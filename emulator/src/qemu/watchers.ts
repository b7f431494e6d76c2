// Waits for something to become true, looked at whenever anything has changed.

export class Watchers {
  readonly #looks = new Set<() => void>();

  /** Something has changed. */
  changed(): void {
    for (const look of this.#looks) look();
  }

  /** Resolves when it is so; at once where it is. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
    });
  }
}
