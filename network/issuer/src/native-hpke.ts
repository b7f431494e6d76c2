// X25519 (RFC 7748) and HKDF-SHA256 (RFC 5869) for the HPKE library by Node's OpenSSL: the library's own are JavaScript, a hundred times slower, and WebCrypto,
// whose every step is a promise and a thread's. Keys are raw octets there and JWKs here (RFC 8037), which OpenSSL takes in a seventh of the time of DER.

import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { Dhkem, HkdfSha256Native, KemId, XCurveDhkemPrimitives } from "@hpke/common";

const KEY_SIZE = 32;
const HASH_SIZE = 32;
const OKP = { kty: "OKP", crv: "X25519" } as const;

const CURVE = {
  utils: { randomSecretKey: () => Uint8Array.from(randomBytes(KEY_SIZE)) },
  getPublicKey: publicOf,
  /** Throws where the shared secret would be all zeros (RFC 7748 6.1), as RFC 9180 7.1.4 asks. */
  getSharedSecret: (secret: Uint8Array, peer: Uint8Array) =>
    Uint8Array.from(diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(peer) })),
};

/** The public key of 32 secret octets. */
export function publicOf(secret: Uint8Array): Uint8Array {
  const { x } = createPublicKey(privateKey(secret)).export({ format: "jwk" });
  return Uint8Array.from(Buffer.from(x!, "base64url"));
}

/** A JWK names the public key beside the secret one (RFC 8037 2): it is what we ask OpenSSL for, which makes it of the secret one and reads no other. */
function privateKey(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: { ...OKP, d: base64(secret), x: "" }, format: "jwk" });
}

function publicKey(peer: Uint8Array): KeyObject {
  return createPublicKey({ key: { ...OKP, x: base64(peer) }, format: "jwk" });
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64url");
}

type Octets = ArrayBuffer | ArrayBufferView;

/** What sealing asks of HKDF, without a promise a step. */
export class NativeHkdf extends HkdfSha256Native {
  override async extract(salt: Octets, ikm: Octets): Promise<ArrayBuffer> {
    const key = salt.byteLength === 0 ? new Uint8Array(HASH_SIZE) : octetsOf(salt);
    return Uint8Array.from(createHmac("sha256", key).update(octetsOf(ikm)).digest()).buffer;
  }

  override async extractAndExpand(salt: Octets, ikm: Octets, info: Octets, size: number): Promise<ArrayBuffer> {
    return hkdfSync("sha256", octetsOf(ikm), octetsOf(salt), octetsOf(info), size);
  }
}

function octetsOf(octets: Octets): Uint8Array {
  return ArrayBuffer.isView(octets)
    ? new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength)
    : new Uint8Array(octets);
}

/** DHKEM(X25519, HKDF-SHA256), RFC 9180 7.1. */
export class NativeDhkemX25519 extends Dhkem {
  override readonly id = KemId.DhkemX25519HkdfSha256;
  override readonly secretSize = KEY_SIZE;
  override readonly encSize = KEY_SIZE;
  override readonly publicKeySize = KEY_SIZE;
  override readonly privateKeySize = KEY_SIZE;

  constructor() {
    const kdf = new NativeHkdf();
    super(KemId.DhkemX25519HkdfSha256, new XCurveDhkemPrimitives("X25519", KEY_SIZE, CURVE as never, kdf), kdf);
  }
}
