// X25519 (RFC 7748) for the HPKE library by Node's OpenSSL: the library's own is JavaScript, and a hundred times slower. Keys are raw octets there and
// DER here (RFC 8410).

import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from "node:crypto";
import { Dhkem, HkdfSha256Native, KemId, XCurveDhkemPrimitives } from "@hpke/common";

const KEY_SIZE = 32;
/** RFC 8410: what stands before the 32 octets of a private key (PKCS #8), and of a public one (SubjectPublicKeyInfo). */
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI = Buffer.from("302a300506032b656e032100", "hex");

const CURVE = {
  utils: { randomSecretKey: () => Uint8Array.from(randomBytes(KEY_SIZE)) },
  getPublicKey: publicOf,
  /** Throws where the shared secret would be all zeros (RFC 7748 6.1), as RFC 9180 7.1.4 asks. */
  getSharedSecret: (secret: Uint8Array, peer: Uint8Array) =>
    Uint8Array.from(diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(peer) })),
};

/** The public key of 32 secret octets. */
export function publicOf(secret: Uint8Array): Uint8Array {
  const spki = createPublicKey(privateKey(secret)).export({ format: "der", type: "spki" });
  return Uint8Array.from(spki.subarray(SPKI.length));
}

function privateKey(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: "der", type: "pkcs8" });
}

function publicKey(peer: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, peer]), format: "der", type: "spki" });
}

/** DHKEM(X25519, HKDF-SHA256), RFC 9180 7.1. */
export class NativeDhkemX25519 extends Dhkem {
  override readonly id = KemId.DhkemX25519HkdfSha256;
  override readonly secretSize = KEY_SIZE;
  override readonly encSize = KEY_SIZE;
  override readonly publicKeySize = KEY_SIZE;
  override readonly privateKeySize = KEY_SIZE;

  constructor() {
    const kdf = new HkdfSha256Native();
    super(KemId.DhkemX25519HkdfSha256, new XCurveDhkemPrimitives("X25519", KEY_SIZE, CURVE as never, kdf), kdf);
  }
}
