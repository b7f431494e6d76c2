// What comes within one turn of the event loop, or while others are being written down, is done together: a disk is asked once for all of it
// (group commit).

/** Of one group, at most: whoever comes next waits for all of them. */
const GROUP_MAX = 256;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly answer: (result: Result) => void;
}

export class Turns<Item, Result> {
  readonly #work: (group: readonly Item[]) => Promise<readonly Result[]>;
  readonly #waiting: Waiting<Item, Result>[] = [];
  #isCalled = false;
  /** Whether a group is being worked on. */
  #isBusy = false;

  /** @param work - A result for each of a group, in its order; never rejects. One after the other */
  constructor(work: (group: readonly Item[]) => Promise<readonly Result[]>) {
    this.#work = work;
  }

  /** Calls `answer` once, behind this turn of the event loop and in the order of asking. */
  ask(item: Item, answer: (result: Result) => void): void {
    this.#waiting.push({ item, answer });
    this.#call();
  }

  #call(): void {
    if (this.#isCalled || this.#waiting.length === 0 || this.#isBusy) return;
    this.#isCalled = true;
    setImmediate(() => {
      this.#isCalled = false;
      void this.#next(this.#waiting.splice(0, GROUP_MAX));
    });
  }

  async #next(group: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#isBusy = true;
    const results = await this.#work(group.map(({ item }) => item));
    this.#isBusy = false;
    for (const [i, { answer }] of group.entries()) answer(results[i]!);
    this.#call();
  }
}
