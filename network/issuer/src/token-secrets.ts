// Secrets of a token, derived and never stored: its cryptogram key, its place in the store, its number at rest.

import { createHash, createHmac } from "node:crypto";
import { aesCmac, derivedKey, keyedName, openText, sealText } from "@enabling-card/vault";
import { CRYPTOGRAM_SIZE, cryptogramInput, type Domain, encodeDomain } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";

/** SHA-256 of a domain as it is signed. Costs as much as all else of an authorisation, so it is kept with the grant. */
export function hashOfDomain(domain: Domain): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(encodeDomain(domain)).digest());
}

/** The key of CAVVs where the access control server is the issuer's own. */
export function cavvKeyOf(master: Uint8Array): Uint8Array {
  return derivedKey(master, "ecard/1 cavv", 16);
}

export class TokenSecrets {
  readonly #master: Uint8Array;
  readonly #index: Uint8Array;
  readonly #rest: Uint8Array;
  readonly #requests: Uint8Array;
  readonly #check: Uint8Array;
  /** 16 octets, of the access control server too: its CAVVs are made again by it. */
  readonly cavvKey: Uint8Array;

  constructor(master: Uint8Array, cavvKey: Uint8Array = cavvKeyOf(master)) {
    this.#master = master;
    this.cavvKey = cavvKey;
    this.#index = derivedKey(master, "ecard/1 pan index", 32);
    this.#rest = derivedKey(master, "ecard/1 pan at rest", 32);
    this.#requests = derivedKey(master, "ecard/1 request index", 32);
    this.#check = derivedKey(master, "ecard/1 key check", 32);
  }

  /** AES-CMAC (RFC 4493) of tokenRef | atc | SHA-256(domain), first 8 octets. @param domainHash - See {@link hashOfDomain}. */
  cryptogram(tokenRef: Uint8Array, atc: number, domainHash: Uint8Array): Uint8Array {
    const key = derivedKey(this.#master, "ecard/1 token", 16, tokenRef);
    return aesCmac(key, cryptogramInput(tokenRef, atc, domainHash)).slice(0, CRYPTOGRAM_SIZE);
  }

  /** The key of one registration of a phone, 16 octets: of nothing else, and none that the grants' cryptograms are made with. */
  registrationKey(tokenRef: Uint8Array, registration: Uint8Array): Uint8Array {
    return derivedKey(this.#master, "ecard/1 registration", 16, Buffer.concat([tokenRef, registration]));
  }

  /** What a PAN is found by: tells nobody without the key which PAN it is. */
  panIndex(pan: string): string {
    return keyedName(this.#index, pan);
  }

  /** What a request is known again by: it holds track data, so no plain hash of it may be kept. */
  requestIndex(request: string): string {
    return keyedName(this.#requests, request);
  }

  /** Tells whether a store was made with these keys, and nothing about them. */
  keyCheck(publicKeys: readonly Uint8Array[]): Uint8Array {
    return Uint8Array.from(createHmac("sha256", this.#check).update(Buffer.concat(publicKeys)).digest());
  }

  seal(text: string): Uint8Array {
    return sealText(this.#rest, text);
  }

  /** @throws {IssuerError} `INTERNAL` where the store was altered. */
  open(sealed: Uint8Array): string {
    const text = openText(this.#rest, sealed);
    if (text === undefined) throw new IssuerError("INTERNAL");
    return text;
  }
}
