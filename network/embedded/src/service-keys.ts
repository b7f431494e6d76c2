// What each service must hold where they are processes of their own, and no more: its own master, a secret with each service that it speaks with, and of
// CAVVs the key that issuer and access control server share. Written as JSON, octets as base64url: in a file that its owner alone reads, or in its
// environment. Keys that were changed (rotate-keys.ts) have a number, and those of before beside them for an overlap.

import { randomBytes } from "node:crypto";
import type { CavvKeys } from "@enabling-card/acs";
import {
  cavvKeyOf,
  cavvKeysOf,
  type IssuerKeys,
  keysFromSeeds,
  randomSeeds,
  SEEDS_SIZE,
  sampleKeys,
} from "@enabling-card/issuer";
import { derivedKey, type NumberedMaster } from "@enabling-card/vault";

const KEY_SIZE = 32;
const CAVV_KEY_SIZE = 16;

/** By service what its keys are called, and how many octets each has. */
const SIZES = {
  issuer: { seeds: SEEDS_SIZE, processor: KEY_SIZE, acs: KEY_SIZE },
  processor: { master: KEY_SIZE, issuer: KEY_SIZE, acs: KEY_SIZE },
  acs: { master: KEY_SIZE, cavvKey: CAVV_KEY_SIZE, issuer: KEY_SIZE, processor: KEY_SIZE },
  operator: { issuer: KEY_SIZE },
  requestor: { issuer: KEY_SIZE },
} as const;

/** Who has keys: each service, and at the issuer its operator and the requestor of its tokens, whose are made of its own. */
export type KeyHolder = keyof typeof SIZES;
export const KEY_HOLDERS = Object.keys(SIZES) as readonly KeyHolder[];
export type ServiceName = Exclude<KeyHolder, "operator" | "requestor">;

/** `sample` for keys that everybody can read: for loopback and the test range alone. */
export type ServiceKeys<Name extends KeyHolder> = { readonly sample: boolean } & (Name extends "issuer"
  ? { readonly keys: IssuerKeys; readonly processor: NumberedMaster; readonly acs: NumberedMaster }
  : Readonly<Record<Exclude<keyof (typeof SIZES)[Name], "cavvKey">, NumberedMaster>> &
      (Name extends "acs" ? { readonly cavvKey: CavvKeys } : unknown));

type Octets = Readonly<Record<string, Uint8Array>>;

/** A service's keys as they are in its file. */
export interface WrittenKeys {
  readonly keys: Octets;
  /** 0 for the first ones, one more with each rotation. */
  readonly number: number;
  /** Those of one number less, as long as both are taken; and when they were followed, seconds since 1970. */
  readonly before?: { readonly keys: Octets; readonly at: number } | undefined;
}

/** New keys of each service, as they are written; and the issuer's seeds, which cards are made by as well. */
export function newServiceKeys(seeds: Uint8Array = randomSeeds()): {
  readonly seeds: Uint8Array;
  readonly keys: Readonly<Record<KeyHolder, Octets>>;
  readonly written: Readonly<Record<KeyHolder, string>>;
} {
  const fresh = () => Uint8Array.from(randomBytes(KEY_SIZE));
  const [processorIssuer, processorAcs, acsIssuer] = [fresh(), fresh(), fresh()];
  const own = keysFromSeeds(seeds);
  const cavvKey = cavvKeyOf(own.master);
  const keys = {
    issuer: { seeds, processor: processorIssuer, acs: acsIssuer },
    processor: { master: fresh(), issuer: processorIssuer, acs: processorAcs },
    acs: { master: fresh(), cavvKey, issuer: acsIssuer, processor: processorAcs },
    operator: { issuer: operatorMaster(own).master },
    requestor: { issuer: requestorMaster(own).master },
  };
  return { seeds, keys, written: forHolders((holder) => writtenKeys(holder, { keys: keys[holder], number: 0 })) };
}

export function forHolders<T>(of: (holder: KeyHolder) => T): Readonly<Record<KeyHolder, T>> {
  return Object.fromEntries(KEY_HOLDERS.map((holder) => [holder, of(holder)])) as Record<KeyHolder, T>;
}

/** As a service's file has it. */
export function writtenKeys(service: KeyHolder, { keys, number, before }: WrittenKeys): string {
  const told = (of: Octets) => Object.fromEntries(Object.entries(of).map(([name, key]) => [name, base64(key)]));
  return `${JSON.stringify({
    ...{ service, ...told(keys) },
    ...(number > 0 && { number }),
    ...(before && { before: told(before.keys), followedAt: before.at }),
  })}\n`;
}

/** What was written for that service; undefined for anything else. Says nothing of what it holds. */
export function readWrittenKeys(service: KeyHolder, text: string): WrittenKeys | undefined {
  const { service: named, number = 0, before, followedAt, ...told } = parsed(text);
  if (named !== service || !isCount(number)) return undefined;
  const keys = octetsOf(service, told);
  if (keys === undefined) return undefined;
  if (before === undefined && followedAt === undefined) return { keys, number };
  const earlier = typeof before === "object" && before !== null ? octetsOf(service, before as never) : undefined;
  if (earlier === undefined || !isCount(followedAt) || number === 0) return undefined;
  return { keys, number, before: { keys: earlier, at: followedAt } };
}

/** What was written for that service; undefined for anything else. Says nothing of what it holds. */
export function readServiceKeys<Name extends KeyHolder>(service: Name, text: string): ServiceKeys<Name> | undefined {
  const written = readWrittenKeys(service, text);
  if (written === undefined) return undefined;
  const { number, keys, before } = written;
  const { seeds, cavvKey, ...secrets } = keys;
  const earlier = (name: string) => before && { number: number - 1, octets: before.keys[name]! };
  const rings = Object.entries(secrets).map(([name, master]) => {
    const was = earlier(name);
    return [name, { number, master, ...(was && { before: { number: was.number, master: was.octets } }) }] as const;
  });
  const sample = Object.values(sampleSecrets()).map(base64);
  const isSample = [...Object.values(secrets), ...Object.values(before?.keys ?? {})].some((key) =>
    sample.includes(base64(key)),
  );
  const own = seeds && { keys: keysFromSeeds(seeds, { number, before: before?.keys.seeds }) };
  const was = cavvKey && earlier("cavvKey");
  const cavv = cavvKey && {
    cavvKey: { number, key: cavvKey, ...(was && { before: { number: was.number, key: was.octets } }) },
  };
  const isWhole = { sample: isSample || own?.keys.sample === true };
  return { ...Object.fromEntries(rings), ...own, ...cavv, ...isWhole } as unknown as ServiceKeys<Name>;
}

function octetsOf(service: KeyHolder, told: Readonly<Record<string, unknown>>): Octets | undefined {
  const sizes: Readonly<Record<string, number>> = SIZES[service];
  if (Object.keys(told).length !== Object.keys(sizes).length) return undefined;
  const keys: Record<string, Uint8Array> = {};
  for (const [name, size] of Object.entries(sizes)) {
    const value = told[name];
    const key = typeof value === "string" ? Buffer.from(value, "base64url") : undefined;
    if (key?.length !== size || base64(key) !== value) return undefined;
    keys[name] = Uint8Array.from(key);
  }
  return keys;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Development keys that everybody has; of stores they are those of the network in one process. */
export function sampleServiceKeys<Name extends KeyHolder>(service: Name): ServiceKeys<Name> {
  const { processorIssuer, processorAcs, acsIssuer, ...masters } = sampleSecrets();
  const first = (master: Uint8Array): NumberedMaster => ({ number: 0, master });
  const keys = {
    issuer: { keys: sampleKeys(), processor: first(processorIssuer), acs: first(acsIssuer) },
    processor: { master: first(masters.processorMaster), issuer: first(processorIssuer), acs: first(processorAcs) },
    acs: {
      master: first(masters.acsMaster),
      cavvKey: cavvKeysOf(sampleKeys()),
      issuer: first(acsIssuer),
      processor: first(processorAcs),
    },
    operator: { issuer: operatorMaster(sampleKeys()) },
    requestor: { issuer: requestorMaster(sampleKeys()) },
  };
  return { ...keys[service], sample: true } as unknown as ServiceKeys<Name>;
}

/** 32 octets that a processor beside its issuer derives its own keys from; changed as the issuer's are. */
export function processorMaster(keys: IssuerKeys): NumberedMaster {
  return masterOf(keys, "ecard/1 processor master");
}

/** The same of an access control server. */
export function acsMaster(keys: IssuerKeys): NumberedMaster {
  return masterOf(keys, "ecard/1 acs master");
}

/** What the issuer's operator signs by: whoever has the issuer's keys has it. */
export function operatorMaster(keys: IssuerKeys): NumberedMaster {
  return masterOf(keys, "ecard/1 operator master");
}

/** The same of the requestor, who has none of the issuer's keys. */
export function requestorMaster(keys: IssuerKeys): NumberedMaster {
  return masterOf(keys, "ecard/1 requestor master");
}

function masterOf({ number, master, before }: IssuerKeys, info: string): NumberedMaster {
  const derived = (of: Uint8Array) => derivedKey(of, info, KEY_SIZE);
  return {
    ...{ number, master: derived(master) },
    ...(before && { before: { number: before.number, master: derived(before.master) } }),
  };
}

function sampleSecrets() {
  const keys = sampleKeys();
  const secret = (pair: string) => derivedKey(keys.master, `ecard/1 sample secret ${pair}`, KEY_SIZE);
  return {
    ...{ processorMaster: processorMaster(keys).master, acsMaster: acsMaster(keys).master },
    ...{ operator: operatorMaster(keys).master, requestor: requestorMaster(keys).master },
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
