// Framing: a message in chunks that fit one ATT write or notification. The card's twin is firmware/link/framing.ts.
// Chunk = header (first 0x80, last 0x40, counter mod 64), total length u16 LE in a first one, data.

import { concat } from "./bytes.js";
import { WireError } from "./errors.js";
import { ATT_HEADER, CHUNK_COUNTER_MASK, CHUNK_FIRST, CHUNK_LAST, MESSAGE_MAX, MTU_MIN } from "./limits.js";

/** Least that a link may take at a time, octets. */
const WRITE_MIN = MTU_MIN - ATT_HEADER;

/**
 * Cuts `message` into chunks of at most `maxWrite` octets (MTU - 3).
 *
 * @throws {WireError} `CHUNK_INVALID` for a message of no or too many octets, and for a `maxWrite` below 20 or that is no whole number.
 */
export function toChunks(message: Uint8Array, maxWrite: number): Uint8Array[] {
  if (!Number.isInteger(maxWrite) || maxWrite < WRITE_MIN) {
    throw new WireError("CHUNK_INVALID", `A link takes ${WRITE_MIN} octets and more at a time, not ${maxWrite}`);
  }
  if (message.length === 0 || message.length > MESSAGE_MAX) {
    throw new WireError("CHUNK_INVALID", `A message has 1 to ${MESSAGE_MAX} octets, not ${message.length}`);
  }
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < message.length; ) {
    const first = at === 0;
    const room = maxWrite - (first ? 3 : 1);
    const data = message.subarray(at, at + room);
    at += data.length;
    const header =
      (first ? CHUNK_FIRST : 0) | (at === message.length ? CHUNK_LAST : 0) | (chunks.length & CHUNK_COUNTER_MASK);
    const length = first ? Uint8Array.of(message.length & 0xff, message.length >> 8) : new Uint8Array(0);
    chunks.push(concat(Uint8Array.of(header), length, data));
  }
  return chunks;
}

/** Puts chunks together again. Memory is bounded by `MESSAGE_MAX`; a first chunk drops an unfinished message. */
export class Reassembler {
  #parts: Uint8Array[] = [];
  #total = 0;
  #have = 0;
  #open = false;

  /**
   * Takes the next chunk; returns the message when it is whole.
   *
   * @throws {WireError} `CHUNK_INVALID` where a chunk is out of order, too long or too short; the message is dropped.
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const header = chunk[0];
    if (header === undefined) throw this.#fail("An empty chunk");
    const first = (header & CHUNK_FIRST) !== 0;
    if (first) this.#begin(chunk);
    else if (!this.#open) throw this.#fail("A chunk without a first one");
    if ((header & CHUNK_COUNTER_MASK) !== (this.#parts.length & CHUNK_COUNTER_MASK))
      throw this.#fail("A chunk is missing or came twice");

    const data = chunk.slice(first ? 3 : 1);
    this.#parts.push(data);
    this.#have += data.length;
    const last = (header & CHUNK_LAST) !== 0;
    if (data.length === 0 || this.#have > this.#total || last !== (this.#have === this.#total)) {
      throw this.#fail("Chunks do not add up to the length that the first one gave");
    }
    if (!last) return undefined;
    const message = concat(...this.#parts);
    this.reset();
    return message;
  }

  reset(): void {
    this.#parts = [];
    this.#open = false;
    this.#have = 0;
  }

  #begin(chunk: Uint8Array): void {
    this.reset();
    this.#total = (chunk[1] ?? 0) | ((chunk[2] ?? 0) << 8);
    if (chunk.length < 3 || this.#total === 0 || this.#total > MESSAGE_MAX)
      throw this.#fail("A first chunk with an impossible length");
    this.#open = true;
  }

  #fail(message: string): WireError {
    this.reset();
    return new WireError("CHUNK_INVALID", message);
  }
}
