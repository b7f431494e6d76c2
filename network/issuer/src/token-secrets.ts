// Secrets of a token, derived and never stored: its cryptogram key, its place in the store, its number at rest.

import { createHash, createHmac } from "node:crypto";
import type { CavvKeys } from "@enabling-card/acs";
import { aesCmac, derivedKey, type KeyAbsence, keyedName, keyOf, SealRing, UnopenedError } from "@enabling-card/vault";
import { CRYPTOGRAM_SIZE, cryptogramInput, type Domain, encodeDomain } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { IssuerKeys } from "./keys.js";

/** SHA-256 of a domain as it is signed. Costs as much as all else of an authorisation, so it is kept with the grant. */
export function hashOfDomain(domain: Domain): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(encodeDomain(domain)).digest());
}

/** The key of CAVVs where the access control server is the issuer's own. */
export function cavvKeyOf(master: Uint8Array): Uint8Array {
  return derivedKey(master, "ecard/1 cavv", 16);
}

/** The keys of CAVVs, old and new. */
export function cavvKeysOf({ number, master, before }: Pick<IssuerKeys, "number" | "master" | "before">): CavvKeys {
  return {
    ...{ number, key: cavvKeyOf(master) },
    ...(before && { before: { number: before.number, key: cavvKeyOf(before.master) } }),
  };
}

export class TokenSecrets {
  readonly #keys: IssuerKeys;
  readonly #index: Uint8Array;
  readonly #rest: SealRing;
  readonly #requests: Uint8Array;
  readonly #cavvKeys: CavvKeys;

  /** @param names - Keys of PANs' and requests' names, 32 octets each, as the store has them (`NAMES`) */
  constructor(keys: IssuerKeys, [index, requests]: readonly Uint8Array[]) {
    this.#keys = keys;
    this.#cavvKeys = cavvKeysOf(keys);
    this.#index = index!;
    this.#rest = new SealRing(keys, PAN_AT_REST);
    this.#requests = requests!;
  }

  /** Of the newest key: what grants are counted under. */
  get number(): number {
    return this.#keys.number;
  }

  /** Of the access control server too: its CAVVs are made again by them. */
  get cavvKeys(): CavvKeys {
    return this.#cavvKeys;
  }

  /** 16 octets, of the newest key. */
  get cavvKey(): Uint8Array {
    return this.#cavvKeys.key;
  }

  /**
   * AES-CMAC (RFC 4493) of tokenRef | atc | SHA-256(domain), first 8 octets.
   *
   * @param domainHash - See {@link hashOfDomain}. @param number - Of the key that the grant was counted under
   * @returns why there is none, where that key is not there
   */
  cryptogramUnder(number: number, tokenRef: Uint8Array, atc: number, domainHash: Uint8Array): Uint8Array | KeyAbsence {
    const keys = keyOf<Pick<IssuerKeys, "number" | "master">>(this.#keys, number);
    if (typeof keys === "string") return keys;
    const key = derivedKey(keys.master, "ecard/1 token", 16, tokenRef);
    return aesCmac(key, cryptogramInput(tokenRef, atc, domainHash)).slice(0, CRYPTOGRAM_SIZE);
  }

  /** The same under the newest key. */
  cryptogram(tokenRef: Uint8Array, atc: number, domainHash: Uint8Array): Uint8Array {
    return this.cryptogramUnder(this.number, tokenRef, atc, domainHash) as Uint8Array;
  }

  /** The key of one registration of a phone, 16 octets: of nothing else, and none that the grants' cryptograms are made with; undefined of one whose master is not there. */
  registrationKey(tokenRef: Uint8Array, registration: Uint8Array, number = this.number): Uint8Array | undefined {
    const keys = keyOf<Pick<IssuerKeys, "number" | "master">>(this.#keys, number);
    if (typeof keys === "string") return undefined;
    return derivedKey(keys.master, "ecard/1 registration", 16, Buffer.concat([tokenRef, registration]));
  }

  /** The root key of a right that was handed out, 32 octets; undefined of one whose master is not there. @param id - Base32 */
  delegationKey(id: string, number = this.number): Uint8Array | undefined {
    const keys = keyOf<Pick<IssuerKeys, "number" | "master">>(this.#keys, number);
    if (typeof keys === "string") return undefined;
    return derivedKey(keys.master, "ecard/1 delegation", 32, Buffer.from(id));
  }

  /** What a PAN is found by: tells nobody without the key which PAN it is. */
  panIndex(pan: string): string {
    return keyedName(this.#index, pan);
  }

  /** What a request is known again by: it holds track data, so no plain hash of it may be kept. */
  requestIndex(request: string): string {
    return keyedName(this.#requests, request);
  }

  seal(text: string): Uint8Array {
    return this.#rest.seal(text);
  }

  /** @throws {IssuerError} `KEY_RETIRED`; `INTERNAL` where the store was altered. */
  open(sealed: Uint8Array): string {
    return opened(this.#rest, sealed);
  }

  /** Sealed by the newest key; undefined where it is already. */
  renewed(sealed: Uint8Array): Uint8Array | undefined {
    return this.#rest.renewed(sealed);
  }
}

/** What keys of names are derived for: PANs', requests', and those of answers (repeats.ts). */
export const NAMES = ["ecard/1 pan index", "ecard/1 request index", "ecard/1 answer names"] as const;
/** What its keys are derived for, with which a store's own settings are sealed, too. */
export const PAN_AT_REST = "ecard/1 pan at rest";

/** What was sealed. @throws {IssuerError} `KEY_RETIRED`; `INTERNAL` where it was altered */
export function opened(ring: SealRing, sealed: Uint8Array): string {
  try {
    return ring.open(sealed);
  } catch (cause) {
    if (!(cause instanceof UnopenedError)) throw cause;
    throw new IssuerError(cause.why === "altered" ? "INTERNAL" : "KEY_RETIRED", { cause });
  }
}

/** Tells whether a store was made with these keys, and nothing about them. */
export function keyCheckOf(master: Uint8Array, publicKeys: readonly Uint8Array[]): Uint8Array {
  const key = derivedKey(master, "ecard/1 key check", 32);
  return Uint8Array.from(createHmac("sha256", key).update(Buffer.concat(publicKeys)).digest());
}
