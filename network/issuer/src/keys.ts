// The issuer's keys. Sample keys are the same on every machine, so they serve nothing but demonstrations on one (rule 11).

import { createHash, randomBytes } from "node:crypto";
import { type SigningKey, signingKey } from "@enabling-card/ledger";
import { equalBytes } from "@enabling-card/wire";

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
  /** Of `sign` and `master`: 0 for the first ones, one more with each rotation. */
  readonly number: number;
  /** Those that were taken before, for an overlap. The other keys are cards', and stay. */
  readonly before?: IssuerKeysBefore;
}

export interface IssuerKeysBefore {
  readonly number: number;
  readonly sign: SigningKey;
  readonly master: Uint8Array;
}

export interface Rotation {
  /** Of these seeds. */
  readonly number: number;
  /** Those of one number less, as long as both are taken. */
  readonly before?: Uint8Array | undefined;
}

const NAMES = ["issuer root", "maker root", "node", "issuer", "master"] as const;
const SEED_SIZE = 32;
export const SEEDS_SIZE = SEED_SIZE * NAMES.length;

const SAMPLE_SEEDS: readonly Uint8Array[] = NAMES.map((name) =>
  Uint8Array.from(createHash("sha256").update(`enabling-card sample key: ${name}`).digest()),
);

/**
 * Keys of 160 random octets, kept by the caller in the order issuer root, maker root, node, issuer, master. Where one of them is a
 * sample key, wherever it came from, all of them count as such.
 */
export function keysFromSeeds(seeds: Uint8Array, { number, before }: Rotation = { number: 0 }): IssuerKeys {
  if (seeds.length !== SEEDS_SIZE) {
    throw new RangeError(`The issuer's seeds have ${SEEDS_SIZE} octets, not ${seeds.length}`);
  }
  const parts = NAMES.map((_, i) => Uint8Array.from(seeds.subarray(SEED_SIZE * i, SEED_SIZE * (i + 1))));
  const [issuerRoot, makerRoot, node, sign, master] = parts as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const earlier = before && keysFromSeeds(before, { number: number - 1 });
  const keys = {
    number,
    sample: parts.some((part) => SAMPLE_SEEDS.some((sample) => equalBytes(part, sample))),
    issuerRoot: signingKey(issuerRoot),
    makerRoot: signingKey(makerRoot),
    node: signingKey(node),
    sign: signingKey(sign),
  };
  // Not enumerable: whoever prints or serialises the keys, or an issuer, does not print the master.
  Object.defineProperty(keys, "master", { value: master });
  if (earlier) {
    const { number: was, sign: signed, master: had } = earlier;
    Object.defineProperty(keys, "before", {
      value: Object.defineProperty({ number: was, sign: signed }, "master", { value: had }),
    });
  }
  return keys as unknown as IssuerKeys;
}

/** The next seeds: another signing key and another master, and what cards pin as it was. */
export function rotatedSeeds(seeds: Uint8Array): Uint8Array {
  const fresh = randomSeeds();
  return Uint8Array.from([...seeds.subarray(0, SEED_SIZE * 3), ...fresh.subarray(SEED_SIZE * 3)]);
}

export function randomSeeds(): Uint8Array {
  return Uint8Array.from(randomBytes(SEEDS_SIZE));
}

/** Development keys that everybody has: for loopback and the test range alone. */
export function sampleKeys(): IssuerKeys {
  return keysFromSeeds(Uint8Array.from(Buffer.concat(SAMPLE_SEEDS)));
}
