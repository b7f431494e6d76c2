// What a card's line says first, over TCP or a WebSocket: "ECARD" 1, u16 little-endian longest chunk, then the 16 octets it advertises, if it does.

import { ATT_HEADER, concat, equalBytes, IDENTIFIER_SIZE, MTU_MAX, MTU_MIN, utf8 } from "@enabling-card/wire";

const MAGIC = concat(utf8("ECARD"), Uint8Array.of(1));
export const CHUNK_MAX = MTU_MAX - ATT_HEADER;

export interface LineGreeting {
  /** Longest chunk of this line, octets. */
  readonly maxWrite: number;
  /** 16 octets, or undefined before pairing. */
  readonly identifier?: Uint8Array;
}

export function encodeGreeting({ maxWrite, identifier = new Uint8Array(0) }: LineGreeting): Uint8Array {
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
