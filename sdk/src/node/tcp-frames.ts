// A card's line over TCP, for a phone in another process . Frames both ways: u16 little-endian length, octets.
//   card:  greeting, as soon as somebody connects: "ECARD" 1, u16 longest chunk, then the 16 octets it advertises, if it does
//   phone: empty frame to take the line; who only looks goes away instead
//   card:  empty frame: the line is up. Then one empty frame for each chunk of the phone that the card has taken
//   both:  chunks as frames, until either ends the connection. Who is not let in (one phone at a time) gets no greeting

import { ATT_HEADER, concat, equalBytes, IDENTIFIER_SIZE, MTU_MAX, MTU_MIN, utf8 } from "@enabling-card/wire";

const MAGIC = concat(utf8("ECARD"), Uint8Array.of(1));
const HEAD = 2;
export const CHUNK_MAX = MTU_MAX - ATT_HEADER;
const EMPTY = new Uint8Array(0);

/** What the card says first. */
export interface LineGreeting {
  /** Longest chunk of this line, octets. */
  readonly maxWrite: number;
  /** 16 octets, or undefined before pairing. */
  readonly identifier?: Uint8Array;
}

/** One frame; an empty one without `chunk`. */
export function encodeFrame(chunk: Uint8Array = EMPTY): Uint8Array {
  return concat(Uint8Array.of(chunk.length & 0xff, chunk.length >> 8), chunk);
}

export function encodeGreeting({ maxWrite, identifier = EMPTY }: LineGreeting): Uint8Array {
  return concat(MAGIC, Uint8Array.of(maxWrite & 0xff, maxWrite >> 8), identifier);
}

/** The greeting in a frame; undefined where it is not one: something else listens there. */
export function decodeGreeting(frame: Uint8Array): LineGreeting | undefined {
  const head = MAGIC.length + 2;
  if (frame.length !== head && frame.length !== head + IDENTIFIER_SIZE) return undefined;
  if (!equalBytes(frame.subarray(0, MAGIC.length), MAGIC)) return undefined;
  const maxWrite = frame[MAGIC.length]! | (frame[MAGIC.length + 1]! << 8);
  if (maxWrite < MTU_MIN - ATT_HEADER || maxWrite > CHUNK_MAX) return undefined;
  return { maxWrite, ...(frame.length > head && { identifier: frame.slice(head) }) };
}

/** Puts frames together again from a stream's pieces. Keeps one frame at most. */
export class FrameReader {
  readonly #buffer = new Uint8Array(HEAD + CHUNK_MAX);
  #have = 0;

  /** Frames that `bytes` complete, or undefined where the stream cannot be this protocol: end the connection. */
  push(bytes: Uint8Array): Uint8Array[] | undefined {
    const frames: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = this.#have < HEAD ? 0 : this.#length;
      const missing = HEAD + length - this.#have;
      const piece = bytes.subarray(at, at + missing);
      this.#buffer.set(piece, this.#have);
      this.#have += piece.length;
      at += piece.length;
      if (this.#have < HEAD) continue;
      if (this.#length > CHUNK_MAX) return undefined;
      if (this.#have < HEAD + this.#length) continue;
      frames.push(this.#buffer.slice(HEAD, this.#have));
      this.#have = 0;
    }
    return frames;
  }

  get #length(): number {
    return this.#buffer[0]! | (this.#buffer[1]! << 8);
  }
}
