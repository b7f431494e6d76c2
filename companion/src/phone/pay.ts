// One payment: a grant fetched and loaded, seen by its user, presented, and how it ended. Nothing is left half known: a grant that was not presented is
// taken back from the card, and of one that nobody has heard of the issuer is asked (closing.ts).

import { type Card, CardError, followCard, type Loaded, type Token, type WalletView } from "@enabling-card/sdk";
import { Phase, toHex } from "@enabling-card/wire";
import { type Signal, signal } from "@preact/signals";
import { isOpen } from "../keep/payments.js";
import type { Outcome } from "../keep/records.js";
import { sentenceOf } from "../parts/sentence.js";
import { declined, stopped } from "../parts/words.js";
import type { TillAnswer } from "../world/events.js";
import type { Phone } from "./phone.js";

export interface Order {
  readonly card: string;
  readonly token: Token;
  readonly merchant: string;
  /** The most that may be charged, cents. */
  readonly cap: number;
}

export type PayState =
  | { readonly at: "fetching" }
  | { readonly at: "loading" }
  /** What the card itself says it would pay. */
  | { readonly at: "confirming"; readonly loaded: Loaded }
  | {
      readonly at: "presenting";
      readonly loaded: Loaded;
      readonly view: WalletView;
      /** What a reader made of a swipe that may be done again. */
      readonly note?: string;
    }
  | Ended;

export interface Ended {
  readonly at: "ended";
  readonly outcome: Outcome;
  readonly detail: string;
  readonly receipt?: string;
  /** Nobody has heard how it ended: "asking" the issuer now, or it can be asked. */
  readonly closing?: "asking" | "can";
  /** What was known before the issuer was asked. */
  readonly before?: string;
  /** It was paid, and swiped once more: that was declined. */
  readonly again?: boolean;
}

/** How long the terminal's answer is waited for behind the last pass, ms. */
const ANSWER_MS = 12_000;
/** By what two clocks may differ, ms. */
const EARLY_MS = 3_000;
const TAKEN_BACK = "You took it back";
/** Germany, ISO 3166-1: these pages' shops. */
const COUNTRY = 276;
const REQUESTOR = "companion";
const EMISSIONS = { now: 1, swipe: 3 } as const;

export class Paying {
  readonly state: Signal<PayState> = signal<PayState>({ at: "fetching" });
  readonly order: Order;
  readonly #phone: Phone;
  readonly #abort = new AbortController();
  #card: Card | undefined;
  #entry: number | undefined;
  #armedUntilMs = 0;
  #answered: ((answer: TillAnswer) => void) | undefined;
  #forgetClosed: () => void = () => undefined;

  constructor(phone: Phone, order: Order) {
    this.#phone = phone;
    this.order = order;
  }

  /** Fetches the grant and loads it: the card says what it is for. */
  async prepare(maxEmissions: keyof typeof EMISSIONS): Promise<void> {
    const { card: name, token, merchant, cap } = this.order;
    const { signal } = this.#abort;
    try {
      const account = await this.#phone.account(name);
      const card = await this.#phone.reach(name, signal);
      this.#card = card;
      this.#entry = await this.#phone.payments.begin({
        card: name,
        last4: token.last4,
        merchant,
        cap,
        startedMs: Date.now(),
        token: toHex(token.tokenRef),
      });
      const { challenge, checkpointSize } = card.info;
      const domain = {
        requestor: REQUESTOR,
        ...(merchant !== "" && { merchant }),
        channel: 0,
        country: COUNTRY,
        maxAmount: cap,
      };
      const asked = { cardId: card.cardId, tokenRef: token.tokenRef, challenge, checkpointSize, domain };
      const bundle = await this.#phone
        .issuerOf(account)
        .grant({ ...asked, maxEmissions: EMISSIONS[maxEmissions], kind: "online" }, { signal });
      await this.#phone.payments.granted(this.#entry, bundle.atc);
      this.state.value = { at: "loading" };
      const loaded = await card.load(bundle, { signal });
      await this.#phone.payments.loaded(this.#entry, toHex(loaded.grantHash));
      await this.#phone.followed(account, loaded.info.checkpointSize);
      this.state.value = { at: "confirming", loaded };
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** Has it sent, at once or at the swipe. */
  async present(when: "now" | "swipe"): Promise<void> {
    const { value } = this.state;
    const card = this.#card;
    if (value.at !== "confirming" || card === undefined) return;
    const { loaded } = value;
    const follower = followCard(card, (view) => {
      const { value } = this.state;
      if (value.at === "presenting") this.state.value = { ...value, view };
    });
    this.state.value = { at: "presenting", loaded, view: follower.view };
    const back = this.#followNear(card);
    const over = Promise.race([ended(card), back.over]);
    const answer = new Promise<TillAnswer>((resolve) => {
      this.#answered = resolve;
    });
    try {
      const presented = await card.present({
        when,
        signal: this.#abort.signal,
        saw: loaded,
      });
      if (presented.armedForS !== null) {
        this.#armedUntilMs = Date.now() + 1000 * presented.armedForS;
        // The card goes on without its phone: a link that is lost ends nothing.
        const late = new Promise<undefined>((resolve) => setTimeout(resolve, 1000 * presented.armedForS!, undefined));
        const why = await Promise.race([over, answer.then(() => undefined), late]);
        if (why !== undefined) throw why;
      }
      await this.#wait(answer, card.info.passesSent);
    } catch (error) {
      await this.#fail(error);
    } finally {
      follower.stop();
      back.stop();
    }
  }

  /** A card that left and is back is seen as it is now; `over` where it is about nothing any more. */
  #followNear(card: Card): { readonly over: Promise<undefined>; readonly stop: () => void } {
    let stop = () => {};
    const over = new Promise<undefined>((resolve) => {
      stop = this.#phone.cards.subscribe((cards) => {
        const own = cards.find(({ name }) => name === card.name);
        const { value } = this.state;
        if (value.at !== "presenting" || value.view.connected || own?.link !== "near" || own.wallet === undefined)
          return;
        const { armedUntilMs } = value.view;
        this.state.value = { ...value, view: { ...own.wallet, armedUntilMs } };
        if (card.info.phase !== Phase.Armed && card.info.phase !== Phase.Sending) resolve(undefined);
      });
    });
    return { over, stop };
  }

  /** The terminal said something: it is this payment's where this payment was on the coil. What it could not read may be swiped again. */
  heard(answer: TillAnswer): void {
    const { value } = this.state;
    if (value.at === "ended" && value.outcome === "approved" && isReplay(answer))
      this.state.value = { ...value, again: true };
    // The card went on without its phone, and here is how it ended.
    if (value.at === "ended" && value.closing !== undefined && answer.kind === "answered") void this.#heardEnd(answer);
    if (value.at !== "presenting") return;
    const isArmed = this.#card?.info.phase === Phase.Armed;
    const isOwn = (this.#card?.info.passesSent ?? 0) > 0 || this.#card?.connected === false;
    const canAgain = isArmed && (answer.kind === "unread" || answer.kind === "refused");
    if (answer.kind === "silent" || (isOwn && canAgain))
      this.state.value = { ...value, note: `${stopped(answer.sentence)} Have it swiped again` };
    else if (isOwn) this.#answered?.(answer);
  }

  /** Its page is left: what its user has not agreed to yet is taken back, what he handed over is not. */
  leave(): void {
    this.#forgetClosed();
    if (this.state.value.at !== "presenting") void this.cancel();
  }

  /** Its user has changed his mind: what was not sent is not. */
  async cancel(): Promise<void> {
    const { at } = this.state.value;
    if (at === "ended") return;
    this.#abort.abort();
    if (at === "confirming" || at === "presenting") await this.#card?.disarm().catch(() => undefined);
    if (at === "confirming") await this.#end("not-sent", TAKEN_BACK);
  }

  async #wait(answer: Promise<TillAnswer>, passes: number): Promise<void> {
    const isNear = this.#card?.connected === true;
    if (passes === 0 && isNear && this.#card?.info.phase === Phase.Armed)
      await this.#card.disarm().catch(() => undefined);
    if (passes === 0 && isNear) {
      // Whoever disarmed it before its time was its owner, on the card or on another page.
      const isEarly = Date.now() < this.#armedUntilMs - EARLY_MS;
      const why = isEarly ? "It was taken back from the card" : "Nobody swiped the card in time";
      return this.#end("not-sent", this.#abort.signal.aborted ? TAKEN_BACK : why);
    }
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, ANSWER_MS, undefined));
    const said = await Promise.race([answer, late]);
    // What an armed card could still send would be the same grant: it is over.
    if (this.#card?.connected && this.#card.info.phase === Phase.Armed)
      await this.#card.disarm().catch(() => undefined);
    if (said === undefined) return this.#end("sent", "It was sent; the terminal's answer is on its screen");
    // The terminal has ended it, and asks no more: how it stands the issuer knows.
    if (said.kind === "failed") return this.#endAndClose("unknown", `The terminal heard no answer: ${said.sentence}`);
    if (said.kind !== "answered") return this.#endAndClose("sent", `The terminal did not take it: ${said.sentence}`);
    return this.#heardEnd(said);
  }

  #heardEnd(said: TillAnswer & { readonly kind: "answered" }): Promise<void> {
    this.#forgetClosed();
    if (said.approved) return this.#end("approved", "The terminal approved it", said.receipt);
    return this.#end(
      "declined",
      `The terminal declined it: ${declined(said.ourCode ?? said.responseCode)}`,
      said.receipt,
    );
  }

  async #fail(error: unknown): Promise<void> {
    const sent = this.#card?.info.passesSent ?? 0;
    const isUnknown = error instanceof CardError && ["LINK_LOST", "LINK_TIMEOUT"].includes(error.code);
    const waits = this.state.value.at === "presenting";
    // A grant that was loaded and not presented goes: the next one is another.
    if (!isUnknown && this.#card?.connected) await this.#card.disarm().catch(() => undefined);
    const why = this.#abort.signal.aborted ? TAKEN_BACK : sentenceOf(error);
    await this.#end(isUnknown && waits ? "unknown" : sent > 0 && waits ? "sent" : "not-sent", why);
  }

  async #end(outcome: Outcome, detail: string, receipt?: string): Promise<void> {
    const { payments } = this.#phone;
    this.state.value = { at: "ended", outcome, detail, ...(receipt !== undefined && { receipt }) };
    const id = this.#entry;
    if (id === undefined) return;
    await payments.end(id, outcome, detail);
    await this.#tell(id, detail);
    const kept = await payments.find(id);
    if (kept !== undefined && isOpen(kept))
      this.#forgetClosed = payments.changes.subscribe(() => void this.#tell(id, detail));
  }

  /** How its entry stands: what the issuer says of it, or the card that is back. */
  async #tell(id: number, before: string): Promise<void> {
    const payment = await this.#phone.payments.find(id);
    const { value } = this.state;
    if (payment === undefined || value.at !== "ended") return;
    const { outcome, detail } = payment;
    const canClose = isOpen(payment);
    if (canClose) this.state.value = { ...value, outcome, detail, closing: value.closing ?? "can" };
    else if (detail !== value.detail || value.closing !== undefined)
      this.state.value = { at: "ended", outcome, detail, ...(detail !== before && { before }) };
    if (!canClose) this.#forgetClosed();
  }

  async #endAndClose(outcome: Outcome, detail: string): Promise<void> {
    await this.#end(outcome, detail);
    await this.close();
  }

  /** Asks the issuer how it stands, which closes it. Where the issuer cannot be reached it is asked again by itself. */
  async close(): Promise<void> {
    const { value } = this.state;
    const id = this.#entry;
    if (id === undefined || value.at !== "ended" || value.closing !== "can") return;
    this.state.value = { ...value, closing: "asking" };
    await this.#phone.closing.now(id).catch(() => undefined); // why not is in its entry
    const now = this.state.value;
    if (now.at === "ended" && now.closing === "asking") this.state.value = { ...now, closing: "can" };
  }
}

const isReplay = (answer: TillAnswer) => answer.kind === "answered" && answer.ourCode === "ATC_REPLAYED";

/** How what is armed ends: played, or why not. */
function ended(card: Card): Promise<CardError | undefined> {
  return new Promise((resolve) => {
    const stop = card.subscribe((notice) => {
      if (notice.type === "done") resolve(undefined);
      // What was taken back is no grant any more, and that is all that is wrong.
      else if (notice.type === "disarmed") resolve(notice.why?.code === "NO_GRANT" ? undefined : notice.why);
      else return;
      stop();
    });
  });
}
