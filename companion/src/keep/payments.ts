// What was paid, or was to be, in IndexedDB: one entry a grant.

import { GRANT_LIFE_S } from "@enabling-card/wire";
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Database, keeping } from "./database.js";
import type { Outcome, Payment } from "./records.js";

export type KeptPayment = Payment & { readonly id: number };

const SHOWN = 200;
/** Behind a grant's life nothing more can come of it; beside it what a request needs to arrive. */
const OVER_MS = 1000 * (GRANT_LIFE_S + 15);

export class Payments {
  readonly #database: Database;
  readonly #changes: Signal<number> = signal(0);
  /** Those that this page follows itself: whoever began them says how they end. */
  readonly #inHand = new Set<number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Another number each time that some entry is another. */
  get changes(): ReadonlySignal<number> {
    return this.#changes;
  }

  /** The newest first. */
  async newest(): Promise<KeptPayment[]> {
    const found: KeptPayment[] = [];
    let cursor = await this.#database.transaction("payments").store.index("startedMs").openCursor(null, "prev");
    while (cursor !== null && found.length < SHOWN) {
      found.push(cursor.value as KeptPayment);
      cursor = await cursor.continue();
    }
    return found;
  }

  find(id: number): Promise<Payment | undefined> {
    return this.#database.get("payments", id);
  }

  async begin(payment: Omit<Payment, "id" | "outcome" | "detail">): Promise<number> {
    const begun = { ...payment, outcome: "unknown", detail: "The app was closed before it ended" } as const;
    const id = await keeping(() => this.#database.add("payments", begun));
    this.#inHand.add(id);
    this.#changes.value++;
    return id;
  }

  /** Of those that were begun before these pages were loaded, and that no grant came for: nothing can have been sent. */
  async abandon(): Promise<void> {
    for (const { id, outcome, atc, token, grantHash } of await this.newest())
      if (outcome === "unknown" && token !== undefined && atc === undefined && grantHash === undefined)
        await this.end(id, "not-sent", "The app was closed before the card had it");
  }

  /** The issuer has made its grant. */
  async granted(id: number, atc: number): Promise<void> {
    await this.#change(id, ({ startedMs }) => ({ atc, closeAtMs: startedMs + OVER_MS }));
  }

  /** The card has its grant. */
  async loaded(id: number, grantHash: string): Promise<void> {
    await this.#change(id, () => ({ grantHash }));
  }

  /** Those of a card that were begun, and of which nobody knows how they ended. */
  async open(card: string): Promise<readonly KeptPayment[]> {
    const all = await this.newest();
    return all.filter((one) => one.card === card && one.outcome === "unknown" && !this.#inHand.has(one.id));
  }

  /** What the issuer has said of it stands. */
  async end(id: number, outcome: Outcome, detail: string): Promise<void> {
    this.#inHand.delete(id);
    await this.#change(id, ({ isClosed }) => (isClosed === true ? {} : { outcome, detail }));
  }

  /** It is to be closed now, and no later. */
  async closeNow(id: number): Promise<void> {
    await this.#change(id, () => ({ closeAtMs: Date.now() }));
  }

  /** The issuer has closed it. */
  async closed(id: number, outcome: Outcome, detail: string): Promise<void> {
    await this.#change(id, () => ({ outcome, detail, isClosed: true }));
  }

  async #change(id: number, change: (begun: Payment) => Partial<Payment>): Promise<void> {
    const writing = this.#database.transaction("payments", "readwrite");
    const begun = await writing.store.get(id);
    if (begun !== undefined) await writing.store.put({ ...begun, ...change(begun) });
    await writing.done;
    this.#changes.value++;
  }
}

/** Nobody has heard how it ended, and the issuer can be asked. */
export function isOpen({ outcome, atc, isClosed }: Payment): boolean {
  return atc !== undefined && isClosed !== true && (outcome === "unknown" || outcome === "sent");
}
