// A phone's static key, as a handshake needs it: who holds it may never show its secret half.

import { concat, KEY_SIZE } from "@enabling-card/wire";
import { x25519 } from "@noble/curves/ed25519.js";

/** An X25519 key (RFC 7748), by what it can do. */
export interface StaticKey {
  readonly publicKey: Uint8Array;
  /** The secret that it shares with `remote`, 32 octets. Throws for a point of small order. */
  readonly dh: (remote: Uint8Array) => Promise<Uint8Array>;
}

/** One whose secret half can be written down. */
export interface SoftwareKey extends StaticKey {
  readonly secret: Uint8Array;
}

/** A key in this process's memory, new unless told. */
export function softwareKey(secret: Uint8Array = x25519.utils.randomSecretKey()): SoftwareKey {
  return {
    secret,
    publicKey: x25519.getPublicKey(secret),
    dh: async (remote) => x25519.getSharedSecret(secret, remote),
  };
}

/** A key in the keeping of WebCrypto, which does not give it out: IndexedDB takes `handle` as it is. */
export interface WebCryptoKey extends StaticKey {
  readonly handle: WebCryptoHandle;
}

export interface WebCryptoHandle {
  readonly privateKey: CryptoKey;
  readonly publicKey: Uint8Array;
}

const X25519 = "X25519";
/** RFC 8410: what SubjectPublicKeyInfo has before the 32 octets of an X25519 key. */
const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00);

/** A new one. @throws the platform's `NotSupportedError` where it has no X25519 */
export async function newWebCryptoKey(): Promise<WebCryptoKey> {
  const { privateKey, publicKey } = (await crypto.subtle.generateKey({ name: X25519 }, false, [
    "deriveBits",
  ])) as CryptoKeyPair;
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  return webCryptoKey({ privateKey, publicKey: spki.slice(-KEY_SIZE) });
}

/** One that was kept. */
export function webCryptoKey(handle: WebCryptoHandle): WebCryptoKey {
  const { privateKey, publicKey } = handle;
  const dh = async (remote: Uint8Array): Promise<Uint8Array> => {
    const spki = concat(SPKI, remote) as Uint8Array<ArrayBuffer>;
    const other = await crypto.subtle.importKey("spki", spki, { name: X25519 }, false, []);
    const shared = await crypto.subtle.deriveBits({ name: X25519, public: other }, privateKey, 8 * KEY_SIZE);
    // RFC 7748, 6.1: not every platform looks.
    if (new Uint8Array(shared).every((octet) => octet === 0)) throw new RangeError("a point of small order");
    return new Uint8Array(shared);
  };
  return { handle, publicKey, dh };
}
