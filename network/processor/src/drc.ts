// The domain restriction cryptogram (system 4; docs/protocol.md, "Domain restriction"): made by the domain server, made again by the processor.

import { timingSafeEqual } from "node:crypto";
import { aesCmac } from "@enabling-card/vault";
import { cborEncode } from "@enabling-card/wire";

const DRC_SIZE = 8;

export interface DrcInput {
  readonly requestor: string;
  /** DE 42 without the blanks that fill it. */
  readonly merchant: string;
  /** The token's 16 digits. */
  readonly token: string;
  /** 8 octets. */
  readonly atnPart: Uint8Array;
  readonly atc: number;
}

/** AES-CMAC (RFC 4493) of the CBOR array [requestor, merchant, token, ATN part, ATC], first 8 octets. @param key - 16 octets */
export function drcOf(key: Uint8Array, { requestor, merchant, token, atnPart, atc }: DrcInput): Uint8Array {
  return aesCmac(key, cborEncode([requestor, merchant, token, atnPart, atc])).slice(0, DRC_SIZE);
}

/** In a time that depends on the lengths alone. */
export function equalDrc(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
