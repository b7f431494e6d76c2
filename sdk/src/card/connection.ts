// The connection under a card: a link, a session on it, and both again when they ended. Back-off is bounded; a call that moves
// money is never made twice.

import { type CardInfo, type CborValue, Op } from "@enabling-card/wire";
import { CardError, sdkError, throwIfAborted } from "../errors.js";
import type { MessageLink } from "../link/message-link.js";
import type { Pairing, PairingStore } from "../pairing/pairing-store.js";
import { type Opened, openOver } from "../session/open.js";
import type { SecureSession, SessionListener } from "../session/secure-session.js";
import type { Use, Way } from "./way.js";

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

export interface ConnectionSettings {
  readonly store: PairingStore;
  /** How long each answer of the card may take, ms. */
  readonly timeoutMs: number;
  /** How often a lost link is looked for again before a call fails. */
  readonly reconnects: number;
}

export interface ConnectionListener {
  event: SessionListener["event"];
  /** The session is over. */
  ended(reason: CardError): void;
  /** A session was opened; the card said this of itself. */
  opened(info: CardInfo): void;
  /** The session wants its first message, or the card drops it. */
  prove(): void;
}

/** A body that is made when its turn has come: sealed PINs need the newest pinNonce. */
export type Body = CborValue | (() => Promise<CborValue>);

/** The card wants a first sealed message within 5 s. */
const PROVE_MS = 2_500;
const BACK_OFF_MS = 200;
const BACK_OFF_MAX_MS = 3_000;
/** Asking these twice changes nothing: the card answers the same bytes the same way. */
const REPEATABLE: readonly Op[] = [Op.Load, Op.Disarm, Op.State, Op.Near];

export class Connection {
  readonly #way: Way;
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  #pairing: Pairing;
  #link: MessageLink | undefined;
  #session: SecureSession | undefined;
  #opening: Promise<SecureSession> | undefined;
  #prove: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(way: Way, pairing: Pairing, settings: ConnectionSettings, listener: ConnectionListener) {
    this.#way = way;
    this.#pairing = pairing;
    this.#settings = settings;
    this.#listener = listener;
  }

  get pairing(): Pairing {
    return this.#pairing;
  }

  /** True while a session is open. */
  get live(): boolean {
    return this.#session?.alive === true;
  }

  /** What a session tells, as the handshakes want it. */
  get sessionListener(): SessionListener {
    return {
      event: this.#listener.event,
      ended: (why) => {
        clearTimeout(this.#prove);
        this.#listener.ended(why);
      },
    };
  }

  /** Takes a session that a pairing has just made. */
  adopt(link: MessageLink, pairing: Pairing, session: SecureSession, info: CardInfo): void {
    this.#pairing = pairing;
    this.#link = link;
    this.#session = session;
    this.#listener.opened(info);
    clearTimeout(this.#prove);
    this.#prove = setTimeout(() => this.#listener.prove(), PROVE_MS);
  }

  /** Asks the card; opens what is not open, and asks once more where that is harmless. `onSend` hears that it is being written. */
  async ask(op: Op, body: Body, options: CallOptions, onSend?: () => void): Promise<CborValue> {
    const { onProgress } = options;
    try {
      const answer = await this.#attempt(op, body, options, onSend).catch((error: unknown) => {
        const again = REPEATABLE.includes(op) && this.#way.again && !this.live && !this.#closed;
        if (again && worthAnother(error)) return this.#attempt(op, body, options, onSend);
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
  async ensure(signal: AbortSignal | undefined): Promise<SecureSession> {
    if (this.#closed) throw sdkError("LINK_CLOSED");
    if (this.#session?.alive) return this.#session;
    this.#opening ??= this.#open(signal).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Forgets the pairing: the card has. */
  forget(): Promise<void> {
    return this.#settings.store.forget(this.#pairing.cardId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#prove);
    this.#session?.end(sdkError("LINK_CLOSED"));
    await this.#link?.close();
  }

  async #attempt(op: Op, body: Body, options: CallOptions, onSend?: () => void): Promise<CborValue> {
    const { signal, onProgress, timeoutMs = this.#settings.timeoutMs } = options;
    throwIfAborted(signal);
    if (!this.live) onProgress?.({ step: "connecting" });
    const session = await this.ensure(signal);
    clearTimeout(this.#prove);
    const value = typeof body === "function" ? await body() : body;
    return session.request(op, value, {
      timeoutMs,
      signal,
      onSend,
      onProgress: (sent, total) => onProgress?.({ step: sent < total ? "sending" : "waiting", sent, total }),
    });
  }

  async #open(signal: AbortSignal | undefined): Promise<SecureSession> {
    const failed = new Set<string>();
    for (let tries = 0; ; tries++) {
      try {
        return await this.#openOnce(signal, failed);
      } catch (error) {
        if (!worthAnother(error) || !this.#way.again || tries >= this.#settings.reconnects || signal?.aborted)
          throw error;
        await pause(Math.min(BACK_OFF_MS * 2 ** tries, BACK_OFF_MAX_MS), signal);
      }
    }
  }

  async #openOnce(signal: AbortSignal | undefined, failed: Set<string>): Promise<SecureSession> {
    const { store, timeoutMs } = this.#settings;
    const pairings = await store.list(this.#pairing.cardId);
    const open: Use<Opened & { readonly link: MessageLink }> = async (link, until, proved) => {
      this.#link = link;
      const opened = await openOver(link, pairings, { timeoutMs, signal: until }, this.sessionListener);
      proved();
      return { ...opened, link };
    };
    const up = this.#link?.gone === undefined ? this.#link : undefined;
    const reached = up ? open(up, signal, () => undefined) : this.#way.reach(open, { signal, timeoutMs, failed });
    const { link, ...opened } = await reached.catch(async (error: unknown) => {
      await up?.close();
      throw error;
    });
    try {
      // The session proves which pairing the card holds: the others of this card are over.
      if (!opened.pairing.confirmed) await store.save({ ...opened.pairing, confirmed: true });
      else if (pairings.some(({ confirmed }) => !confirmed)) await store.forgetUnconfirmed(opened.pairing.cardId);
      this.adopt(link, { ...opened.pairing, confirmed: true }, opened.session, opened.info);
      return opened.session;
    } catch (error) {
      await link.close();
      throw error;
    }
  }
}

/** A call that has had its time is over: whoever has more makes it again. */
function worthAnother(error: unknown): boolean {
  return error instanceof CardError && error.retryable && error.code !== "LINK_TIMEOUT";
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
