// What protocol.md derives from names: the pairing's PSK, the identifier key, the prologues. One place, so that both sides of a test use it too.

import { concat, equalBytes, IDENTIFIER_SIZE, KEY_SIZE, type PairingCode, utf8 } from "@enabling-card/wire";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

export const PAIR_PATTERN = "XXpsk3";
export const OPEN_PATTERN = "KK";

export function pairPrologue(cardId: Uint8Array): Uint8Array {
  return concat(utf8("ecard/1 pair"), cardId);
}

export function openPrologue(cardId: Uint8Array): Uint8Array {
  return concat(utf8("ecard/1 open"), cardId);
}

export function pairingPsk({ cardId, secret }: PairingCode): Uint8Array {
  return hkdf(sha256, secret, cardId, utf8("ecard/1 psk"), KEY_SIZE);
}

/** From the handshake hash of the pairing. */
export function identifierKey(handshakeHash: Uint8Array): Uint8Array {
  return hkdf(sha256, handshakeHash, undefined, utf8("ecard/1 id"), KEY_SIZE);
}

/** Was `identifier` (nonce(8) | HMAC-SHA256(key, nonce)[0..8]) made with `key`? */
export function recognises(key: Uint8Array, identifier: Uint8Array): boolean {
  if (identifier.length !== IDENTIFIER_SIZE) return false;
  const half = IDENTIFIER_SIZE / 2;
  const mac = hmac(sha256, key, identifier.subarray(0, half)).subarray(0, half);
  return equalBytes(mac, identifier.subarray(half));
}
