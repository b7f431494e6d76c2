// Work of one name done in turn, that of others beside it: where each must see what the one before has written, and no transaction is worth its price.

export class OneByOne {
  /** The last of each name; none of these rejects. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Rejects as `work` does. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const mine = before === undefined ? work() : before.then(work);
    const settled = mine.catch(() => undefined);
    this.#last.set(name, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    }
  }
}
