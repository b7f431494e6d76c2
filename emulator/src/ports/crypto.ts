// Port crypto: primitives by @noble, on the module's own memory. Contract: firmware/ports/crypto.ts.

import { Status } from "@enabling-card/wire";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { ModuleMemory } from "../memory.js";

const KEY = 32;
const NONCE = 12;
const TAG = 16;
const SIGNATURE = 64;
const HMAC_BLOCK = 64;

/**
 * @param hear - Gets a copy of each secret that passes: keys, what X25519 gives, HMAC's keys as they are and padded. For memory scans.
 */
export function cryptoPort(memory: ModuleMemory, hear?: (secret: Uint8Array) => void) {
  return {
    sha256(data: number, length: number, out: number): void {
      if (hear && length >= HMAC_BLOCK) {
        const block = memory.demand(data, HMAC_BLOCK);
        if (isHmacKey(block)) {
          const pad = block[HMAC_BLOCK - 1]!;
          hear(block.slice(0, KEY));
          hear(block.slice(0, KEY).map((octet) => octet ^ pad));
        }
      }
      const digest = sha256(memory.demand(data, length));
      memory.demand(out, digest.length).set(digest);
    },

    x25519(secret: number, point: number, out: number): number {
      const target = memory.demand(out, KEY);
      try {
        const shared = x25519.getSharedSecret(memory.demand(secret, KEY).slice(), memory.demand(point, KEY).slice());
        target.set(shared);
        hear?.(shared.slice());
        shared.fill(0);
        return Status.Ok;
      } catch {
        target.fill(0); // RFC 7748 6.1: a point of small order gives all zero
        return Status.CryptoFailed;
      }
    },

    seal(key: number, nonce: number, aad: number, aadLength: number, data: number, length: number): void {
      hear?.(memory.demand(key, KEY).slice());
      const out = memory.demand(data, length + TAG);
      const cipher = chacha20poly1305(
        memory.demand(key, KEY).slice(),
        memory.demand(nonce, NONCE).slice(),
        memory.demand(aad, aadLength).slice(),
      );
      out.set(cipher.encrypt(out.slice(0, length)));
    },

    open(key: number, nonce: number, aad: number, aadLength: number, data: number, length: number): number {
      if (length < TAG) return Status.CryptoFailed;
      hear?.(memory.demand(key, KEY).slice());
      const octets = memory.demand(data, length);
      const cipher = chacha20poly1305(
        memory.demand(key, KEY).slice(),
        memory.demand(nonce, NONCE).slice(),
        memory.demand(aad, aadLength).slice(),
      );
      try {
        octets.set(cipher.decrypt(octets.slice()));
        return Status.Ok;
      } catch {
        return Status.CryptoFailed;
      }
    },

    verify(publicKey: number, data: number, length: number, signature: number): number {
      const parts = [
        memory.demand(signature, SIGNATURE).slice(),
        memory.demand(data, length).slice(),
        memory.demand(publicKey, KEY).slice(),
      ] as const;
      try {
        return ed25519.verify(...parts, { zip215: false }) ? Status.Ok : Status.CryptoFailed;
      } catch {
        return Status.CryptoFailed;
      }
    },
  };
}

/** A key of at most 32 octets under HMAC's inner or outer pad (RFC 2104 2), and not an empty one. */
function isHmacKey(block: Uint8Array): boolean {
  const pad = block[HMAC_BLOCK - 1]!;
  return (
    (pad === 0x36 || pad === 0x5c) &&
    block.subarray(KEY).every((octet) => octet === pad) &&
    block.some((octet) => octet !== pad)
  );
}
