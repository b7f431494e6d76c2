// Payments whose end nobody has heard are closed with the issuer, by themselves and again until it answers: nothing stays unknown. At once where the terminal
// has said that it got no answer, or the owner asks for it; else behind the grant's life, as a terminal may ask late.

import { CardError, type ClosedGrant, type IssuerClient } from "@enabling-card/sdk";
import { fromHex } from "@enabling-card/wire";
import { isOpen, type KeptPayment, type Payments } from "../keep/payments.js";
import type { Account, Outcome } from "../keep/records.js";
import { sentenceOf } from "../parts/sentence.js";
import { declined, euro, when } from "../parts/words.js";

export interface ClosingOptions {
  readonly payments: Payments;
  readonly account: (card: string) => Promise<Account>;
  readonly issuerOf: (account: Account) => IssuerClient;
  /** Takes the grant back from its card, where that is near and has it still. */
  readonly takeBack: (payment: KeptPayment) => Promise<void>;
}

/** Between two tries, ms, the last one again and again. */
const AGAIN_MS = [1_000, 2_000, 5_000, 10_000, 20_000] as const;
/** A terminal whose line was cut takes an approval back behind it: what was approved is asked once more for so long, so often, ms. */
const REVERSAL_MS = 600_000;
const LOOK_MS = 30_000;
/** The longest that a browser's timer takes is longer; a clock that was put right is seen sooner so. */
const SLEEP_MAX_MS = 60_000;

export class Closing {
  readonly #options: ClosingOptions;
  readonly #over: AbortSignal;
  /** When each is asked for next, and how often it was in vain. */
  readonly #next = new Map<number, { readonly atMs: number; readonly tries: number }>();
  /** That the issuer has refused: only their owner asks again. */
  readonly #refused = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn: Promise<void> = Promise.resolve();

  /** @param over - Another tab has the cards from then on */
  constructor(options: ClosingOptions, over: AbortSignal) {
    this.#options = options;
    this.#over = over;
    const back = () => this.#again();
    addEventListener("online", back, { signal: over });
    over.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    options.payments.changes.subscribe(() => this.#look());
  }

  /** Closes one now; where the issuer cannot be reached it is tried again by itself. @throws {CardError} why it is not closed yet */
  async now(id: number): Promise<void> {
    this.#refused.delete(id);
    this.#next.delete(id);
    await this.#options.payments.closeNow(id);
    const failed = await this.#inTurn(() => this.#closed(id));
    if (failed !== undefined) throw failed;
  }

  /** The network is back. */
  #again(): void {
    this.#next.clear();
    this.#look();
  }

  #look(): void {
    void this.#inTurn(() => this.#closeDue()).catch(() => undefined);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async #closeDue(): Promise<void> {
    if (this.#over.aborted) return;
    clearTimeout(this.#timer);
    let soonest = Date.now() + SLEEP_MAX_MS;
    try {
      for (const payment of await this.#options.payments.newest()) {
        const { id } = payment;
        let atMs = this.#dueMs(payment);
        if (atMs !== undefined && atMs <= Date.now()) {
          await this.#closed(id);
          atMs = this.#dueMs({ ...((await this.#options.payments.find(id)) ?? payment), id });
        }
        soonest = Math.min(soonest, atMs ?? soonest);
      }
    } finally {
      clearTimeout(this.#timer);
      if (!this.#over.aborted) this.#timer = setTimeout(() => this.#look(), Math.max(250, soonest - Date.now()));
    }
  }

  /** When it is to be asked for; undefined of one that is over. */
  #dueMs(payment: KeptPayment): number | undefined {
    const { id, closeAtMs, startedMs, outcome, isClosed } = payment;
    const next = this.#next.get(id)?.atMs;
    if (this.#refused.has(id)) return undefined;
    if (isOpen(payment)) return Math.max(closeAtMs ?? 0, next ?? 0);
    const canBeReversed = isClosed === true && outcome === "approved" && Date.now() < startedMs + REVERSAL_MS;
    return canBeReversed ? (next ?? Date.now() + LOOK_MS) : undefined;
  }

  /** Why not, where it is not. */
  async #closed(id: number): Promise<CardError | undefined> {
    const { payments, account, issuerOf, takeBack } = this.#options;
    const payment = await payments.find(id);
    const { atc, token, card, isClosed, outcome } = payment ?? {};
    if (payment === undefined || atc === undefined || token === undefined) return undefined;
    try {
      // First the card: what it has not sent yet it never will.
      await takeBack({ ...payment, id }).catch(() => undefined);
      const own = await account(card!);
      const signal = this.#over;
      const told = await issuerOf(own).closeGrant(own.cardId, fromHex(token), atc, { signal });
      this.#next.set(id, { atMs: Date.now() + LOOK_MS, tries: 0 });
      if (isClosed !== true || told.outcome !== outcome) await payments.closed(id, ...saidOf(told));
      return undefined;
    } catch (error) {
      if (!(error instanceof CardError)) throw error;
      const isOver = error.code !== "ISSUER_UNREACHABLE";
      const tries = (this.#next.get(id)?.tries ?? -1) + 1;
      this.#next.set(id, { atMs: Date.now() + AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]!, tries });
      if (isOver) this.#refused.add(id);
      const why = isOver ? sentenceOf(error) : "The issuer cannot be reached: it is asked again by itself";
      if (payment.detail !== why && isClosed !== true) await payments.end(id, payment.outcome, why);
      return error;
    }
  }
}

/** What the issuer said, in words. */
function saidOf(closed: ClosedGrant): [outcome: Outcome, detail: string] {
  if (closed.outcome === "unused")
    return ["unused", "The issuer has closed it: no terminal has asked for it, and none gets it any more"];
  const { amount, currency, merchant, at } = closed;
  const sum = currency === "978" ? euro(amount) : `${(amount / 100).toFixed(2)} (currency ${currency})`;
  const what = `${sum} at ${merchant === "" ? "a merchant without a name" : merchant}, ${when(1000 * at)}`;
  switch (closed.outcome) {
    case "approved":
      return ["approved", `The issuer has approved it: ${what}, code ${closed.authCode}`];
    case "reversed":
      return ["reversed", `The issuer had approved it, and the terminal took it back: ${what}`];
    default:
      return ["declined", `The issuer has declined ${what}: ${declined(closed.decline)}`];
  }
}
