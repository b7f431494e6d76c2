// A paired card, as an app holds it. Calls wait for each other; the link and the session come back by themselves when a call
// needs them; a call that moves money is never made twice.

import {
  type CardInfo,
  type CborValue,
  equalBytes,
  NEAR_MAX_S,
  NEAR_MIN_S,
  Op,
  toBase32,
  When,
} from "@enabling-card/wire";
import { type Authenticator, isSame, releasedFor, type Seen } from "../authenticator/authenticator.js";
import { CardError, sdkError, throwIfAborted } from "../errors.js";
import { checkPairingCode } from "../pairing/check-code.js";
import type { Pairing, PairingStore } from "../pairing/pairing-store.js";
import { checkPhoneName, type PairOptions, pairOver } from "../session/pair.js";
import {
  type CardNotice,
  type CardState,
  type Confirmed,
  type Loaded,
  type Nearness,
  type Presented,
  readConfirmed,
  readInfo,
  readLoaded,
  readNearness,
  readNotice,
  readPresented,
  readState,
} from "./answers.js";
import { checkBundle, type GrantBundle, type SignedState } from "./bundle.js";
import { type Body, type CallOptions, Connection, type ConnectionSettings } from "./connection.js";
import { isOwn } from "./find.js";
import { NearKeeper } from "./near-keeper.js";
import { Notices } from "./notices.js";
import { pinKeyOf } from "./pin-key.js";
import { sealNewPin, sealPinForGrant } from "./sealed-pin.js";
import { type CardTarget, type Way, wayTo } from "./way.js";

export interface ConfirmOptions extends CallOptions {
  readonly pin?: string;
  /** Who is there by the phone's own means, in place of `pin` and of the card's button: asked before the card is. */
  readonly authenticator?: Authenticator;
  /** What its user saw in the app before: where the card holds another grant, nobody is asked and nothing is sent. */
  readonly saw?: Seen;
}

export interface PresentOptions extends ConfirmOptions {
  /** At once, or armed until a reader touches the card. */
  readonly when: "now" | "swipe";
}

export interface ConnectOptions {
  readonly store: PairingStore;
  /** Which card; the one that was paired last unless told. */
  readonly cardId?: Uint8Array;
  readonly signal?: AbortSignal;
  /** How long finding the card, connecting, and each of its answers may take, ms; 10 s each unless told. */
  readonly timeoutMs?: number;
  /** How often a lost link, or a card that is not found, is looked for again before a call fails; 5 unless told. */
  readonly reconnects?: number;
}

const ANSWER_MS = 10_000;
/** The user has 30 s for the button, the wallet 35 s for the answer, an emission 10 s. */
const PRESENT_MS = 60_000;
const RECONNECTS = 5;
/** How long a caller that has given up waits for the card to be disarmed, ms. */
const DISARM_MS = 2_000;

export class Card {
  readonly #connection: Connection;
  readonly #notices = new Notices();
  #info: CardInfo | undefined;
  #grantHash: Uint8Array | undefined;
  /** What the card told of the grant that it took last. */
  #held: Loaded | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  readonly #near = new NearKeeper(() => {
    if (this.connected) void this.nearness().catch(() => undefined);
  });

  private constructor(way: Way, pairing: Pairing, settings: ConnectionSettings) {
    this.#connection = new Connection(way, pairing, settings, {
      event: (event, body) => {
        const notice = readNotice(event, body);
        if ("info" in notice) this.#info = notice.info;
        this.#notices.tell(notice);
      },
      ended: (why) => this.#notices.tell({ type: "disconnected", why }),
      opened: (info) => {
        this.#info = info;
      },
      prove: () => void this.refresh().catch(() => undefined),
    });
  }

  /**
   * Pairs with the card whose code (`ECARD1:…`) is on its sheet, and stays connected.
   *
   * @throws {CardError} `PAIRING_CODE_INVALID`, `ARGUMENT_INVALID` (a name too long), `CARD_NOT_FOUND`, and what pairing refuses with: `PAIRING_FAILED`,
   * `PAIRING_CLOSED`, `PIN_REQUIRED`, `CARD_NOT_GENUINE`, `CARD_CERTIFICATE_…`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
   */
  static async pair(target: CardTarget, pairingCode: string, options: PairOptions): Promise<Card> {
    const code = checkPairingCode(pairingCode);
    checkPhoneName(options.phoneName);
    const way = wayTo(target);
    options.onProgress?.("connecting");
    const { store, signal, timeoutMs = ANSWER_MS } = options;
    const settings = { store, timeoutMs, reconnects: RECONNECTS };
    const unpaired = { cardId: code.cardId } as Pairing;
    const card = new Card(way, unpaired, settings);
    return way.reach(
      async (link, until, proved) => {
        const onProgress: PairOptions["onProgress"] = (step) => {
          if (step === "keeping") proved(); // its certificate names the card, and it has the certificate's key
          options.onProgress?.(step);
        };
        const ways = { ...options, onProgress, ...(until && { signal: until }) };
        const { pairing, session, info } = await pairOver(link, code, ways, card.#connection.sessionListener);
        card.#connection.adopt(link, pairing, session, info);
        return card;
      },
      { signal, timeoutMs, failed: new Set() },
    );
  }

  /**
   * Comes back to a paired card: one round trip.
   *
   * @throws {CardError} `PAIRING_UNKNOWN`, `CARD_NOT_FOUND`, `NOT_PAIRED`, `SESSION_AUTH_FAILED`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
   */
  static async connect(target: CardTarget, options: ConnectOptions): Promise<Card> {
    const { store, signal, timeoutMs = ANSWER_MS, reconnects = RECONNECTS } = options;
    throwIfAborted(signal);
    const pairings = await store.list(options.cardId);
    // One that was never confirmed may be no pairing at all: it hides no other card's.
    const newest = pairings.find(({ confirmed }) => confirmed) ?? pairings[0];
    if (newest === undefined) throw sdkError("PAIRING_UNKNOWN");
    const own = pairings.filter((pairing) => equalBytes(pairing.cardId, newest.cardId));
    const card = new Card(wayTo(target, isOwn(own)), newest, { store, timeoutMs, reconnects });
    await card.#connection.ensure(signal);
    return card;
  }

  get cardId(): Uint8Array {
    return this.#connection.pairing.cardId.slice();
  }

  /** The card's name as people see it: base32 of its id. */
  get name(): string {
    return toBase32(this.#connection.pairing.cardId);
  }

  /** The card's certificate, as an issuer wants it for enrolment. */
  get certificate(): Uint8Array {
    return this.#connection.pairing.certificate.slice();
  }

  /** What the card said of itself last. */
  get info(): CardInfo {
    return this.#info!;
  }

  /** True while a session is open. */
  get connected(): boolean {
    return this.#connection.live;
  }

  /** Hears what the card says unasked, while connected. Returns how to stop. */
  subscribe(listener: (notice: CardNotice) => void): () => void {
    return this.#notices.subscribe(listener);
  }

  /**
   * Gives the card a grant. The same bundle again gets the same answer.
   *
   * @throws {CardError} `GRANT_BUNDLE_INVALID` before anything is sent; what the card refuses with (`GRANT_…`, `CERTIFICATE_…`,
   * `RECEIPT_…`, `CHECKPOINT_…`, `ATC_NOT_RISING`, `TOKEN_…`, `BUSY`); `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
   */
  async load(bundle: GrantBundle, options: CallOptions = {}): Promise<Loaded> {
    const { sealed, issuerCert, receipt, consistency } = bundle;
    checkBundle([sealed, issuerCert, receipt], consistency);
    const loaded = readLoaded(await this.#call(Op.Load, [sealed, issuerCert, receipt, consistency], options));
    this.#info = loaded.info;
    this.#grantHash = loaded.grantHash;
    this.#held = loaded;
    this.#notices.tell({ type: "loaded", info: loaded.info });
    return loaded;
  }

  /**
   * Sends the loaded grant to the coil, at once or at the swipe, after the user has shown presence on the card.
   * Where the link ends meanwhile, `info.passesSent` after the next `refresh` says what happened. An abort disarms the card, and so
   * does the end of the time, where the card can be reached; not where they came before the card was asked.
   *
   * @throws {CardError} `NO_GRANT`, `GRANT_USED`, `GRANT_EXPIRED`, `GRANT_REMOTE`, `USER_ABSENT`, `USER_REFUSED`, `PIN_…`, `CONFIRMATION_…`,
   * `BATTERY_LOW`; with an authenticator `VERIFICATION_…`, `SHOWN_DIFFERS`; `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
   */
  present(options: PresentOptions): Promise<Presented> {
    return this.#present(options.when === "now" ? When.Now : When.AtSwipe, options, readPresented);
  }

  /**
   * Has the user confirm the loaded remote grant on the card, and takes the cryptogram that pays. The coil stays silent. The card gives it
   * once: where the link ends meanwhile and `info.phase` is `Phase.Done` after the next `refresh`, the answer is lost, and a new grant is
   * needed. An abort, or the end of the time, disarms the card as in `present`.
   *
   * @throws {CardError} as `present`, but `GRANT_SWIPE` for a grant that pays by a swipe; never `BATTERY_LOW`
   */
  confirm(options: ConfirmOptions = {}): Promise<Confirmed> {
    return this.#present(When.Confirm, options, readConfirmed);
  }

  async #present<T extends { readonly info: CardInfo }>(
    when: When,
    options: ConfirmOptions,
    read: (answer: CborValue) => T,
  ): Promise<T> {
    const { authenticator, saw } = options;
    if (saw && !isSame(saw, this.#heldGrant())) throw sdkError("SHOWN_DIFFERS");
    const verified = authenticator && (await this.#verified(authenticator, options));
    const body = async (): Promise<CborValue> => {
      const pin = verified?.pin ?? options.pin;
      if (pin === undefined) return [when, null];
      const grantHash = verified?.grantHash ?? this.#grantHash ?? this.info.lastGrant;
      if (grantHash === null) throw noGrant();
      // Another grant may have come meanwhile: its user has not seen that one.
      if (verified && !this.#holds(grantHash)) throw sdkError("SHOWN_DIFFERS");
      return [when, await sealPinForGrant(pin, grantHash, this.#pinQuestion())];
    };
    let asked = false;
    const onSend = () => {
      asked = true;
      this.#notices.tell({ type: "asking" });
    };
    try {
      const timeoutMs = options.timeoutMs ?? PRESENT_MS;
      const answer = read(await this.#call(Op.Present, body, { ...options, timeoutMs }, onSend));
      this.#info = answer.info;
      return answer;
    } catch (error) {
      await this.#afterPin(error);
      if (error instanceof CardError && error.code === "PIN_WRONG")
        await authenticator?.wrong?.().catch(() => undefined);
      const givenUp =
        error instanceof CardError && (error.code === "LINK_TIMEOUT" || (error.code === "ABORTED" && this.connected));
      if (asked && givenUp) {
        await this.disarm({ timeoutMs: DISARM_MS, signal: AbortSignal.timeout(DISARM_MS) }).catch(() => undefined);
      }
      throw error;
    } finally {
      verified?.pin.fill(0);
    }
  }

  /** @throws {CardError} `NO_GRANT`, `ARGUMENT_INVALID`, and what `releasedFor` throws: the card was asked nothing */
  async #verified(authenticator: Authenticator, { pin, signal }: ConfirmOptions) {
    if (pin !== undefined) throw sdkError("ARGUMENT_INVALID", "a PIN beside an authenticator");
    throwIfAborted(signal);
    const { merchant, cap, grantHash } = this.#heldGrant();
    if (!this.#holds(grantHash)) throw sdkError("SHOWN_DIFFERS");
    const question = { merchant, cap, grantHash, ...(signal && { signal }) };
    return { pin: await releasedFor(authenticator, question), grantHash };
  }

  #heldGrant(): Loaded {
    if (this.#held === undefined) throw noGrant();
    return this.#held;
  }

  /** Whether the grant that was loaded last is that one, here and by the card's own word. */
  #holds(grantHash: Uint8Array): boolean {
    const { lastGrant } = this.info;
    return [this.#held?.grantHash, lastGrant ?? undefined].every((hash) => hash && equalBytes(hash, grantHash));
  }

  /** Takes the grant back, whatever the card waits for. Does not wait for other calls. */
  async disarm(options: CallOptions = {}): Promise<CardInfo> {
    const info = readInfo(await this.#connection.ask(Op.Disarm, null, options));
    this.#grantHash = undefined;
    this.#held = undefined;
    this.#info = info;
    return info;
  }

  /** What the card knows of its tokens, after it has taken `signedState` where one is given. */
  async state(signedState?: SignedState, options: CallOptions = {}): Promise<CardState> {
    let body: CborValue = null;
    if (signedState !== undefined) {
      const { signed, issuerCert, receipt, consistency } = signedState;
      checkBundle([signed, issuerCert, receipt], consistency);
      body = [signed, issuerCert, receipt, consistency];
    }
    const state = readState(await this.#call(Op.State, body, options));
    this.#info = state.info;
    return state;
  }

  /** The newest card info. */
  async refresh(options: CallOptions = {}): Promise<CardInfo> {
    return (await this.state(undefined, options)).info;
  }

  /**
   * Sets the PIN; `oldPin` is compulsory once one is set.
   *
   * @throws {CardError} `PIN_MALFORMED`, `PIN_REQUIRED`, `PIN_WRONG`, `PIN_LOCKED`, `PIN_NONCE_STALE`; `PIN_UNCERTAIN` where it may be set or not:
   * try it
   */
  async setPin(newPin: string, oldPin: string | null = null, options: CallOptions = {}): Promise<CardInfo> {
    try {
      this.#info = readInfo(
        await this.#call(Op.SetPin, () => sealNewPin(oldPin, newPin, this.#pinQuestion()), options),
      );
      return this.info;
    } catch (error) {
      await this.#afterPin(error);
      throw error;
    }
  }

  /**
   * How long this phone may be away before the card drops a grant that is not armed, as its owner chose. From then on the phone tells the card
   * that it is near, as long as they are connected.
   *
   * @throws {CardError} `OPERATION_UNKNOWN` of a card whose firmware has no nearness yet
   */
  async nearness(options: CallOptions = {}): Promise<Nearness> {
    return this.#nearness(null, options);
  }

  /**
   * Changes that: 30 s to a day; null for ever, as a new card has it.
   *
   * @throws {CardError} `ARGUMENT_INVALID`, before anything is sent
   */
  async setNearness(awayS: number | null, options: CallOptions = {}): Promise<Nearness> {
    const isTime = awayS === null || (Number.isInteger(awayS) && awayS >= NEAR_MIN_S && awayS <= NEAR_MAX_S);
    if (!isTime) throw sdkError("ARGUMENT_INVALID", `away for ${NEAR_MIN_S} to ${NEAR_MAX_S} whole seconds, or null`);
    return this.#nearness(awayS ?? 0, options);
  }

  async #nearness(body: CborValue, options: CallOptions): Promise<Nearness> {
    const nearness = readNearness(await this.#call(Op.Near, body, options));
    this.#info = nearness.info;
    this.#near.keep(nearness.awayS);
    return nearness;
  }

  /** Ends the pairing, on the card and here. PIN, counters and token states stay on the card. */
  async unpair(options: CallOptions = {}): Promise<void> {
    await this.#call(Op.Unpair, null, options);
    await this.#connection.forget();
    await this.close();
  }

  /** Closes the link; what is loaded or armed stays so. */
  close(): Promise<void> {
    this.#near.keep(null);
    return this.#connection.close();
  }

  /** A call in its turn. */
  #call(op: Op, body: Body, options: CallOptions, onSend?: () => void): Promise<CborValue> {
    const turn = this.#tail.then(() => this.#connection.ask(op, body, options, onSend));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** A sealed PIN spends the card's pinNonce, right or wrong: the next try needs the new one. */
  async #afterPin(error: unknown): Promise<void> {
    if (error instanceof CardError && SPENDS_NONCE.test(error.code) && this.connected) {
      await this.refresh({ timeoutMs: 2_000 }).catch(() => undefined);
    }
  }

  #pinQuestion() {
    return {
      cardId: this.#connection.pairing.cardId,
      pinKey: pinKeyOf(this.#connection.pairing.certificate),
      pinNonce: this.info.pinNonce,
    };
  }
}

function noGrant(): CardError {
  return new CardError("NO_GRANT", "No grant is loaded: load one first");
}

/** Refusals that may come after the authenticator has opened a sealed PIN. */
const SPENDS_NONCE = /^(PIN_|CONFIRMATION_|VAULT_FAILED$|FLASH_FAILED$)/;
