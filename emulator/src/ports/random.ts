// Port random: the machine's true source, or ChaCha20 (RFC 8439) from a seed where a run must repeat. Contract: firmware/ports/random.ts.

import { utf8 } from "@enabling-card/wire";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { ModuleMemory } from "../memory.js";

/** Fresh octets, `length` of them. */
export type RandomSource = (length: number) => Uint8Array;

/** The platform's generator. */
export const trueRandom: RandomSource = (length) => crypto.getRandomValues(new Uint8Array(length));

/** The key of a seed, 32 octets: a machine that has it makes the same octets. */
export function seedKey(seed: string): Uint8Array {
  return sha256(utf8(`ecard emulator random ${seed}`));
}

/** The same octets for the same seed, each request going on where the last one ended: for tests and replays, never for a card. */
export function seededRandom(seed: string): RandomSource {
  const key = seedKey(seed);
  let draws = 0;
  return (length) => {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(8, draws++, true);
    return chacha20(key, nonce, new Uint8Array(length));
  };
}

export function randomPort(memory: ModuleMemory, source: RandomSource) {
  return {
    fill(out: number, length: number): void {
      memory.demand(out, length).set(source(length));
    },
  };
}
