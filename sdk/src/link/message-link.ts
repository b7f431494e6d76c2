// Messages over a CardLink: chunks out one message at a time, chunks in put together, a fault of the card told apart.
// A message once begun is written to its end: half a sealed message would cost the session its nonce.

import {
  ATT_HEADER,
  decodeMessage,
  encodeMessage,
  type Message,
  MessageType,
  MTU_MIN,
  PROTOCOL_VERSION,
  Reassembler,
  Status,
  toChunks,
} from "@enabling-card/wire";
import { CardError, sdkError, statusError, throwIfAborted } from "../errors.js";
import type { CardLink } from "../transport/card-link.js";

/** Octets given away and octets of the whole message. */
export type SendProgress = (sent: number, total: number) => void;

export interface SendOptions {
  /** Honoured before the first chunk. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: SendProgress | undefined;
  /** How long the link may take for one chunk, ms. */
  readonly chunkTimeoutMs?: number;
}

export interface OpenLinkOptions {
  /** How long subscribing may take, ms. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CHUNK_TIMEOUT_MS = 5_000;
const SUBSCRIBE_TIMEOUT_MS = 10_000;
/** A link that does not say that it has closed is taken for closed, ms. */
const CLOSE_TIMEOUT_MS = 1_000;

export interface MessageListener {
  /** A message of the card other than a fault. */
  message(message: Message): void;
  /** The card refused in clear: nothing protects this, so it may end a call but prove nothing. */
  fault(error: CardError): void;
  /** The link is gone; nothing follows. */
  lost(error: CardError): void;
}

export class MessageLink {
  readonly #link: CardLink;
  readonly #reassembler = new Reassembler();
  #listener: MessageListener | undefined;
  #waiting: (() => void)[] = [];
  #gone: CardError | undefined;
  /** Ends the wait for the chunk that is being written. */
  #cut: (reason: CardError) => void = () => undefined;
  #closing: Promise<void> | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(link: CardLink) {
    this.#link = link;
  }

  /**
   * Takes the link over: subscribes, and is its only writer from now on. Where that fails, the link is closed.
   *
   * @throws {CardError} `ARGUMENT_INVALID` where the link takes less than every link must; `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
   */
  static async open(link: CardLink, options: OpenLinkOptions = {}): Promise<MessageLink> {
    const messages = new MessageLink(link);
    try {
      if (!Number.isInteger(link.maxWrite) || link.maxWrite < MTU_MIN - ATT_HEADER) {
        throw sdkError("ARGUMENT_INVALID", `maxWrite: ${MTU_MIN - ATT_HEADER} octets or more`);
      }
      link.onDisconnect((reason) => messages.#lost(reason));
      const subscribing = link.subscribe((chunk) => messages.#take(chunk));
      await within(subscribing, options.timeoutMs ?? SUBSCRIBE_TIMEOUT_MS, options.signal).catch((error: unknown) => {
        subscribing.then((stop) => stop()).catch(() => undefined); // it may still come
        throw error;
      });
      return messages;
    } catch (error) {
      await messages.close();
      throw error;
    }
  }

  get id(): string {
    return this.#link.id;
  }

  /** Why nothing can be sent any more; undefined while the link is up. */
  get gone(): CardError | undefined {
    return this.#gone;
  }

  /** Who hears what comes; what came before waits for the first one. */
  listen(listener: MessageListener): void {
    this.#listener = listener;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) event();
    if (this.#gone !== undefined && waiting.length === 0) listener.lost(this.#gone);
  }

  /**
   * Writes one message; calls wait for each other in their order.
   *
   * @throws {CardError} `LINK_LOST`, `LINK_TIMEOUT` (the link is closed then), `ABORTED` where nothing was written.
   */
  send(type: MessageType, body: Uint8Array | (() => Uint8Array), options: SendOptions = {}): Promise<void> {
    const turn = this.#tail.then(() => this.#write(type, body, options));
    this.#tail = turn.catch(() => undefined); // a failed turn must not block the next
    return turn;
  }

  /**
   * Writes a message and waits for the one that answers it: handshakes, where nothing else may come.
   *
   * @throws {CardError} what the card's fault says, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
   */
  async exchange(
    type: MessageType,
    body: Uint8Array,
    answer: MessageType,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array> {
    throwIfAborted(options.signal);
    const received = new Promise<Uint8Array>((resolve, reject) => {
      this.listen({
        message: (message) => {
          if (message.type === answer) {
            this.#listener = undefined; // what follows waits for the next listener
            resolve(message.body.slice());
          }
          // a sealed message of an older session may still be on its way: not ours
          else if (message.type !== MessageType.Sealed) reject(sdkError("CARD_ANSWER_MALFORMED", "message type"));
        },
        fault: reject,
        lost: reject,
      });
    });
    received.catch(() => undefined);
    const answered = within(received, options.timeoutMs, options.signal);
    answered.catch(() => undefined);
    const sent = this.send(type, body, { signal: options.signal });
    // A link that takes nothing must not outlast the answer's time; and an answer that is there counts, though the link has gone.
    return Promise.race([received, Promise.race([sent, answered]).then(() => answered)]);
  }

  /** Ends what is being written, and the link. Never fails, and does not wait for a link that says nothing. */
  close(): Promise<void> {
    this.#lost(sdkError("LINK_CLOSED"));
    this.#closing ??= within(this.#link.close(), CLOSE_TIMEOUT_MS).catch(() => undefined);
    return this.#closing;
  }

  async #write(type: MessageType, body: Uint8Array | (() => Uint8Array), options: SendOptions): Promise<void> {
    throwIfAborted(options.signal);
    if (this.#gone !== undefined) throw this.#gone;
    const message = encodeMessage(type, typeof body === "function" ? body() : body);
    const chunks = toChunks(message, this.#link.maxWrite);
    let sent = 0;
    for (const [i, chunk] of chunks.entries()) {
      const response = i === chunks.length - 1;
      try {
        const lost = new Promise<never>((_, reject) => {
          this.#cut = reject;
        });
        await within(
          Promise.race([this.#link.write(chunk, { response }), lost]),
          options.chunkTimeoutMs ?? CHUNK_TIMEOUT_MS,
        );
      } catch (error) {
        const reason = error instanceof CardError ? error : sdkError("LINK_LOST", undefined, { cause: error });
        this.#lost(reason); // who waits hears why, and not that the app closed it
        await this.close(); // a message was cut: this link is of no more use
        throw reason;
      }
      sent += chunk.length;
      options.onProgress?.(
        sent,
        chunks.reduce((sum, one) => sum + one.length, 0),
      );
    }
  }

  #take(chunk: Uint8Array): void {
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#reassembler.push(chunk);
      if (bytes === undefined) return;
      const message = decodeMessage(bytes);
      if (message.version !== PROTOCOL_VERSION) throw statusError(Status.UnknownVersion);
      this.#tell((listener) =>
        message.type === MessageType.Fault
          ? listener.fault(statusError(message.body[0] ?? 0))
          : listener.message(message),
      );
    } catch (cause) {
      const error = cause instanceof CardError ? cause : sdkError("FRAME_INVALID", undefined, { cause });
      this.#tell((listener) => listener.fault(error));
    }
  }

  #lost(reason: CardError): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    this.#cut(reason);
    this.#reassembler.reset();
    this.#tell((listener) => listener.lost(reason));
  }

  #tell(event: (listener: MessageListener) => void): void {
    if (this.#listener !== undefined) event(this.#listener);
    else if (this.#waiting.length < 8) this.#waiting.push(() => event(this.#listener!));
  }
}

/** Waits for `promise`, but not after `signal`. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal === undefined ? promise : within(promise, undefined, signal);
}

/** Waits for `promise`, but not longer than `timeoutMs`, and not after `signal`. */
export function within<T>(promise: Promise<T>, timeoutMs: number | undefined, signal?: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const ending =
      <V>(end: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        end(value);
      };
    const fail = ending(reject);
    const aborted = () => fail(sdkError("ABORTED", undefined, { cause: signal?.reason }));
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => fail(sdkError("LINK_TIMEOUT")), timeoutMs);
    signal?.addEventListener("abort", aborted, { once: true });
    if (signal?.aborted) aborted();
    promise.then(ending(resolve), fail);
  });
}
