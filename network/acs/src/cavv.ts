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
/** Of the key; one until keys are changed. */
const KEY_INDEX = 0;

/**
 * Version, key's index, two octets of zero, AES-CMAC (RFC 4493) of `ecard/1 cavv|PAN|ATN part`.
 *
 * @param key - 16 octets, of the access control server and the issuer
 * @param atnPart - 8 octets
 */
export function cavvOf(key: Uint8Array, pan: string, atnPart: Uint8Array): Uint8Array {
  const text = Buffer.concat([Buffer.from(`ecard/1 cavv|${pan}|`), atnPart]);
  return Uint8Array.from([VERSION, KEY_INDEX, 0, 0, ...aesCmac(key, text)]);
}

/** Compares in a time that depends on nothing secret. */
export function isCavv(cavv: Uint8Array, key: Uint8Array, pan: string, atnPart: Uint8Array): boolean {
  return cavv.length === CAVV_SIZE && timingSafeEqual(cavv, cavvOf(key, pan, atnPart));
}
