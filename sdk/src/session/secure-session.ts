// The secure session: requests and events under the keys of one handshake. A nonce is spent before the wire sees it; a message
// that does not open, a fault, or a lost link is the session's end. The next one has other keys.

import {
  type CardEvent,
  type CborValue,
  decodeCardMessage,
  encodeRequest,
  type Message,
  MessageType,
  type Op,
  Status,
} from "@enabling-card/wire";
import { CardError, sdkError, statusError, throwIfAborted } from "../errors.js";
import { type MessageLink, type SendProgress, unlessAborted, within } from "../link/message-link.js";
import type { HandshakeResult } from "../noise/handshake.js";

const EMPTY = new Uint8Array(0);
const LAST_ID = 0xffff_ffff;

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: SendProgress | undefined;
  /** The request's turn has come: the link gets it now. Never called for one that was cancelled before. */
  readonly onSend?: (() => void) | undefined;
}

export interface SessionListener {
  event(event: CardEvent, body: CborValue): void;
  /** The session is over; no event follows. */
  ended(reason: CardError): void;
}

interface Waiting {
  resolve(body: CborValue): void;
  reject(error: CardError): void;
}

export class SecureSession {
  readonly #link: MessageLink;
  readonly #keys: HandshakeResult;
  readonly #listener: SessionListener;
  readonly #waiting = new Map<number, Waiting>();
  #id = 0;
  #ended: CardError | undefined;

  constructor(link: MessageLink, keys: HandshakeResult, listener: SessionListener) {
    this.#link = link;
    this.#keys = keys;
    this.#listener = listener;
    link.listen({
      message: (message) => this.#take(message),
      fault: (error) => this.end(error),
      lost: (error) => this.end(error),
    });
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Asks the card for `op` and returns the answer's body. Requests may overlap; answers find theirs by number.
   *
   * @throws {CardError} the card's refusal; `LINK_LOST`, `SESSION_AUTH_FAILED` and the like where the session ended;
   * `LINK_TIMEOUT`; `ABORTED`. After the last two the answer may still come: it is dropped.
   */
  async request(op: Op, body: CborValue, options: RequestOptions): Promise<CborValue> {
    throwIfAborted(options.signal);
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#id >= LAST_ID) throw sdkError("SESSION_ENDED");
    const id = ++this.#id;
    const answer = new Promise<CborValue>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    answer.catch(() => undefined);
    try {
      // Sealed when its turn to be written has come: nonces go out in order, and none is spent for a call that was cancelled.
      const sent = this.#link.send(
        MessageType.Sealed,
        () => {
          const message = this.#keys.send.encrypt(EMPTY, encodeRequest(id, op, body));
          options.onSend?.();
          return message;
        },
        { signal: options.signal, onProgress: options.onProgress },
      );
      // Cancelled half-way, it is written to its end all the same; only the call does not wait for that.
      // Nor does one that was answered wait for the link to say that it took it: a card that hangs up behind its answer ends the link first.
      await Promise.race([unlessAborted(sent, options.signal), answer]);
      return await within(answer, options.timeoutMs, options.signal);
    } catch (error) {
      throw this.#ended !== undefined && isLinkError(error) ? this.#ended : error;
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Ends the session: keys are forgotten, calls under way fail with `reason`. */
  end(reason: CardError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#keys.send.wipe();
    this.#keys.receive.wipe();
    for (const waiting of this.#waiting.values()) waiting.reject(reason);
    this.#waiting.clear();
    this.#listener.ended(reason);
  }

  #take(message: Message): void {
    if (this.#ended !== undefined) return;
    try {
      if (message.type !== MessageType.Sealed) throw sdkError("CARD_ANSWER_MALFORMED", "message type");
      const said = decodeCardMessage(this.#keys.receive.decrypt(EMPTY, message.body));
      if (said.kind === "event") this.#listener.event(said.event, said.body);
      else if (said.status === Status.Ok) this.#waiting.get(said.id)?.resolve(said.body);
      else this.#waiting.get(said.id)?.reject(statusError(said.status));
    } catch (error) {
      this.end(error instanceof CardError ? error : sdkError("CARD_ANSWER_MALFORMED", undefined, { cause: error }));
    }
  }
}

function isLinkError(error: unknown): boolean {
  return error instanceof CardError && (error.code === "LINK_LOST" || error.code === "LINK_CLOSED");
}
