// The payment means of this phone's cards: each opened once, listened to, and its state brought to its card as soon as that is near.

import {
  type Card,
  type IssuerClient,
  type MeansView,
  PaymentMeans,
  type RegistrationStore,
  type Token,
} from "@enabling-card/sdk";
import { toHex } from "@enabling-card/wire";
import type { Account } from "../keep/records.js";

export interface MeansBookOptions {
  readonly store: RegistrationStore;
  readonly issuerOf: (account: Account) => IssuerClient;
  /** The card where it is connected now. */
  readonly near: (card: string) => Card | undefined;
  /** Some view is another. */
  readonly onChange: () => void;
}

export class MeansBook {
  readonly #options: MeansBookOptions;
  readonly #open = new Map<string, PaymentMeans>();
  /** Whose state is on its way to the card. */
  readonly #brought = new Set<PaymentMeans>();
  /** Cards whose news are listened to: one line a card, of which an issuer has few. */
  readonly #followed = new Set<string>();

  constructor(options: MeansBookOptions) {
    this.#options = options;
  }

  async of(account: Account, token: Token): Promise<PaymentMeans> {
    const key = keyOf(account.card, token);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const { store, issuerOf, onChange } = this.#options;
    const { cardId, card } = account;
    const means: PaymentMeans = await PaymentMeans.open({
      ...{ issuer: issuerOf(account), store, cardId, tokenRef: token.tokenRef },
      onChange: (view) => {
        onChange();
        if (view.link?.action === "bring") void this.#bring(card, means);
      },
    });
    this.#open.set(key, means);
    return means;
  }

  /** Of one that was opened. */
  viewOf(card: string, token: Token): MeansView | undefined {
    return this.#open.get(keyOf(card, token))?.view;
  }

  /** Registers one for this phone; where the card is near it hears of it. @throws {CardError} as `PaymentMeans.register` */
  async register(account: Account, token: Token, signal: AbortSignal): Promise<void> {
    const means = await this.of(account, token);
    await means.register({ card: this.#options.near(account.card), signal });
    await means.settled();
  }

  /** Asks issuer and card how all of an account stand. @throws {CardError} as `PaymentMeans.compare` */
  async compare(account: Account, signal: AbortSignal | undefined): Promise<void> {
    const options = { card: this.#options.near(account.card), ...(signal && { signal }) };
    for (const token of account.tokens) {
      const means = await this.of(account, token);
      if (means.view.link?.action === "register") await means.register(options);
      else await means.compare(options);
      await means.settled();
    }
  }

  /** Listens to the issuer's news of those that are registered, until the page is closed: whoever changes a state, it is seen here. */
  async follow(account: Account): Promise<void> {
    const { card, cardId } = account;
    if (this.#followed.has(card) || account.tokens.length === 0) return;
    this.#followed.add(card);
    const again = () => this.#compareOpen(card);
    try {
      const onLine = (isThere: boolean) => void (isThere && again());
      for await (const news of this.#options.issuerOf(account).news(cardId, { onLine })) {
        const heard = this.#ofCard(card).filter((means) => means.heard(news));
        for (const means of heard) await means.compare({ card: this.#options.near(card) }).catch(() => undefined);
      }
    } catch {
      // Refused: its owner is told when he compares.
    } finally {
      this.#followed.delete(card);
    }
  }

  /** What was missed while the line was lost. */
  async #compareOpen(card: string): Promise<void> {
    for (const means of this.#ofCard(card))
      if (means.view.link?.action !== "register")
        await means.compare({ card: this.#options.near(card) }).catch(() => undefined);
  }

  #ofCard(card: string): readonly PaymentMeans[] {
    return [...this.#open].filter(([key]) => key.startsWith(`${card} `)).map(([, means]) => means);
  }

  /** All of a card: they have the access key that was before. */
  forget(card: string): void {
    for (const key of this.#open.keys()) if (key.startsWith(`${card} `)) this.#open.delete(key);
  }

  async #bring(name: string, means: PaymentMeans): Promise<void> {
    const card = this.#options.near(name);
    if (card === undefined || this.#brought.has(means)) return;
    this.#brought.add(means);
    await means.settled();
    // Gone meanwhile: it is brought when it is near again.
    if (means.view.link?.action === "bring") await means.bring(card).catch(() => undefined);
    this.#brought.delete(means);
  }
}

const keyOf = (card: string, token: Token): string => `${card} ${toHex(token.tokenRef)}`;
