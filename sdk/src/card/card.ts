// A paired card, as an app holds it. Calls wait for each other; the link and the session come back by themselves when a call
// needs them; a call that moves money is never made twice.

import {
  type CardInfo,
  type CborValue,
  concat,
  equalBytes,
  MESSAGE_MAX,
  Op,
  toBase32,
  When,
} from "@enabling-card/wire";
import { CardError, sdkError, throwIfAborted } from "../errors.js";
import { MessageLink } from "../link/message-link.js";
import { checkPairingCode } from "../pairing/check-code.js";
import type { Pairing, PairingStore } from "../pairing/pairing-store.js";
import { openOver } from "../session/open.js";
import { type PairOptions, pairOver } from "../session/pair.js";
import type { SecureSession, SessionListener } from "../session/secure-session.js";
import {
  type CardNotice,
  type CardState,
  type Loaded,
  type Presented,
  readInfo,
  readLoaded,
  readNotice,
  readPresented,
  readState,
} from "./answers.js";
import { type CardTarget, isOwn, type Way, wayTo } from "./find.js";
import { pinKeyOf } from "./pin-key.js";
import { sealNewPin, sealPinForGrant } from "./sealed-pin.js";

/** A grant and what travels beside it, as the issuer gives them. */
export interface GrantBundle {
  readonly sealed: Uint8Array;
  readonly issuerCert: Uint8Array;
  readonly receipt: Uint8Array;
  readonly consistency: Uint8Array | null;
}

/** A signed state object and what travels beside it. */
export interface SignedState {
  readonly signed: Uint8Array;
  readonly issuerCert: Uint8Array;
  readonly receipt: Uint8Array;
  readonly consistency: Uint8Array | null;
}

export interface CallProgress {
  readonly step: "connecting" | "sending" | "waiting" | "done";
  /** Octets, while sending. */
  readonly sent?: number;
  readonly total?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CallProgress) => void;
  /** How long the card's answer may take, ms. */
  readonly timeoutMs?: number;
}

export interface PresentOptions extends CallOptions {
  /** At once, or armed until a reader touches the card. */
  readonly when: "now" | "swipe";
  readonly pin?: string;
}

export interface ConnectOptions {
  readonly store: PairingStore;
  /** Which card; the only one the store knows unless told. */
  readonly cardId?: Uint8Array;
  readonly signal?: AbortSignal;
  /** How long each answer of the card may take, ms; 10 s unless told. */
  readonly timeoutMs?: number;
  /** How often a lost link is looked for again before a call fails; 5 unless told. */
  readonly reconnects?: number;
}

const ANSWER_MS = 10_000;
/** The user has 30 s for the button, the wallet 35 s for the answer, an emission 10 s. */
const PRESENT_MS = 60_000;
/** The card wants a first sealed message within 5 s. */
const PROVE_MS = 2_500;
const RECONNECTS = 5;
const BACK_OFF_MS = 200;
const BACK_OFF_MAX_MS = 3_000;
/** Asking these twice changes nothing: the card answers the same bytes the same way. */
const REPEATABLE: readonly Op[] = [Op.Load, Op.Disarm, Op.State];

interface Settings {
  readonly store: PairingStore;
  readonly timeoutMs: number;
  readonly reconnects: number;
}

export class Card {
  readonly #way: Way;
  readonly #settings: Settings;
  readonly #listeners = new Set<(notice: CardNotice) => void>();
  #pairing: Pairing;
  #link: MessageLink | undefined;
  #session: SecureSession | undefined;
  #info: CardInfo | undefined;
  #grantHash: Uint8Array | undefined;
  #opening: Promise<SecureSession> | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #prove: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  private constructor(way: Way, pairing: Pairing, settings: Settings) {
    this.#way = way;
    this.#pairing = pairing;
    this.#settings = settings;
  }

  /**
   * Pairs with the card whose code (`ECARD1:…`) is on its sheet, and stays connected.
   *
   * @throws {CardError} `PAIRING_CODE_INVALID`, `CARD_NOT_FOUND`, and what pairing refuses with: `PAIRING_FAILED`,
   * `PAIRING_CLOSED`, `PIN_REQUIRED`, `CARD_NOT_GENUINE`, `CARD_CERTIFICATE_…`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
   */
  static async pair(target: CardTarget, pairingCode: string, options: PairOptions): Promise<Card> {
    const code = checkPairingCode(pairingCode);
    const way = wayTo(target);
    options.onProgress?.("connecting");
    const link = await MessageLink.open(await way.link({ signal: options.signal }));
    const settings = { store: options.store, timeoutMs: options.timeoutMs ?? ANSWER_MS, reconnects: RECONNECTS };
    const unpaired = { cardId: code.cardId } as Pairing;
    const card = new Card(way, unpaired, settings);
    try {
      const { pairing, session, info } = await pairOver(link, code, options, card.#sessionListener());
      card.#pairing = pairing;
      card.#adopt(link, session, info);
      return card;
    } catch (error) {
      await link.close().catch(() => undefined);
      throw error;
    }
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
    const newest = pairings[0];
    if (newest === undefined) throw sdkError("PAIRING_UNKNOWN");
    const own = pairings.filter((pairing) => equalBytes(pairing.cardId, newest.cardId));
    const card = new Card(wayTo(target, isOwn(own)), newest, { store, timeoutMs, reconnects });
    await card.#ensure(signal);
    return card;
  }

  get cardId(): Uint8Array {
    return this.#pairing.cardId.slice();
  }

  /** The card's name as people see it: base32 of its id. */
  get name(): string {
    return toBase32(this.#pairing.cardId);
  }

  /** The card's certificate, as an issuer wants it for enrolment. */
  get certificate(): Uint8Array {
    return this.#pairing.certificate.slice();
  }

  /** What the card said of itself last. */
  get info(): CardInfo {
    return this.#info!;
  }

  /** True while a session is open. */
  get connected(): boolean {
    return this.#session?.alive === true;
  }

  /** Hears what the card says unasked, while connected. Returns how to stop. */
  subscribe(listener: (notice: CardNotice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
    this.#tell({ type: "loaded", info: loaded.info });
    return loaded;
  }

  /**
   * Sends the loaded grant to the coil, at once or at the swipe, after the user has shown presence on the card.
   * Where the link ends meanwhile, `info.passesSent` after the next `refresh` says what happened. An abort disarms the card.
   *
   * @throws {CardError} `NO_GRANT`, `GRANT_USED`, `GRANT_EXPIRED`, `USER_ABSENT`, `USER_REFUSED`, `PIN_…`, `CONFIRMATION_…`,
   * `BATTERY_LOW`; `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
   */
  async present(options: PresentOptions): Promise<Presented> {
    const when = options.when === "now" ? When.Now : When.AtSwipe;
    const body = async (): Promise<CborValue> => {
      if (options.pin === undefined) return [when, null];
      const grantHash = this.#grantHash ?? this.info.lastGrant;
      if (grantHash === null) throw new CardError("NO_GRANT", "No grant is loaded: load one first");
      return [when, await sealPinForGrant(options.pin, grantHash, this.#pinQuestion())];
    };
    try {
      const answer = await this.#call(
        Op.Present,
        body,
        { ...options, timeoutMs: options.timeoutMs ?? PRESENT_MS },
        () => this.#tell({ type: "asking" }),
      );
      const presented = readPresented(answer);
      this.#info = presented.info;
      return presented;
    } catch (error) {
      await this.#afterPin(error);
      if (error instanceof CardError && error.code === "ABORTED" && this.connected) {
        await this.disarm({ timeoutMs: 2_000 }).catch(() => undefined);
      }
      throw error;
    }
  }

  /** Takes the grant back, whatever the card waits for. Does not wait for other calls. */
  async disarm(options: CallOptions = {}): Promise<CardInfo> {
    const info = readInfo(await this.#ask(Op.Disarm, null, options));
    this.#grantHash = undefined;
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
   * @throws {CardError} `PIN_MALFORMED`, `PIN_REQUIRED`, `PIN_WRONG`, `PIN_LOCKED`, `PIN_NONCE_STALE`
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

  /** Ends the pairing, on the card and here. PIN, counters and token states stay on the card. */
  async unpair(options: CallOptions = {}): Promise<void> {
    await this.#call(Op.Unpair, null, options);
    await this.#settings.store.forget(this.#pairing.cardId);
    await this.close();
  }

  /** Closes the link; what is loaded or armed stays so. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#prove);
    this.#session?.end(sdkError("LINK_CLOSED"));
    await this.#link?.close().catch(() => undefined);
  }

  /** A call in its turn. */
  #call(
    op: Op,
    body: CborValue | (() => Promise<CborValue>),
    options: CallOptions,
    onSend?: () => void,
  ): Promise<CborValue> {
    const turn = this.#tail.then(() => this.#ask(op, body, options, onSend));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #ask(
    op: Op,
    body: CborValue | (() => Promise<CborValue>),
    options: CallOptions,
    onSend?: () => void,
  ): Promise<CborValue> {
    const { signal, onProgress, timeoutMs = this.#settings.timeoutMs } = options;
    const attempt = async () => {
      throwIfAborted(signal);
      if (!this.connected) onProgress?.({ step: "connecting" });
      const session = await this.#ensure(signal);
      clearTimeout(this.#prove);
      const value = typeof body === "function" ? await body() : body;
      onSend?.();
      return session.request(op, value, {
        timeoutMs,
        signal,
        onProgress: (sent, total) => onProgress?.({ step: sent < total ? "sending" : "waiting", sent, total }),
      });
    };
    try {
      const answer = await attempt().catch((error: unknown) => {
        const again = REPEATABLE.includes(op) && this.#way.again && !this.connected && !this.#closed;
        if (again && error instanceof CardError && error.retryable) return attempt();
        throw error;
      });
      onProgress?.({ step: "done" });
      return answer;
    } catch (error) {
      // Only a session that still lives can have its next answer told from the last one's.
      if (error instanceof CardError && error.code === "LINK_TIMEOUT") this.#session?.end(error);
      throw error;
    }
  }

  /** The session; a new one where it ended, on a new link where that is gone. */
  async #ensure(signal: AbortSignal | undefined): Promise<SecureSession> {
    if (this.#closed) throw sdkError("LINK_CLOSED");
    if (this.#session?.alive) return this.#session;
    this.#opening ??= this.#open(signal).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(signal: AbortSignal | undefined): Promise<SecureSession> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#openOnce(signal);
      } catch (error) {
        const final = !(error instanceof CardError) || !error.retryable || !this.#way.again;
        if (final || tries >= this.#settings.reconnects || signal?.aborted) throw error;
        await pause(Math.min(BACK_OFF_MS * 2 ** tries, BACK_OFF_MAX_MS), signal);
      }
    }
  }

  async #openOnce(signal: AbortSignal | undefined): Promise<SecureSession> {
    const { store, timeoutMs } = this.#settings;
    if (this.#link === undefined || this.#link.gone !== undefined) {
      this.#link = await MessageLink.open(await this.#way.link({ signal }));
    }
    const link = this.#link;
    try {
      const pairings = await store.list(this.#pairing.cardId);
      const opened = await openOver(link, pairings, { timeoutMs, signal }, this.#sessionListener());
      if (!opened.pairing.confirmed) await store.save({ ...opened.pairing, confirmed: true });
      this.#pairing = { ...opened.pairing, confirmed: true };
      this.#adopt(link, opened.session, opened.info);
      return opened.session;
    } catch (error) {
      await link.close().catch(() => undefined);
      throw error;
    }
  }

  #adopt(link: MessageLink, session: SecureSession, info: CardInfo): void {
    this.#link = link;
    this.#session = session;
    this.#info = info;
    clearTimeout(this.#prove);
    this.#prove = setTimeout(() => void this.refresh().catch(() => undefined), PROVE_MS);
  }

  #sessionListener(): SessionListener {
    return {
      event: (event, body) => {
        const notice = readNotice(event, body);
        if ("info" in notice) this.#info = notice.info;
        this.#tell(notice);
      },
      ended: (why) => {
        clearTimeout(this.#prove);
        this.#tell({ type: "disconnected", why });
      },
    };
  }

  #tell(notice: CardNotice): void {
    for (const listener of this.#listeners) listener(notice);
  }

  /** A sealed PIN spends the card's pinNonce, right or wrong: the next try needs the new one. */
  async #afterPin(error: unknown): Promise<void> {
    if (error instanceof CardError && error.code.startsWith("PIN_") && this.connected) {
      await this.refresh({ timeoutMs: 2_000 }).catch(() => undefined);
    }
  }

  #pinQuestion() {
    return { cardId: this.#pairing.cardId, pinKey: pinKeyOf(this.#pairing.certificate), pinNonce: this.info.pinNonce };
  }
}

/** What the SDK can see of a bundle: that its parts are there and fit one message. The seal is the card's to open. */
function checkBundle(parts: readonly Uint8Array[], consistency: Uint8Array | null): void {
  const size = concat(...parts, consistency ?? new Uint8Array(0)).length;
  if (parts.some((part) => part.length === 0) || size > MESSAGE_MAX - 64) throw sdkError("GRANT_BUNDLE_INVALID");
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer);
      reject(sdkError("ABORTED", undefined, { cause: signal?.reason }));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
