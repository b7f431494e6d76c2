// One line at a door for ISO 8583: what comes on it waits until it may be served, and meanwhile nothing more is read.

import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { decode, decodePartly, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import type { InTurn, Turns } from "./in-turn.js";
import { formatAnswer, networkAnswer } from "./iso-answers.js";
import { askedBy, encodeWithMac, isOfNow, type LineKeys } from "./line-mac.js";

/** Octets of answers that a peer may leave unread. */
const UNREAD_MAX = 64 * 1024;

/** Once, in any order; a fault is told by its code beside it. Undefined where whoever asked is to hear nothing. */
export type Answer = (message: Message | undefined, fault?: string) => void;
/** @param line - That it came by, where it came by one */
export type Serve = (message: Message, answer: Answer, line?: PeerLine) => void;

/** Whoever is at the other end, as long as this line is open. */
export interface PeerLine {
  /** Of this line alone. */
  readonly name: string;
  /** Of its other end. */
  readonly address: string;
}

export interface LineOptions {
  readonly serve: Serve;
  readonly served: ReadonlySet<string>;
  readonly keys: LineKeys | undefined;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly onFault: (code: string) => void;
  readonly onHeard: (socket: Socket) => void;
  readonly idleMs: number;
  readonly frameMs: number;
  readonly turns: Turns;
  /** Requests that are not answered yet, before the next one is served. */
  readonly unansweredMax: number;
}

/** What an answer between services has of its request. */
interface AskedBy {
  readonly key: Uint8Array;
  /** DE 53 of the request. */
  readonly sent: string;
}

export class IsoLine implements InTurn {
  readonly #socket: Socket;
  readonly #options: LineOptions;
  readonly #reader = new FrameReader();
  readonly #line: PeerLine;
  /** What was read and is not looked at: one chunk, at most. */
  #rest: Uint8Array = new Uint8Array(0);
  #unfinished: NodeJS.Timeout | undefined;
  /** How long the message that is not whole has been read for, ms, and since when it is again. */
  #readMs = 0;
  #readFrom = 0;
  #unanswered = 0;
  #isGivenUp = false;

  constructor(socket: Socket, options: LineOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#line = { name: randomUUID(), address: socket.remoteAddress ?? "" };
    socket.setTimeout(options.idleMs, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(this.#unfinished);
      this.#rest = this.#rest.subarray(0, 0);
      options.turns.leave(this);
    });
    socket.on("end", () => {
      if (!this.#reader.idle) options.onFault("FRAME_CUT");
    });
    socket.on("data", (chunk) => this.#heard(chunk));
  }

  /** Whether an answer is due on it. */
  get isWaiting(): boolean {
    return this.#unanswered > 0;
  }

  serveNext(): boolean {
    if (this.#isGivenUp || this.#socket.destroyed || this.#unanswered >= this.#options.unansweredMax) return false;
    try {
      const { message, rest } = this.#reader.next(this.#rest);
      this.#rest = rest;
      if (message === undefined) {
        this.#readOn();
        return false;
      }
      this.#readMs = 0;
      this.#take(message);
    } catch (error) {
      this.#giveUp((error as { code?: string }).code ?? "ISO8583");
      return false;
    }
    return true;
  }

  #heard(chunk: Uint8Array): void {
    if (this.#isGivenUp) return; // and the peer talks on
    this.#options.onHeard(this.#socket);
    // How long a message takes is the peer's doing while it is read, and ours until it is read on.
    if (this.#unfinished !== undefined) this.#readMs += performance.now() - this.#readFrom;
    clearTimeout(this.#unfinished);
    this.#unfinished = undefined;
    this.#rest = chunk;
    this.#socket.pause();
    this.#options.turns.wait(this);
  }

  #readOn(): void {
    this.#socket.resume();
    if (this.#reader.idle) return;
    this.#readFrom = performance.now();
    this.#unfinished = setTimeout(() => this.#socket.destroy(), Math.max(0, this.#options.frameMs - this.#readMs));
  }

  #take(bytes: Uint8Array): void {
    const { keys, served, serve, turns, now } = this.#options;
    // Between services a message that cannot be read has no MAC that could be.
    const { fault, ...message } = keys ? { ...decode(bytes), fault: undefined } : decodePartly(bytes);
    const pair = keys && askedBy(bytes, message, keys);
    if (keys && !pair) {
      this.#giveUp("MAC_WRONG");
      return;
    }
    if (keys && !isOfNow(message.fields[53], now())) {
      this.#giveUp("CLOCK_SKEW");
      return;
    }
    const by = pair && { key: pair.answer, sent: message.fields[53]! };
    if (fault === undefined && served.has(message.mti)) {
      this.#unanswered++;
      turns.asked();
      serve(message, this.#answerBy(by), this.#line);
      return;
    }
    const echo = fault === undefined ? networkAnswer(message) : undefined;
    if (echo !== undefined) {
      this.#say(echo, by);
      return;
    }
    const code = fault?.code ?? "MTI_UNSUPPORTED";
    const refusal = formatAnswer(message, code);
    if (refusal === undefined) {
      this.#giveUp(code);
      return;
    }
    this.#options.onFault(code);
    this.#say(refusal, by);
  }

  #say(message: Message, by: AskedBy | undefined): void {
    this.#socket.write(frame(by ? encodeWithMac(message, by.key, by.sent) : encode(message)));
    if (this.#socket.writableLength > UNREAD_MAX) this.#socket.destroy();
  }

  #answerBy(by: AskedBy | undefined): Answer {
    const { turns, onFault, unansweredMax } = this.#options;
    return (message, fault) => {
      const wasFull = this.#unanswered-- === unansweredMax;
      turns.answered();
      if (fault !== undefined) onFault(fault);
      if (this.#socket.destroyed) return;
      if (message) this.#say(message, by);
      if (this.#socket.destroyed) return;
      if (this.#isGivenUp && this.#unanswered === 0) this.#socket.destroySoon();
      if (wasFull && !this.#isGivenUp) turns.wait(this);
    };
  }

  /** After the answers that are on their way. */
  #giveUp(code: string): void {
    if (this.#isGivenUp) return;
    this.#options.onFault(code);
    this.#isGivenUp = true;
    this.#rest = this.#rest.subarray(0, 0);
    this.#socket.resume(); // what else it says is not kept
    if (this.#unanswered === 0) this.#socket.destroySoon();
  }
}
