// A phone that is near says so, by a message each third of the time that its card would wait for one (docs/protocol.md, "Nearness").

/** Seconds between two, at least: a card's battery has better to do. */
const LEAST_S = 10;

export class NearKeeper {
  readonly #say: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param say - Sends any message, if the card can be reached */
  constructor(say: () => void) {
    this.#say = say;
  }

  /** @param awayS - How long the card waits, null for ever */
  keep(awayS: number | null): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (awayS === null) return;
    const again = () => {
      this.#timer = setTimeout(
        () => {
          again();
          this.#say();
        },
        Math.max(LEAST_S, awayS / 3) * 1000,
      );
      // In Node no program lives for that alone.
      (this.#timer as { unref?: () => void }).unref?.();
    };
    again();
  }
}
