// The phone that these pages are: its cards, what the issuer gave for each, and who of them is in reach.

import {
  Card,
  CardError,
  type CardTransport,
  followCard,
  IssuerClient,
  type MeansInput,
  type Token,
} from "@enabling-card/sdk";
import { type CardInfo, toBase32, toHex } from "@enabling-card/wire";
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Accounts } from "../keep/accounts.js";
import type { Database } from "../keep/database.js";
import { pairingStore } from "../keep/pairing-store.js";
import { Payments } from "../keep/payments.js";
import type { Account } from "../keep/records.js";
import { registrationStore } from "../keep/registration-store.js";
import { Togethers } from "../keep/togethers.js";
import { AtHand } from "./at-hand.js";
import { Closing } from "./closing.js";
import { MeansBook } from "./means-book.js";
import { dropAsked, isWaiting, seenNow, settle, takeBackOf } from "./on-card.js";
import { cardNamed, type Means, type OwnCard, type PairingStep, UNSEEN } from "./own-card.js";

export type { Means, OwnCard, PairingStep } from "./own-card.js";

export interface PhoneOptions {
  readonly database: Database;
  readonly transport: CardTransport;
  /** Which cards are genuine: the maker's public key. */
  readonly makerRoot: Uint8Array;
  readonly issuerUrl: string;
  /** Whether a card may be looked for without its owner's click: not where a browser asks him which. */
  readonly canLook: boolean;
}

export class Phone {
  readonly payments: Payments;
  readonly closing: Closing;
  readonly atHand: AtHand;
  readonly #left = new AbortController();
  readonly #options: PhoneOptions;
  readonly #store;
  readonly #accounts: Accounts;
  readonly #cards: Signal<readonly OwnCard[]> = signal([]);
  readonly #live = new Map<string, Card>();
  readonly #means: MeansBook;

  /** With the cards that it had before. */
  static async open(options: PhoneOptions): Promise<Phone> {
    const phone = new Phone(options);
    await phone.payments.abandon();
    await phone.#readCards();
    await phone.atHand.open();
    return phone;
  }

  private constructor(options: PhoneOptions) {
    this.#options = options;
    this.#store = pairingStore(options.database);
    this.#accounts = new Accounts(options.database);
    this.payments = new Payments(options.database);
    this.closing = new Closing(
      {
        payments: this.payments,
        account: (name) => this.account(name),
        issuerOf: (account) => this.issuerOf(account),
        takeBack: (payment) => takeBackOf(this.#near(payment.card), payment),
      },
      this.#left.signal,
    );
    this.atHand = new AtHand({
      togethers: new Togethers(options.database),
      change: (name, change) => this.#change(name, change),
      isNear: (name) => this.#near(name) !== undefined,
    });
    this.#means = new MeansBook({
      store: registrationStore(options.database),
      issuerOf: (account) => this.issuerOf(account),
      near: (name) => this.#near(name),
      onChange: () => this.#showMeans(),
    });
  }

  get cards(): ReadonlySignal<readonly OwnCard[]> {
    return this.#cards;
  }

  /**
   * Pairs, has the card enrolled and a payment means made and registered; goes on from where an earlier try ended.
   *
   * @throws {CardError} as `Card.pair`, `IssuerClient.enrol`, `PaymentMeans.register`; {KeepError}
   */
  async pair(
    code: string,
    holderName: string,
    onStep: (step: PairingStep) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { transport, makerRoot } = this.#options;
    const own = this.#cards.value.find(({ name }) => name === cardNamed(code));
    if (own !== undefined) return this.enrol(own.name, holderName, onStep, signal);
    const card = await Card.pair(transport, code, {
      store: this.#store,
      phoneName: PHONE_NAME,
      makerRoot,
      onProgress: onStep,
      signal,
    });
    this.#live.set(card.name, card);
    this.#watch(card);
    await this.#readCards();
    void this.atHand.arrived(card);
    await this.enrol(card.name, holderName, onStep, signal);
  }

  /**
   * Of a card that is paired: what the issuer has not given yet.
   *
   * @param accessKey - That the issuer gave its owner, where another phone had enrolled the card
   */
  async enrol(
    name: string,
    holderName: string,
    onStep: (step: PairingStep) => void,
    signal: AbortSignal,
    accessKey?: string,
  ): Promise<void> {
    const card = await this.reach(name, signal);
    const { cardId } = card;
    const { checkpointSize } = card.info;
    onStep("enrolling");
    let account = await this.#accounts.find(name);
    if (accessKey !== undefined) {
      account = { card: name, cardId, checkpointSize, tokens: [], ...account, accessKey };
      await this.#accounts.keep(account);
      this.#means.forget(name);
    } else if (account === undefined) {
      const what = `enrol ${name}`;
      const idempotencyKey = await this.#accounts.requestKey(what);
      const enrolled = await this.issuerOf().enrol(card.certificate, PHONE_NAME, { signal, idempotencyKey });
      account = { card: name, cardId, accessKey: enrolled.accessKey, checkpointSize, tokens: [] };
      await this.#accounts.keep(account);
      await this.#accounts.made(what);
    }
    if (account.tokens.length === 0) {
      const what = `token ${name} ${holderName}`;
      const idempotencyKey = await this.#accounts.requestKey(what);
      const token = await this.issuerOf(account).createToken(cardId, holderName, { signal, idempotencyKey });
      account = { ...account, tokens: [token] };
      await this.#accounts.keep(account);
      await this.#accounts.made(what);
    }
    onStep("registering");
    await this.#readCards();
    for (const token of account.tokens) await this.#means.register(account, token, signal);
    this.#showMeans();
    void this.follow();
    onStep("done");
  }

  /** One more payment means on a card. */
  async addMeans(name: string, holderName: string, signal: AbortSignal): Promise<void> {
    const account = await this.account(name);
    const token = await this.issuerOf(account).createToken(account.cardId, holderName, { signal });
    await this.#accounts.keep({ ...account, tokens: [...account.tokens, token] });
    await this.#readCards();
    await this.#means.register(account, token, signal);
    this.#showMeans();
    void this.follow();
  }

  /** The card, connected. @throws {CardError} as `Card.connect` */
  async reach(name: string, signal?: AbortSignal): Promise<Card> {
    const known = this.#live.get(name);
    if (known?.connected) return known;
    const own = this.#cards.value.find((card) => card.name === name);
    if (own === undefined)
      throw new CardError("PAIRING_UNKNOWN", "This phone keeps no pairing with that card: pair it first");
    this.#change(name, { link: "connecting" });
    try {
      if (known !== undefined) await known.refresh({ ...(signal && { signal }) });
      const card = known ?? (await this.#connect(own.cardId, signal));
      await this.#arrived(card);
      return card;
    } catch (error) {
      this.#change(name, { link: "away" });
      this.atHand.missed(name);
      throw error;
    }
  }

  /** How long this phone may be away from it. @param awayS - null for good. @throws {CardError} as `Card.setNearness` */
  async chooseNearness(name: string, awayS: number | null, signal: AbortSignal): Promise<void> {
    await this.atHand.choose(await this.reach(name, signal), awayS);
  }

  async #arrived(card: Card): Promise<void> {
    const wallet = seenNow(card);
    this.#change(card.name, { link: "near", batteryPercent: card.info.batteryPercent, wallet });
    await settle(this.payments, card);
    void this.atHand.arrived(card);
  }

  /** Asks issuer and card how each payment means stands; what is out of reach is left as it was. */
  async compare(name: string, signal?: AbortSignal): Promise<void> {
    const account = await this.#accounts.find(name);
    try {
      if (account !== undefined) await this.#means.compare(account, signal);
    } finally {
      this.#showMeans();
    }
  }

  /** What the card's button has chosen is for the next payment: that has begun, or its owner has chosen on the phone since. */
  choiceOver(name: string): void {
    this.#change(name, { chosen: undefined });
  }

  /** Listens to the issuer's news of all that is registered. */
  async follow(): Promise<void> {
    for (const { name } of this.#cards.value) {
      const account = await this.#accounts.find(name);
      if (account !== undefined) void this.#means.follow(account);
    }
  }

  /** What its owner asks of one of its means. @throws {CardError} as `PaymentMeans.input` */
  async ask(name: string, token: Token, wish: MeansInput): Promise<void> {
    const means = await this.#means.of(await this.account(name), token);
    try {
      await means.input(wish, { card: this.#near(name) });
    } finally {
      this.#showMeans();
    }
  }

  /** @throws {CardError} `ISSUER_NOT_ENROLLED` */
  async account(name: string): Promise<Account> {
    const account = await this.#accounts.find(name);
    if (account === undefined)
      throw new CardError("ISSUER_NOT_ENROLLED", "This card is not enrolled with the issuer: pair it again");
    return account;
  }

  /** How far the card has followed the ledger, for the next grant. */
  async followed(account: Account, checkpointSize: number): Promise<void> {
    await this.#accounts.keep({ ...account, checkpointSize });
  }

  /** As its owner's, or before there is one. */
  issuerOf(account?: Account): IssuerClient {
    const { issuerUrl: baseUrl } = this.#options;
    return new IssuerClient({ baseUrl, ...(account && { accessKey: account.accessKey }) });
  }

  /** Ends the pairing on the card and here. @throws {CardError} as `Card.unpair` */
  async unpair(name: string, signal?: AbortSignal): Promise<void> {
    const card = await this.reach(name, signal);
    await card.unpair({ ...(signal && { signal }) });
    this.#live.delete(name);
    await this.atHand.forget(name);
    await this.#readCards();
  }

  /** Forgets a card that cannot be had any more. The card goes on knowing this phone. */
  async forget(name: string): Promise<void> {
    const own = this.#cards.value.find((card) => card.name === name);
    if (own === undefined) return;
    await this.#live.get(name)?.close();
    this.#live.delete(name);
    await this.#store.forget(own.cardId);
    await this.atHand.forget(name);
    await this.#readCards();
  }

  /** What a card that was near says of itself. */
  infoOf(name: string): CardInfo | undefined {
    return this.#live.get(name)?.info;
  }

  /** Lets go of all cards: another tab has them now. */
  async leave(): Promise<void> {
    this.#left.abort();
    this.atHand.close();
    const cards = [...this.#live.values()];
    this.#live.clear();
    for (const card of cards) await card.close();
  }

  async #connect(cardId: Uint8Array, signal: AbortSignal | undefined): Promise<Card> {
    const { transport } = this.#options;
    const card = await Card.connect(transport, {
      store: this.#store,
      cardId,
      reconnects: 1,
      ...(signal && { signal }),
    });
    this.#live.set(card.name, card);
    this.#watch(card);
    return card;
  }

  /** Takes back what waits on a card: this phone's, also where the page was loaded anew meanwhile. @throws {CardError} as `Card.disarm` */
  async takeBack(name: string): Promise<void> {
    const card = await this.reach(name);
    await card.disarm();
    await settle(this.payments, card);
  }

  /** One that left with a payment on it is back soon: until that is over it is looked for. */
  async #lookFor(card: Card): Promise<void> {
    const untilMs = Date.now() + LOOKED_FOR_MS;
    while (!this.#left.signal.aborted && Date.now() < untilMs && this.#live.get(card.name) === card) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      const isThere = card.connected || (await this.#isBack(card));
      if (isThere) return;
    }
  }

  async #isBack(card: Card): Promise<boolean> {
    try {
      await card.refresh({ signal: this.#left.signal });
      await this.#arrived(card);
      await dropAsked(this.payments, card);
      return true;
    } catch {
      return false;
    }
  }

  #watch(card: Card): void {
    let wasWaiting = false;
    followCard(card, (wallet) => {
      if (wallet.connected) wasWaiting = isWaiting(wallet);
      this.#change(card.name, { wallet });
    });
    card.subscribe((notice) => {
      if (notice.type === "disconnected") {
        this.#change(card.name, { link: "away" });
        this.atHand.left(card.name);
        if (wasWaiting && this.#options.canLook) void this.#lookFor(card);
      } else if ("info" in notice)
        this.#change(card.name, {
          ...{ link: "near", batteryPercent: notice.info.batteryPercent },
          ...(notice.type === "chosen" && { chosen: toHex(notice.tokenRef) }),
        });
    });
  }

  /** Cards as they are kept; what is known of those that are shown stays. */
  async #readCards(): Promise<void> {
    const pairings = (await this.#store.list()).filter(({ confirmed }) => confirmed);
    const cards: OwnCard[] = [];
    for (const { cardId } of pairings) {
      const name = toBase32(cardId);
      const before = this.#cards.value.find((card) => card.name === name);
      const account = await this.#accounts.find(name);
      const means: Means[] = [];
      for (const token of account?.tokens ?? [])
        means.push({ token, view: (await this.#means.of(account!, token)).view });
      const live = this.#live.get(name);
      const link = live?.connected ? "near" : (before?.link ?? "away");
      const batteryPercent = live?.info.batteryPercent ?? before?.batteryPercent;
      const known = { ...UNSEEN, ...before };
      cards.push({ ...known, name, cardId, link, batteryPercent, means });
    }
    this.#cards.value = cards;
  }

  #showMeans(): void {
    this.#cards.value = this.#cards.value.map((card) => ({
      ...card,
      means: card.means.map(({ token, view }) => ({
        token,
        view: this.#means.viewOf(card.name, token) ?? view,
      })),
    }));
  }

  #near(name: string): Card | undefined {
    const card = this.#live.get(name);
    return card?.connected ? card : undefined;
  }

  #change(name: string, change: Partial<OwnCard>): void {
    this.#cards.value = this.#cards.value.map((card) => (card.name === name ? { ...card, ...change } : card));
  }
}

/** How long it is looked for, and with which pauses, ms. */
const LOOKED_FOR_MS = 150_000;
const LOOK_EVERY_MS = 1_000;

/** What cards call this phone. */
const PHONE_NAME = "Companion";
