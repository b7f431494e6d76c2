// The other end of such a door: one line, kept open, on which many ask at once. Answers find who asked by what the standard calls a request by
// (DE 7, 11, 32, 41), in whatever order they come.

import { connect, type Socket } from "node:net";
import { decode, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { encodeWithMac, hasMac, type LineKeys, withoutMac } from "./line-mac.js";

const NAMING = [7, 11, 32, 41] as const;
/** How many may wait for their answers. */
const WAITING_MAX = 4096;
/** After a line that could not be had none is tried for so long, ms. */
const AGAIN_MS = 250;

export const LINE_ERRORS = {
  LINE_DOWN: "The line is down: see that the other service runs, then try again",
  LINE_BUSY: "Too many wait for answers on this line: try again in a moment",
  LINE_TIMEOUT: "No answer came in time: whether it was decided is not known, ask again by a repeat",
} as const;

export type LineErrorCode = keyof typeof LINE_ERRORS;

export class LineError extends Error {
  override readonly name = "LineError";

  constructor(
    readonly code: LineErrorCode,
    options?: ErrorOptions,
  ) {
    super(LINE_ERRORS[code], options);
  }
}

export interface CallerOptions {
  readonly host: string;
  readonly port: number;
  readonly keys?: LineKeys;
  /** How long an answer may take, ms; 5 s unless told. */
  readonly answerMs?: number;
  /** Told by its code of what came and could not be read, or that nobody waited for. */
  readonly onFault?: (code: string) => void;
}

interface Waiting {
  readonly resolve: (answer: Message) => void;
  readonly reject: (error: LineError) => void;
  readonly timer: NodeJS.Timeout;
}

export class IsoCaller {
  readonly #options: CallerOptions;
  readonly #waiting = new Map<string, Waiting>();
  #socket: Socket | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #heardAt = 0;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /**
   * The answer to `message`. Of two that are called the same and wait at once, the second is refused: `LINE_BUSY`.
   *
   * @throws {LineError} `LINE_DOWN`, `LINE_BUSY`, `LINE_TIMEOUT`
   */
  ask(message: Message): Promise<Message> {
    return new Promise((resolve, reject) => {
      const name = nameOf(message);
      const asked = performance.now();
      if (this.#socket === undefined && asked - this.#failedAt < AGAIN_MS) return reject(new LineError("LINE_DOWN"));
      if (this.#waiting.size >= WAITING_MAX || this.#waiting.has(name)) return reject(new LineError("LINE_BUSY"));
      const { answerMs = 5000, keys } = this.#options;
      const timer = setTimeout(() => {
        this.#waiting.delete(name);
        reject(new LineError("LINE_TIMEOUT"));
        // Of a peer that is gone without a word TCP tells nothing for minutes: the next one asks on a new line.
        if (this.#heardAt < asked) this.#leave();
      }, answerMs);
      this.#waiting.set(name, { resolve, reject, timer });
      this.#line().write(frame(keys ? encodeWithMac(message, keys.request) : encode(message)));
    });
  }

  close(): void {
    this.#leave();
  }

  /** Whoever still waits hears that the line is down. */
  #leave(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new LineError("LINE_DOWN"));
    }
    this.#waiting.clear();
    socket?.destroy();
  }

  #line(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    const socket = connect(this.#options.port, this.#options.host);
    const reader = new FrameReader();
    socket.setNoDelay(true);
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
    if (waiting === undefined) {
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
  return [mti.slice(0, 2), ...NAMING.map((de) => fields[de] ?? "")].join("|");
}
