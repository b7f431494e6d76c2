// The domain restriction cryptogram (system 4; docs/protocol.md, "Domain restriction"): made by the domain server, made again by the processor.

import { timingSafeEqual } from "node:crypto";
import { aesCmac } from "@enabling-card/vault";

const DRC_SIZE = 8;
const NAME = "ecard/1 drc";

export interface DrcInput {
  /** At most 255 octets. */
  readonly requestor: string;
  /** DE 42 without the blanks that fill it. */
  readonly merchant: string;
  /** The token's 16 digits. */
  readonly token: string;
  /** 8 octets. */
  readonly atnPart: Uint8Array;
  readonly atc: number;
}

/**
 * AES-CMAC (RFC 4493), first 8 octets, of `ecard/1 drc`, requestor and merchant (each behind an octet of its length), token, ATN part, ATC (u32,
 * big-endian). No CBOR: this is made of each request.
 *
 * @param key - 16 octets
 */
export function drcOf(key: Uint8Array, { requestor, merchant, token, atnPart, atc }: DrcInput): Uint8Array {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(atc);
  const input = [Buffer.from(NAME), counted(requestor), counted(merchant), Buffer.from(token), atnPart, count];
  return aesCmac(key, Buffer.concat(input)).slice(0, DRC_SIZE);
}

function counted(text: string): Buffer {
  const octets = Buffer.from(text);
  return Buffer.concat([Buffer.of(octets.length), octets]);
}

/** In a time that depends on the lengths alone. */
export function equalDrc(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
