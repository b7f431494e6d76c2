// Whether a store keeps what it is given, for whoever watches a service: looked at once a second at most, however many ask.

const LOOKED_EVERY_MS = 1000;

export class StoreHealth {
  readonly #look: () => Promise<void>;
  #looked: Promise<void> | undefined;
  #again = 0;

  /** @param look - `SqlDatabase.checkWritable` */
  constructor(look: () => Promise<void>) {
    this.#look = look;
  }

  /** @throws {SqlError} `STORE_UNAVAILABLE`, as it was found within the last second */
  check(): Promise<void> {
    if (this.#looked === undefined || performance.now() > this.#again) {
      this.#again = Number.POSITIVE_INFINITY; // one at a time
      this.#looked = this.#look().finally(() => {
        this.#again = performance.now() + LOOKED_EVERY_MS;
      });
    }
    return this.#looked;
  }
}
