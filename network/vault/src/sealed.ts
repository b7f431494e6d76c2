// What a service keeps that others must not read: keys derived from its master (RFC 5869), texts sealed at rest (RFC 8439), names by which a
// secret is found and that tell nothing of it (RFC 2104), and the MAC of cards and lines (RFC 4493). Node's OpenSSL, and @noble for AES-CMAC.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { cmac } from "@noble/ciphers/aes.js";

const CIPHER = "chacha20-poly1305";
const [NONCE_SIZE, TAG_SIZE] = [12, 16];

/** HKDF-SHA256 of `master`: a key for what `info` says, of one thing where `salt` names it. */
export function derivedKey(
  master: Uint8Array,
  info: string,
  size: number,
  salt: Uint8Array = new Uint8Array(0),
): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", master, salt, info, size));
}

/** HMAC-SHA256 in hexadecimal: the same for the same text, and nothing to whoever has not the key. */
export function keyedName(key: Uint8Array, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

/** AES-CMAC, 16 octets. @param key - 16 octets. */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return cmac(message, key);
}

/** Nonce, ciphertext, tag. @param key - 32 octets. */
export function sealText(key: Uint8Array, text: string): Uint8Array {
  const nonce = randomBytes(NONCE_SIZE);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_SIZE });
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

/** What was sealed; undefined where it was altered, or sealed by another key. */
export function openText(key: Uint8Array, sealed: Uint8Array): string | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_SIZE), { authTagLength: TAG_SIZE });
    decipher.setAuthTag(sealed.subarray(-TAG_SIZE));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_SIZE, -TAG_SIZE)), decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}
