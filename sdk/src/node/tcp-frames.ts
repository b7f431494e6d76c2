// Frames of a card's line over TCP: u16 little-endian length, octets. What they say: ../transport/framed-line.ts.

import { concat } from "@enabling-card/wire";
import { CHUNK_MAX } from "../transport/line-greeting.js";

const HEAD = 2;
const EMPTY = new Uint8Array(0);

/** One frame; an empty one without `chunk`. */
export function encodeFrame(chunk: Uint8Array = EMPTY): Uint8Array {
  return concat(Uint8Array.of(chunk.length & 0xff, chunk.length >> 8), chunk);
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
