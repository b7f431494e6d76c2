// Adapter for one card behind a TCP port: `ecard emulate --listen`. Meant for loopback: the line is as bare as the air is, and what
// keeps a stranger out is the session above it. Frames: tcp-frames.ts.

import { connect as connectSocket, type Socket } from "node:net";
import { type CardError, type SdkErrorCode, sdkError, throwIfAborted } from "../errors.js";
import type { CardLink, CardTransport, DiscoveredCard } from "../transport/card-link.js";
import { decodeGreeting, encodeFrame, FrameReader, type LineGreeting } from "./tcp-frames.js";

export interface TcpTransportOptions {
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  readonly port: number;
  /** How long connecting, and the card's receipt for each chunk, may take, ms; 5 s unless told. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
/** Chunks of the card that wait for the first listener, at most: as many as the emulated card itself keeps back. */
const EARLY_MAX = 16;
const CLOSE_MS = 500;

/** The transport whose air holds the one card at `host:port`. */
export function tcpTransport(options: TcpTransportOptions): CardTransport {
  const { host = "127.0.0.1", port, timeoutMs = TIMEOUT_MS } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw sdkError("ARGUMENT_INVALID", "port: 1 to 65535");
  const id = `${host}:${port}`;
  const dial = (signal: AbortSignal | undefined) => TcpLine.dial(host, port, { timeoutMs, signal });
  return {
    async *discover(signal) {
      let line: TcpLine;
      try {
        line = await dial(signal);
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
      const line = await dial(signal);
      await line.take(signal);
      return line.link(id);
    },
  };
}

interface DialOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: CardError) => void;
}

class TcpLine {
  readonly greeting: LineGreeting;
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #receipts: Waiter[] = [];
  readonly #chunkListeners = new Set<(chunk: Uint8Array) => void>();
  readonly #endListeners = new Set<(reason: CardError) => void>();
  #early: Uint8Array[] = [];
  #gone: CardError | undefined;

  /** Connects and waits for the greeting. @throws {CardError} `CARD_NOT_FOUND`, `LINK_TIMEOUT`, `ABORTED` */
  static async dial(host: string, port: number, { timeoutMs, signal }: DialOptions): Promise<TcpLine> {
    throwIfAborted(signal);
    const socket = connectSocket({ host, port, noDelay: true });
    const reader = new FrameReader();
    const at = `${host}:${port}`;
    try {
      return await new Promise<TcpLine>((resolve, reject) => {
        const settle = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", aborted);
        };
        const fail = (code: SdkErrorCode, detail: string | undefined, cause?: unknown) => {
          settle();
          reject(sdkError(code, detail, { cause }));
        };
        const timer = setTimeout(() => fail("LINK_TIMEOUT", `no greeting from ${at}`), timeoutMs);
        const aborted = () => fail("ABORTED", undefined, signal?.reason);
        signal?.addEventListener("abort", aborted, { once: true });
        socket.once("error", (cause) => fail("CARD_NOT_FOUND", `nobody answers at ${at}`, cause));
        socket.once("close", () =>
          fail("CARD_NOT_FOUND", `the card at ${at} lets nobody in: another phone may hold it`),
        );
        socket.on("data", (bytes) => {
          const frames = reader.push(bytes);
          if (frames?.length === 0) return;
          const greeting = frames?.length === 1 ? decodeGreeting(frames[0]!) : undefined;
          if (greeting === undefined) return fail("CARD_NOT_FOUND", `what answers at ${at} is not a card`);
          settle();
          socket.removeAllListeners();
          resolve(new TcpLine(socket, reader, greeting, timeoutMs));
        });
      });
    } catch (error) {
      socket.removeAllListeners().on("error", () => undefined); // an error after the refusal says nothing new
      socket.destroy();
      throw error;
    }
  }

  private constructor(socket: Socket, reader: FrameReader, greeting: LineGreeting, timeoutMs: number) {
    this.greeting = greeting;
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on("error", (cause) => this.#end(sdkError("LINK_LOST", undefined, { cause })));
    socket.on("close", () => this.#end(sdkError("LINK_LOST")));
    socket.on("data", (bytes) => {
      const frames = reader.push(bytes);
      if (frames === undefined) return this.#end(sdkError("LINK_LOST", "the card's frames do not add up"));
      for (const frame of frames) this.#take(frame);
    });
  }

  /** Asks for the line. @throws {CardError} `CARD_NOT_FOUND` where the card is not free, `LINK_TIMEOUT`, `ABORTED` */
  async take(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#send(encodeFrame(), true, signal);
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
        await this.#send(encodeFrame(chunk), response, signal);
      },
      subscribe: async (listener) => {
        this.#chunkListeners.add(listener);
        for (const chunk of this.#early.splice(0)) listener(chunk);
        return () => this.#chunkListeners.delete(listener);
      },
      onDisconnect: (listener) => {
        if (this.#gone !== undefined) listener(this.#gone);
        else this.#endListeners.add(listener);
        return () => this.#endListeners.delete(listener);
      },
      close: () => this.close(),
    };
  }

  /** Resolves once the card's side has heard of it, so that the next phone finds the line free. */
  async close(): Promise<void> {
    this.#end(sdkError("LINK_CLOSED"));
    if (this.#socket.closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), CLOSE_MS);
      this.#socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.end();
    });
  }

  async #send(frame: Uint8Array, response: boolean, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    if (this.#gone !== undefined) throw this.#gone;
    const receipt = this.#receipt();
    const written = new Promise<void>((resolve) => this.#socket.write(frame, () => resolve()));
    // An abort after this point ends the wait, not the chunk.
    await untilAborted(response ? receipt : Promise.race([written, receipt]), signal);
    if (this.#gone !== undefined) throw this.#gone;
  }

  /** The card's next empty frame that is not yet spoken for. */
  #receipt(): Promise<void> {
    const receipt = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => this.#end(sdkError("LINK_TIMEOUT")), this.#timeoutMs);
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

  #take(frame: Uint8Array): void {
    if (this.#gone !== undefined) return;
    if (frame.length === 0) this.#receipts.shift()?.resolve();
    else if (frame.length > this.greeting.maxWrite) this.#end(sdkError("LINK_LOST", "a chunk too long for this line"));
    else if (this.#chunkListeners.size > 0) for (const listener of this.#chunkListeners) listener(frame.slice());
    else if (this.#early.length < EARLY_MAX) this.#early.push(frame);
    else this.#end(sdkError("LINK_LOST", "nobody listens to the card"));
  }

  #end(reason: CardError): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    for (const { reject } of this.#receipts.splice(0)) reject(reason);
    if (reason.code !== "LINK_CLOSED") this.#socket.destroy();
    for (const listener of this.#endListeners) listener(reason);
    this.#endListeners.clear();
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
