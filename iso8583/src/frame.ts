// Messages on a TCP stream: two bytes of length, big-endian, not counting themselves, then the message.
// The reader holds at most one frame and the chunk that it was given.
import { Iso8583Error } from "./errors.js";

/** Longest frame taken by default, in bytes; every field of the table at its longest needs less than 1,500. */
export const MAX_FRAME = 4096;

const PREFIX = 2;

/** `message` behind its length. @throws {@link Iso8583Error} `FRAME_EMPTY`, `FRAME_TOO_LONG` (above 65,535 bytes). */
export function frame(message: Uint8Array): Uint8Array {
  if (message.length === 0) throw new Iso8583Error("FRAME_EMPTY", 0, "An empty message has no frame");
  if (message.length > 0xffff)
    throw new Iso8583Error("FRAME_TOO_LONG", 0, `${message.length} bytes do not fit a frame`);
  const framed = new Uint8Array(PREFIX + message.length);
  framed[0] = message.length >> 8;
  framed[1] = message.length & 0xff;
  framed.set(message, PREFIX);
  return framed;
}

/** Cuts a stream into messages, however the line chunks it. After an error the stream is out of step: close it. */
export class FrameReader {
  readonly #max: number;
  /** -1 until both bytes of the prefix are here. */
  #length = -1;
  #prefix = 0;
  #prefixBytes = 0;
  #body = new Uint8Array(0);
  #filled = 0;

  constructor(maxLength = MAX_FRAME) {
    this.#max = maxLength;
  }

  /** True between frames: nothing of a next one has come. */
  get idle(): boolean {
    return this.#prefixBytes === 0;
  }

  /**
   * The messages that `chunk` completes, in order, as copies.
   *
   * @throws {@link Iso8583Error} `FRAME_TOO_LONG`, `FRAME_EMPTY`, before anything of that frame is stored.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (let rest = chunk; rest.length > 0; ) {
      const next = this.next(rest);
      if (next.message !== undefined) messages.push(next.message);
      rest = next.rest;
    }
    return messages;
  }

  /**
   * The one message that `chunk` completes, as a copy, and what of the chunk is behind it: for whoever takes them as he can. Undefined where it completes
   * none, and then nothing is left.
   *
   * @throws as `push`
   */
  next(chunk: Uint8Array): { readonly message: Uint8Array | undefined; readonly rest: Uint8Array } {
    let at = 0;
    while (at < chunk.length) {
      if (this.#length < 0) {
        this.#prefix = (this.#prefix << 8) | chunk[at++]!;
        if (++this.#prefixBytes === PREFIX) this.#begin(this.#prefix);
        continue;
      }
      const part = chunk.subarray(at, at + this.#length - this.#filled);
      this.#body.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#length) {
        const message = this.#body;
        this.#reset();
        return { message, rest: chunk.subarray(at) };
      }
    }
    return { message: undefined, rest: chunk.subarray(at) };
  }

  /** To be called when the stream ends. @throws {@link Iso8583Error} `FRAME_CUT` inside a frame. */
  finish(): void {
    if (!this.idle) throw new Iso8583Error("FRAME_CUT", 0, "The stream ended inside a message");
  }

  #begin(length: number): void {
    if (length === 0) throw new Iso8583Error("FRAME_EMPTY", 0, "A frame of length zero");
    if (length > this.#max) {
      throw new Iso8583Error("FRAME_TOO_LONG", 0, `A frame of ${length} bytes, at most ${this.#max} are taken`);
    }
    this.#length = length;
    this.#body = new Uint8Array(length);
    this.#filled = 0;
  }

  #reset(): void {
    this.#length = -1;
    this.#prefix = 0;
    this.#prefixBytes = 0;
    this.#body = new Uint8Array(0);
    this.#filled = 0;
  }
}
