// What each service must hold where they are processes of their own, and no more: its own master, a secret with each service that it speaks with, and of
// CAVVs the key that issuer and access control server share. Written as JSON, octets as base64url: in a file that its owner alone reads, or in its
// environment.

import { randomBytes } from "node:crypto";
import { cavvKeyOf, type IssuerKeys, keysFromSeeds, randomSeeds, SEEDS_SIZE, sampleKeys } from "@enabling-card/issuer";
import { derivedKey } from "@enabling-card/vault";

const KEY_SIZE = 32;
const CAVV_KEY_SIZE = 16;

/** By service what its keys are called, and how many octets each has. */
const SIZES = {
  issuer: { seeds: SEEDS_SIZE, processor: KEY_SIZE, acs: KEY_SIZE },
  processor: { master: KEY_SIZE, issuer: KEY_SIZE, acs: KEY_SIZE },
  acs: { master: KEY_SIZE, cavvKey: CAVV_KEY_SIZE, issuer: KEY_SIZE, processor: KEY_SIZE },
} as const;

export type ServiceName = keyof typeof SIZES;
export const SERVICES = Object.keys(SIZES) as readonly ServiceName[];

/** `sample` for keys that everybody can read: for loopback and the test range alone. */
export type ServiceKeys<Name extends ServiceName> = { readonly sample: boolean } & (Name extends "issuer"
  ? { readonly keys: IssuerKeys; readonly processor: Uint8Array; readonly acs: Uint8Array }
  : Readonly<Record<keyof (typeof SIZES)[Name], Uint8Array>>);

/** New keys of each service, as they are written; and the issuer's seeds, which cards are made by as well. */
export function newServiceKeys(): {
  readonly seeds: Uint8Array;
  readonly written: Readonly<Record<ServiceName, string>>;
} {
  const fresh = () => Uint8Array.from(randomBytes(KEY_SIZE));
  const [seeds, processorIssuer, processorAcs, acsIssuer] = [randomSeeds(), fresh(), fresh(), fresh()];
  const { master } = keysFromSeeds(seeds);
  const written = (service: ServiceName, keys: Readonly<Record<string, Uint8Array>>) =>
    `${JSON.stringify({ service, ...Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, base64(key)])) })}\n`;
  return {
    seeds,
    written: {
      issuer: written("issuer", { seeds, processor: processorIssuer, acs: acsIssuer }),
      processor: written("processor", { master: fresh(), issuer: processorIssuer, acs: processorAcs }),
      acs: written("acs", { master: fresh(), cavvKey: cavvKeyOf(master), issuer: acsIssuer, processor: processorAcs }),
    },
  };
}

/** What was written for that service; undefined for anything else. Says nothing of what it holds. */
export function readServiceKeys<Name extends ServiceName>(service: Name, text: string): ServiceKeys<Name> | undefined {
  const sizes: Readonly<Record<string, number>> = SIZES[service];
  const { service: named, ...told } = parsed(text);
  if (named !== service || Object.keys(told).length !== Object.keys(sizes).length) return undefined;
  const keys: Record<string, Uint8Array> = {};
  for (const [name, size] of Object.entries(sizes)) {
    const value = told[name];
    const key = typeof value === "string" ? Buffer.from(value, "base64url") : undefined;
    if (key?.length !== size || base64(key) !== value) return undefined;
    keys[name] = Uint8Array.from(key);
  }
  const { seeds, ...secrets } = keys;
  const sample = Object.values(sampleSecrets()).map(base64);
  const isSample = Object.values(secrets).some((key) => sample.includes(base64(key)));
  const own = seeds && { keys: keysFromSeeds(seeds) };
  return { ...secrets, ...own, sample: isSample || own?.keys.sample === true } as unknown as ServiceKeys<Name>;
}

/** Development keys that everybody has; of stores they are those of the network in one process. */
export function sampleServiceKeys<Name extends ServiceName>(service: Name): ServiceKeys<Name> {
  const { processorIssuer, processorAcs, acsIssuer, ...masters } = sampleSecrets();
  const keys = {
    issuer: { keys: sampleKeys(), processor: processorIssuer, acs: acsIssuer },
    processor: { master: masters.processorMaster, issuer: processorIssuer, acs: processorAcs },
    acs: {
      master: masters.acsMaster,
      cavvKey: cavvKeyOf(sampleKeys().master),
      issuer: acsIssuer,
      processor: processorAcs,
    },
  };
  return { ...keys[service], sample: true } as unknown as ServiceKeys<Name>;
}

/** 32 octets that a processor beside its issuer derives its own keys from. */
export function processorMaster(keys: IssuerKeys): Uint8Array {
  return derivedKey(keys.master, "ecard/1 processor master", KEY_SIZE);
}

/** The same of an access control server. */
export function acsMaster(keys: IssuerKeys): Uint8Array {
  return derivedKey(keys.master, "ecard/1 acs master", KEY_SIZE);
}

function sampleSecrets() {
  const keys = sampleKeys();
  const secret = (pair: string) => derivedKey(keys.master, `ecard/1 sample secret ${pair}`, KEY_SIZE);
  return {
    ...{ processorMaster: processorMaster(keys), acsMaster: acsMaster(keys) },
    ...{
      processorIssuer: secret("processor issuer"),
      processorAcs: secret("processor acs"),
      acsIssuer: secret("acs issuer"),
    },
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {}; // no cause: it would quote the keys
  }
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64url");
}
