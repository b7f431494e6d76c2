// Who waits at a door is served in turn, some of each: whoever brings many messages waits longer for them, and nobody else for his.

/** Messages of one that are served before the next one's. */
const AT_ONCE = 8;

export interface InTurn {
  /** Serves one message. False where there is none that may be served now. */
  serveNext(): boolean;
}

export class Turns {
  readonly #most: number;
  /** Who came last is the last one. */
  readonly #waiting = new Set<InTurn>();
  #unanswered = 0;
  #isCalled = false;

  /** @param most - Messages that may wait for their answers, of all together */
  constructor(most: number) {
    this.#most = most;
  }

  /** Serves what `one` brings: now where nobody else waits, and what is left when it is its turn. */
  wait(one: InTurn): void {
    if (this.#waiting.size === 0 && !this.#serve(one)) return;
    this.#waiting.add(one);
    this.#call();
  }

  leave(one: InTurn): void {
    this.#waiting.delete(one);
  }

  asked(): void {
    this.#unanswered++;
  }

  answered(): void {
    this.#unanswered--;
    if (this.#waiting.size > 0) this.#call();
  }

  #call(): void {
    if (this.#isCalled || this.#unanswered >= this.#most) return;
    this.#isCalled = true;
    setImmediate(() => {
      this.#isCalled = false;
      for (const one of [...this.#waiting]) {
        if (this.#unanswered >= this.#most) return;
        this.#waiting.delete(one);
        if (this.#serve(one)) this.#waiting.add(one);
      }
      if (this.#waiting.size > 0) this.#call();
    });
  }

  /** @returns whether it may have more */
  #serve(one: InTurn): boolean {
    for (let served = 0; served < AT_ONCE; served++) {
      if (this.#unanswered >= this.#most) return true;
      if (!one.serveNext()) return false;
    }
    return true;
  }
}
