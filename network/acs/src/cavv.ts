// The cardholder authentication verification value: 20 octets, as 3-D Secure carries them (authenticationValue). Made by the access control server,
// made again by the issuer (docs/protocol.md, "Domain restriction").

import { timingSafeEqual } from "node:crypto";
import { aesCmac } from "@enabling-card/vault";

export const CAVV_SIZE = 20;
/** Authentication tracking number: as many random octets. */
export const ATN_SIZE = 16;
/** Its first octets, which CAVV and DRC are made of. */
export const ATN_PART_SIZE = 8;
const VERSION = 1;
/** Of the key: its number, in one octet. */
const INDEX_AT = 1;
const INDEXES = 256;

interface CavvKey {
  /** 0 for the first one, one more with each rotation. */
  readonly number: number;
  /** 16 octets, of the access control server and the issuer. */
  readonly key: Uint8Array;
}

/** CAVVs are made by the newest, and looked at by either. */
export interface CavvKeys extends CavvKey {
  readonly before?: CavvKey;
}

/**
 * Version, key's index, two octets of zero, AES-CMAC (RFC 4493) of `ecard/1 cavv|PAN|ATN part`.
 *
 * @param key - 16 octets, of the access control server and the issuer
 * @param atnPart - 8 octets
 */
export function cavvOf(key: Uint8Array, pan: string, atnPart: Uint8Array, number = 0): Uint8Array {
  const text = Buffer.concat([Buffer.from(`ecard/1 cavv|${pan}|`), atnPart]);
  return Uint8Array.from([VERSION, number % INDEXES, 0, 0, ...aesCmac(key, text)]);
}

/** What is wrong with it, if anything is: made by a key that is not there any more, or not yet; or no CAVV of this payment. In a time that depends on nothing secret. */
export function cavvFault(
  cavv: Uint8Array,
  keys: CavvKeys,
  pan: string,
  atnPart: Uint8Array,
): "KEY_RETIRED" | "KEY_NOT_YET" | "CAVV_WRONG" | undefined {
  if (cavv.length !== CAVV_SIZE) return "CAVV_WRONG";
  const index = cavv[INDEX_AT]!;
  const used = [keys, ...(keys.before ? [keys.before] : [])].find(({ number }) => number % INDEXES === index);
  if (used === undefined) {
    // Numbers are a ring of octets: whichever half it lies in.
    return (index - (keys.number % INDEXES) + INDEXES) % INDEXES < INDEXES / 2 ? "KEY_NOT_YET" : "KEY_RETIRED";
  }
  return timingSafeEqual(cavv, cavvOf(used.key, pan, atnPart, used.number)) ? undefined : "CAVV_WRONG";
}
