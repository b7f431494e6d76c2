// The other end of such a door: one line, kept open, on which many ask at once. Answers find who asked by what the standard calls a request by
// (DE 7, 11, 32, 41), in whatever order they come.

import { connect, type Socket } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { decode, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { secondsNow } from "./clock.js";
import { encodeWithMac, hasMac, type LineKeys, sentAt, withoutMac } from "./line-mac.js";
import { requestName } from "./request-name.js";

/** How many may wait for their answers. */
const WAITING_MAX = 4096;
/** And reversals beside them. */
const REVERSALS_BESIDE = 256;
/** After a line that could not be had none is tried for so long, ms. */
const AGAIN_MS = 250;

export const LINE_ERRORS = {
  LINE_DOWN: "The line is down: see that the other service runs, then try again",
  LINE_BUSY: "Too many wait for answers on this line: try again in a moment",
  LINE_NAMED: "Another request of that name waits for its answer on this line: give each its own number, or time",
  LINE_TIMEOUT: "No answer came in time: whether it was decided is not known, ask again by a repeat",
} as const;

export type LineErrorCode = keyof typeof LINE_ERRORS;

export class LineError extends Error {
  override readonly name = "LineError";
  /** Whether it may have been heard. What was not sent was decided by nobody. */
  readonly isSent: boolean;

  constructor(
    readonly code: LineErrorCode,
    options?: ErrorOptions & { readonly isSent?: boolean },
  ) {
    super(LINE_ERRORS[code], options);
    this.isSent = options?.isSent ?? !(code === "LINE_BUSY" || code === "LINE_NAMED");
  }
}

export interface CallerOptions {
  readonly host: string;
  readonly port: number;
  readonly keys?: LineKeys;
  /** Seconds since 1970, for a line with keys: within a minute of the other end's. */
  readonly now?: () => number;
  /** How long an answer may take, ms; 5 s unless told. */
  readonly answerMs?: number;
  /** Told by its code of what came and could not be read, or that nobody waited for. */
  readonly onFault?: (code: string) => void;
}

interface Waiting {
  readonly message: Message;
  /** DE 53 of it, where the line has keys. */
  readonly sent: string;
  readonly answer: Promise<Message>;
  readonly resolve: (answer: Message) => void;
  readonly reject: (error: LineError) => void;
  readonly timer: NodeJS.Timeout;
}

export class IsoCaller {
  readonly #options: CallerOptions;
  readonly #waiting = new Map<string, Waiting>();
  #socket: Socket | undefined;
  /** Whether the line is up: what is asked before waits in this process. */
  #isUp = false;
  #failedAt = Number.NEGATIVE_INFINITY;
  #heardAt = 0;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /**
   * The answer to `message`. Where it waits already, or what it repeats does, both get that one's.
   *
   * @throws {LineError} `LINE_DOWN`, `LINE_BUSY`, `LINE_NAMED` where another one of its name waits, `LINE_TIMEOUT`
   */
  ask(message: Message): Promise<Message> {
    const name = nameOf(message);
    const earlier = this.#waiting.get(name);
    if (earlier === undefined) return this.#asked(name, message);
    return isSame(earlier.message, message) ? earlier.answer : Promise.reject(new LineError("LINE_NAMED"));
  }

  async #asked(name: string, message: Message): Promise<Message> {
    const asked = performance.now();
    if (this.#socket === undefined && asked - this.#failedAt < AGAIN_MS) {
      throw new LineError("LINE_DOWN", { isSent: false });
    }
    // What was not heard of must be reversed however many ask for something new.
    const most = message.mti.startsWith("04") ? WAITING_MAX + REVERSALS_BESIDE : WAITING_MAX;
    if (this.#waiting.size >= most) throw new LineError("LINE_BUSY");
    const { answerMs = 5000, keys, now = secondsNow } = this.#options;
    const sent = sentAt(now());
    const bytes = frame(keys ? encodeWithMac(message, keys.request, sent) : encode(message));
    let settle!: Pick<Waiting, "resolve" | "reject">;
    const answer = new Promise<Message>((resolve, reject) => {
      settle = { resolve, reject };
    });
    const timer = setTimeout(() => {
      this.#waiting.delete(name);
      settle.reject(new LineError("LINE_TIMEOUT", { isSent: this.#isUp }));
      // Of a peer that is gone without a word TCP tells nothing for minutes: the next one asks on a new line.
      if (this.#heardAt < asked) this.#leave();
    }, answerMs);
    this.#waiting.set(name, { message, sent, answer, ...settle, timer });
    this.#line().write(bytes);
    return answer;
  }

  close(): void {
    this.#leave();
  }

  /** Whoever still waits hears that the line is down. */
  #leave(): void {
    const socket = this.#socket;
    const isSent = this.#isUp;
    this.#socket = undefined;
    this.#isUp = false;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new LineError("LINE_DOWN", { isSent }));
    }
    this.#waiting.clear();
    socket?.destroy();
  }

  #line(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    const socket = connect(this.#options.port, this.#options.host);
    const reader = new FrameReader();
    socket.setNoDelay(true);
    socket.on("connect", () => {
      if (this.#socket === socket) this.#isUp = true;
    });
    socket.on("data", (chunk) => {
      this.#heardAt = performance.now();
      try {
        for (const bytes of reader.push(chunk)) this.#take(bytes);
      } catch (error) {
        this.#options.onFault?.((error as { code?: string }).code ?? "ISO8583");
        socket.destroy();
      }
    });
    socket.on("error", () => {
      this.#failedAt = performance.now();
    });
    socket.on("close", () => {
      if (this.#socket === socket) this.#leave();
    });
    this.#socket = socket;
    return socket;
  }

  #take(bytes: Uint8Array): void {
    const told = decode(bytes);
    const { keys, onFault } = this.#options;
    if (keys && !hasMac(bytes, told, keys.answer))
      throw Object.assign(new Error("its MAC is wrong"), { code: "MAC_WRONG" });
    const answer = keys ? withoutMac(told) : told;
    const name = nameOf(answer);
    const waiting = this.#waiting.get(name);
    // One of before is none to this request, whose name may have come round again.
    if (waiting === undefined || (keys && told.fields[53] !== waiting.sent)) {
      onFault?.("ANSWER_UNASKED");
      return;
    }
    this.#waiting.delete(name);
    clearTimeout(waiting.timer);
    waiting.resolve(answer);
  }
}

/** By its class of message as well: a reversal has a number of its own, as a rule, but need not. */
function nameOf({ mti, fields }: Message): string {
  return `${mti.slice(0, 2)}|${requestName(fields)}`;
}

/** The same message, or its repeat. */
function isSame(a: Message, b: Message): boolean {
  return a.mti.slice(0, 2) === b.mti.slice(0, 2) && isDeepStrictEqual(a.fields, b.fields);
}
