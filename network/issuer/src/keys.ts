// The issuer's keys. Sample keys are the same on every machine, so they serve nothing but demonstrations on one (rule 11).

import { createHash, randomBytes } from "node:crypto";
import { type SigningKey, signingKey } from "@enabling-card/ledger";

export interface IssuerKeys {
  /** True for keys that anybody can read in this repository. */
  readonly sample: boolean;
  /** Signs issuers' certificates; cards pin its public half. */
  readonly issuerRoot: SigningKey;
  /** Signs cards' certificates. */
  readonly makerRoot: SigningKey;
  /** Signs checkpoints of the development log. */
  readonly node: SigningKey;
  /** Signs grants and states, under a certificate of `issuerRoot`. */
  readonly sign: SigningKey;
  /** 32 octets, from which token keys and the store's keys are derived. */
  readonly master: Uint8Array;
}

const NAMES = ["issuer root", "maker root", "node", "issuer", "master"] as const;
export const SEEDS_SIZE = 32 * NAMES.length;

/** Keys of 160 random octets, kept by the caller in the order issuer root, maker root, node, issuer, master. */
export function keysFromSeeds(seeds: Uint8Array, sample = false): IssuerKeys {
  if (seeds.length !== SEEDS_SIZE)
    throw new RangeError(`The issuer's seeds have ${SEEDS_SIZE} octets, not ${seeds.length}`);
  const [issuerRoot, makerRoot, node, sign, master] = NAMES.map((_, i) => seeds.subarray(32 * i, 32 * (i + 1)));
  return {
    sample,
    issuerRoot: signingKey(issuerRoot!),
    makerRoot: signingKey(makerRoot!),
    node: signingKey(node!),
    sign: signingKey(sign!),
    master: Uint8Array.from(master!),
  };
}

export function randomSeeds(): Uint8Array {
  return Uint8Array.from(randomBytes(SEEDS_SIZE));
}

/** Development keys that everybody has: for loopback and the test range alone. */
export function sampleKeys(): IssuerKeys {
  const seeds = NAMES.map((name) => createHash("sha256").update(`enabling-card sample key: ${name}`).digest());
  return keysFromSeeds(Uint8Array.from(Buffer.concat(seeds)), true);
}
