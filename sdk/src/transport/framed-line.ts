// A card's line in another process, over whatever carries whole frames there and back, in order:
//   card:  greeting, as soon as somebody connects (line-greeting.ts)
//   phone: empty frame to take the line; who only looks goes away instead
//   card:  empty frame: the line is up. Then one empty frame for each chunk of the phone that the card has taken
//   both:  chunks as frames, until either ends the connection. Who is not let in (one phone at a time) gets no greeting
// Meant for loopback: the line is as bare as the air is, and what keeps a stranger out is the session above it.

import { type CardError, sdkError, throwIfAborted } from "../errors.js";
import type { CardLink, CardTransport, DiscoveredCard } from "./card-link.js";
import { decodeGreeting, type LineGreeting } from "./line-greeting.js";
import { LinkEnd } from "./link-end.js";

/** The phone's end of a connection. */
export interface FrameSocket {
  /** `taken` is called once the platform has taken it. */
  send(frame: Uint8Array, taken: () => void): void;
  /** Ends it behind what was sent, and resolves once it is gone, in bounded time. */
  close(): Promise<void>;
  /** Ends it at once. */
  destroy(): void;
}

/** What is heard of a connection. */
export interface FrameEvents {
  frame(frame: Uint8Array): void;
  /** What comes are no frames. */
  broken(): void;
  /** It is gone, or never was; `cause` where the platform tells one. */
  gone(cause?: unknown): void;
}

export type OpenSocket = (events: FrameEvents) => FrameSocket;

export interface LineOptions {
  /** How long connecting, and the card's receipt for each chunk, may take, ms; 5 s unless told. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
/** Chunks of the card that wait for the first listener, at most: as many as the emulated card itself keeps back. */
const EARLY_MAX = 16;
/** How long the other end may take to close, ms. */
export const CLOSE_MS = 500;
const EMPTY = new Uint8Array(0);

/** The transport whose air holds the one card behind `open`. */
export function lineTransport(id: string, open: OpenSocket, options: LineOptions = {}): CardTransport {
  const { timeoutMs = TIMEOUT_MS } = options;
  return {
    async *discover(signal) {
      let line: FramedLine;
      try {
        line = await FramedLine.dial(open, id, timeoutMs, signal);
      } catch {
        return; // nobody there, or not in time: nothing is found
      }
      const { identifier } = line.greeting;
      await line.close();
      const found: DiscoveredCard = { id, ...(identifier && { identifier }) };
      if (!signal?.aborted) yield found;
    },
    async connect(wanted, { signal } = {}) {
      if (wanted !== id) throw sdkError("CARD_NOT_FOUND", `this transport reaches ${id} alone`);
      const line = await FramedLine.dial(open, id, timeoutMs, signal);
      await line.take(signal);
      return line.link(id);
    },
  };
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: CardError) => void;
}

class FramedLine {
  readonly #socket: FrameSocket;
  readonly #id: string;
  readonly #timeoutMs: number;
  readonly #end = new LinkEnd();
  readonly #receipts: Waiter[] = [];
  readonly #chunkListeners = new Set<(chunk: Uint8Array) => void>();
  #early: Uint8Array[] = [];
  #greeting: LineGreeting | undefined;
  /** The line was asked for: before that the card says nothing behind its greeting. */
  #asked = false;
  #greeted: () => void = () => undefined;

  /** Connects and waits for the greeting. @throws {CardError} `CARD_NOT_FOUND`, `LINK_TIMEOUT`, `ABORTED` */
  static async dial(open: OpenSocket, id: string, timeoutMs: number, signal?: AbortSignal): Promise<FramedLine> {
    throwIfAborted(signal);
    const line = new FramedLine(open, id, timeoutMs);
    const greeted = new Promise<void>((resolve) => {
      line.#greeted = resolve;
    });
    const timer = setTimeout(() => line.#finish(sdkError("LINK_TIMEOUT", `no greeting from ${id}`)), timeoutMs);
    try {
      await untilAborted(Promise.race([greeted, line.#end.lost]), signal);
      if (line.#end.reason !== undefined) throw line.#end.reason;
    } catch (error) {
      line.#socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return line;
  }

  private constructor(open: OpenSocket, id: string, timeoutMs: number) {
    this.#id = id;
    this.#timeoutMs = timeoutMs;
    this.#socket = open({
      frame: (frame) => this.#hear(frame),
      broken: () =>
        this.#finish(this.#isUp ? sdkError("LINK_LOST", "the card's frames do not add up") : this.#noCard()),
      gone: (cause) => this.#finish(this.#isUp ? sdkError("LINK_LOST", undefined, { cause }) : this.#nobody(cause)),
    });
  }

  get greeting(): LineGreeting {
    return this.#greeting!;
  }

  /** Asks for the line. @throws {CardError} `CARD_NOT_FOUND` where the card is not free, `LINK_TIMEOUT`, `ABORTED` */
  async take(signal: AbortSignal | undefined): Promise<void> {
    this.#asked = true;
    try {
      await this.#send(EMPTY, true, signal);
    } catch (error) {
      await this.close();
      if ((error as CardError).code !== "LINK_LOST") throw error;
      throw sdkError("CARD_NOT_FOUND", "another phone may hold it", { cause: error });
    }
  }

  link(id: string): CardLink {
    const { maxWrite } = this.greeting;
    return {
      id,
      maxWrite,
      write: async (chunk, { response, signal }) => {
        if (chunk.length < 1 || chunk.length > maxWrite) {
          throw sdkError("ARGUMENT_INVALID", `a chunk has 1 to ${maxWrite} octets here`);
        }
        await this.#send(chunk, response, signal);
      },
      subscribe: async (listener) => {
        this.#chunkListeners.add(listener);
        for (const chunk of this.#early.splice(0)) listener(chunk);
        return () => this.#chunkListeners.delete(listener);
      },
      onDisconnect: (listener) => this.#end.listen(listener),
      close: () => this.close(),
    };
  }

  /** Resolves once the card's side has heard of it, so that the next phone finds the line free. */
  async close(): Promise<void> {
    this.#finish(sdkError("LINK_CLOSED"));
    await this.#socket.close();
  }

  /** Behind the greeting, what goes wrong is a link that was lost. */
  get #isUp(): boolean {
    return this.#greeting !== undefined;
  }

  #nobody(cause: unknown): CardError {
    const detail =
      cause === undefined
        ? `the card at ${this.#id} lets nobody in: another phone may hold it`
        : `nobody answers at ${this.#id}`;
    return sdkError("CARD_NOT_FOUND", detail, { cause });
  }

  #noCard(): CardError {
    return sdkError("CARD_NOT_FOUND", `what answers at ${this.#id} is not a card`);
  }

  async #send(frame: Uint8Array, response: boolean, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    if (this.#end.reason !== undefined) throw this.#end.reason;
    const receipt = this.#receipt();
    const taken = new Promise<void>((resolve) => this.#socket.send(frame, resolve));
    // An abort after this point ends the wait, not the chunk.
    await untilAborted(response ? receipt : Promise.race([taken, receipt]), signal);
    if (this.#end.reason !== undefined) throw this.#end.reason;
  }

  /** The card's next empty frame that is not yet spoken for. */
  #receipt(): Promise<void> {
    const receipt = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => this.#finish(sdkError("LINK_TIMEOUT")), this.#timeoutMs);
      const settled =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      this.#receipts.push({ resolve: settled(resolve), reject: settled(reject) });
    });
    receipt.catch(() => undefined);
    return receipt;
  }

  #hear(frame: Uint8Array): void {
    if (this.#end.reason !== undefined) return;
    if (this.#greeting === undefined) {
      this.#greeting = decodeGreeting(frame);
      if (this.#greeting === undefined) this.#finish(this.#noCard());
      else this.#greeted();
    } else if (!this.#asked) this.#finish(this.#noCard());
    else if (frame.length === 0) this.#receipts.shift()?.resolve();
    else if (frame.length > this.#greeting.maxWrite)
      this.#finish(sdkError("LINK_LOST", "a chunk too long for this line"));
    else if (this.#chunkListeners.size > 0) for (const listener of this.#chunkListeners) listener(frame.slice());
    else if (this.#early.length < EARLY_MAX) this.#early.push(frame);
    else this.#finish(sdkError("LINK_LOST", "nobody listens to the card"));
  }

  #finish(reason: CardError): void {
    if (this.#end.reason !== undefined) return;
    for (const { reject } of this.#receipts.splice(0)) reject(reason);
    if (reason.code !== "LINK_CLOSED") this.#socket?.destroy();
    this.#end.end(reason);
  }
}

function untilAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise<void>((resolve, reject) => {
    const aborted = () => reject(sdkError("ABORTED", undefined, { cause: signal.reason }));
    signal.addEventListener("abort", aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
