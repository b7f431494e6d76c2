// A payment means on the card's object (system 3): registered at the issuer, compared on this phone by token cryptogram with what the card holds, and
// shown as synchronous, pending, suspended or revoked, with the link that leads on. What the owner asks for goes to the issuer, and from there to the card.

import { equalBytes, INFO_NONCE_SIZE, type TokenState } from "@enabling-card/wire";
import type { SignedState } from "../card/bundle.js";
import type { Card } from "../card/card.js";
import { CardError, sdkError } from "../errors.js";
import type { IssuerClient } from "../issuer/issuer-client.js";
import type { NewsOptions, TokenNews } from "../issuer/state-news.js";
import { checkStateInfo } from "./check-info.js";
import { INPUT_STATES, type MeansInput, type MeansView, UNREGISTERED, viewOf } from "./means-view.js";
import type { HeldState, Registration, RegistrationStore } from "./registration-store.js";

export interface PaymentMeansOptions {
  readonly issuer: IssuerClient;
  readonly store: RegistrationStore;
  readonly cardId: Uint8Array;
  readonly tokenRef: Uint8Array;
  /** Hears each view that follows. */
  readonly onChange?: (view: MeansView) => void;
}

export interface MeansCallOptions {
  /** The card, where it is in reach: it is asked what it holds, or told of it. */
  readonly card?: Card | undefined;
  readonly signal?: AbortSignal;
}

export class PaymentMeans {
  readonly #options: PaymentMeansOptions;
  #kept: Registration | undefined;
  #url = "";
  #view: MeansView;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(options: PaymentMeansOptions, kept: Registration | undefined) {
    this.#options = options;
    this.#kept = kept;
    this.#view = viewOf(kept, false, "");
  }

  /** As the phone last knew it; what was synchronous then is pending until it is compared. @throws {CardError} `REGISTRATION_STORE_FAILED` */
  static async open(options: PaymentMeansOptions): Promise<PaymentMeans> {
    return new PaymentMeans(options, await options.store.find(options.cardId, options.tokenRef));
  }

  get view(): MeansView {
    return this.#view;
  }

  /**
   * Registers the token for this phone, in place of whichever had it; then compares.
   *
   * @throws {CardError} `ISSUER_REFUSED` (`TOKEN_UNKNOWN`, `TOKEN_DEACTIVATED`), `REGISTRATION_STORE_FAILED`, and as `compare`
   */
  register(options: MeansCallOptions = {}): Promise<MeansView> {
    return this.#inTurn(async () => {
      const { issuer, cardId, tokenRef } = this.#options;
      const { registration, key } = await issuer.register(cardId, tokenRef, options);
      const { seen = null, held = null } = this.#kept ?? {};
      await this.#keep({ cardId, tokenRef, registration, key, seen, held });
      await this.#compare(options);
    });
  }

  /**
   * Asks the issuer how the token stands, makes its cryptogram again, and compares the state with what the card holds: now, where it is in reach, or when it
   * last was. After any error the view is not synchronous.
   *
   * @throws {CardError} `MEANS_NOT_REGISTERED`, `STATE_INFO_…`, `ISSUER_REFUSED` (`REGISTRATION_OLD`: register again), `ISSUER_UNREACHABLE`, what `Card.state`
   * throws
   */
  compare(options: MeansCallOptions = {}): Promise<MeansView> {
    return this.#inTurn(() => this.#compare(options));
  }

  /** Brings the issuer's signed state to the card, and compares. @throws {CardError} as `compare`, and what the card refuses a state with */
  bring(card: Card, { signal }: Pick<MeansCallOptions, "signal"> = {}): Promise<MeansView> {
    return this.#inTurn(async () => {
      const { issuer, cardId, tokenRef } = this.#options;
      const position = { cardId, checkpointSize: card.info.checkpointSize };
      await this.#give(card, await issuer.state(tokenRef, position, { ...(signal && { signal }) }));
      await this.#compare({ card, ...(signal && { signal }) });
    });
  }

  /**
   * What the owner asks for: the issuer changes the state where the table allows it, the card is told where it is in reach.
   *
   * @throws {CardError} `ISSUER_REFUSED` (`STATE_TRANSITION_ILLEGAL`, `SUSPENDED_BY_…`), and as `bring`
   */
  input(wish: MeansInput, options: MeansCallOptions = {}): Promise<MeansView> {
    return this.#inTurn(() => this.#move(INPUT_STATES[wish], "cardholder", options));
  }

  /** Tells the issuer that wrong PINs have locked the card: no grant is given and no swipe approved until the right one was entered. */
  pinLocked(options: MeansCallOptions = {}): Promise<MeansView> {
    return this.#inTurn(() => this.#move("suspended", "PIN lock", options));
  }

  /**
   * Has the card judge the PIN, and lifts its lock's suspension where it is right.
   *
   * @throws {CardError} `PIN_WRONG`, `PIN_LOCKED` while the card waits, and as `input`
   */
  verifyPin(card: Card, pin: string, { signal }: Pick<MeansCallOptions, "signal"> = {}): Promise<MeansView> {
    return this.#inTurn(async () => {
      await card.setPin(pin, pin, { ...(signal && { signal }) }); // the same one again: only the card can tell whether it is right
      await this.#move("active", "PIN lock", { card, ...(signal && { signal }) });
    });
  }

  /** What the issuer's news say of this token: a newer state ends a synchronous view, until it is compared. True where it does. */
  heard(news: TokenNews): boolean {
    if (!equalBytes(news.tokenRef, this.#options.tokenRef)) return false;
    if (news.version <= (this.#kept?.seen?.version ?? -1)) return false;
    this.#show(false);
    return true;
  }

  /**
   * Listens to the issuer until `signal` ends it, and compares behind each change and each line that was lost; nothing is synchronous that was so
   * before a line was lost.
   *
   * @param card - Says which card is in reach now
   * @throws {CardError} as `IssuerClient.news`
   */
  async follow({ card, ...options }: NewsOptions & { readonly card?: () => Card | undefined } = {}): Promise<void> {
    const again = () =>
      this.compare({ card: card?.(), ...(options.signal && { signal: options.signal }) }).catch(() => undefined);
    let wasThere = false;
    const onLine = (isThere: boolean) => {
      // A line that is tried in vain again and again is lost once: what was compared by itself meanwhile stays so.
      if (isThere !== wasThere) this.#show(false);
      if (isThere) void again();
      wasThere = isThere;
      options.onLine?.(isThere);
    };
    const { issuer, cardId } = this.#options;
    for await (const news of issuer.news(cardId, { ...options, onLine })) if (this.heard(news)) await again();
  }

  /** Resolves when all that was asked for is done, well or not. */
  async settled(): Promise<void> {
    for (let tail: unknown; tail !== this.#tail; ) {
      tail = this.#tail;
      await tail;
    }
  }

  async #compare({ card, signal }: MeansCallOptions): Promise<void> {
    const { issuer, cardId, tokenRef } = this.#options;
    if (this.#kept === undefined) throw sdkError("MEANS_NOT_REGISTERED");
    if (card !== undefined) await this.#hold((await card.state(undefined, { ...(signal && { signal }) })).tokens);
    const kept = this.#kept;
    const nonce = crypto.getRandomValues(new Uint8Array(INFO_NONCE_SIZE));
    const asked = { cardId, registration: kept.registration, nonce };
    const info = await issuer.compare(tokenRef, asked, { ...(signal && { signal }) });
    checkStateInfo(info, nonce, kept);
    this.#url = info.link;
    await this.#keep({ ...kept, seen: { version: info.version, state: info.state, holds: info.holds } });
    this.#show(true);
  }

  async #move(
    state: "active" | "suspended" | "deactivated",
    by: "cardholder" | "PIN lock",
    { card, signal }: MeansCallOptions,
  ): Promise<void> {
    const { issuer, cardId, tokenRef } = this.#options;
    const position = { cardId, checkpointSize: card?.info.checkpointSize ?? 0 };
    const signed = await issuer.setState(tokenRef, state, position, { by, ...(signal && { signal }) });
    this.#show(false);
    if (card !== undefined) await this.#give(card, signed);
    if (this.#kept !== undefined) await this.#compare({ card, ...(signal && { signal }) });
  }

  /** A state that the card has, or one behind it, is no fault: what it holds is asked next. */
  async #give(card: Card, signed: SignedState): Promise<void> {
    try {
      await card.state(signed);
    } catch (error) {
      if (!(error instanceof CardError && error.code === "STATE_VERSION_OLD")) throw error;
    }
  }

  async #hold(tokens: readonly (HeldState & { readonly tokenRef: Uint8Array })[]): Promise<void> {
    const own = tokens.find(({ tokenRef }) => equalBytes(tokenRef, this.#options.tokenRef));
    const held = own === undefined ? null : { version: own.version, state: own.state as TokenState };
    if (this.#kept !== undefined) await this.#keep({ ...this.#kept, held });
  }

  async #keep(kept: Registration): Promise<void> {
    await this.#options.store.save(kept);
    this.#kept = kept;
  }

  #inTurn(work: () => Promise<void>): Promise<MeansView> {
    const turn = this.#tail.then(async () => {
      try {
        await work();
      } catch (error) {
        this.#show(false, isStale(error));
        throw error;
      }
      return this.#view;
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  #show(isCompared: boolean, isStale = false): void {
    this.#view = isStale ? UNREGISTERED : viewOf(this.#kept, isCompared, this.#url);
    this.#options.onChange?.(this.#view);
  }
}

/** Another phone registered the token, or the issuer was restored from a copy of before. */
function isStale(error: unknown): boolean {
  const code = error instanceof CardError ? error.issuerCode : undefined;
  return code === "REGISTRATION_OLD" || code === "REGISTRATION_UNKNOWN";
}
