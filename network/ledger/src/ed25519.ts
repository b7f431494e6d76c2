// Ed25519 for services (RFC 8032), by node:crypto: faster than JavaScript, and a seed is all there is to keep.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** DER in front of the 32 octets: PKCS #8 with a seed, SubjectPublicKeyInfo with a public key (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

export interface SigningKey {
  /** 32 octets. */
  readonly publicKey: Uint8Array;
  /** 64 octets. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** The key of a 32-octet seed. */
export function signingKey(seed: Uint8Array): SigningKey {
  if (seed.length !== 32) throw new RangeError(`An Ed25519 seed has 32 octets, not ${seed.length}`);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: Uint8Array.from(spki.subarray(SPKI.length)),
    sign: (bytes) => Uint8Array.from(sign(null, bytes, key)),
  };
}

export function verifySignature(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: "der", type: "spki" });
  } catch {
    return false;
  }
  return signature.length === 64 && verify(null, bytes, key, signature);
}
