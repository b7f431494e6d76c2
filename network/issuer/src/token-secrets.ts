// Secrets of a token, derived and never stored: its cryptogram key, its place in the store, its number at rest.

import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { CRYPTOGRAM_SIZE, cryptogramInput, type Domain, encodeDomain } from "@enabling-card/wire";
import { cmac } from "@noble/ciphers/aes.js";
import { IssuerError } from "./errors.js";

const CIPHER = "chacha20-poly1305";

/** SHA-256 of a domain as it is signed. Costs as much as all else of an authorisation, so it is kept with the grant. */
export function hashOfDomain(domain: Domain): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(encodeDomain(domain)).digest());
}

export class TokenSecrets {
  readonly #master: Uint8Array;
  readonly #index: Buffer;
  readonly #rest: Buffer;
  readonly #requests: Buffer;
  readonly #check: Buffer;

  constructor(master: Uint8Array) {
    this.#master = master;
    const nothing = new Uint8Array(0);
    this.#index = this.#derive("ecard/1 pan index", nothing, 32);
    this.#rest = this.#derive("ecard/1 pan at rest", nothing, 32);
    this.#requests = this.#derive("ecard/1 request index", nothing, 32);
    this.#check = this.#derive("ecard/1 key check", nothing, 32);
  }

  /** AES-CMAC (RFC 4493) of tokenRef | atc | SHA-256(domain), first 8 octets. @param domainHash - See {@link hashOfDomain}. */
  cryptogram(tokenRef: Uint8Array, atc: number, domainHash: Uint8Array): Uint8Array {
    const key = this.#derive("ecard/1 token", tokenRef, 16);
    return cmac(cryptogramInput(tokenRef, atc, domainHash), key).slice(0, CRYPTOGRAM_SIZE);
  }

  /** What a PAN is found by: tells nobody without the key which PAN it is. */
  panIndex(pan: string): string {
    return createHmac("sha256", this.#index).update(pan).digest("hex");
  }

  /** What a request is known again by: it holds track data, so no plain hash of it may be kept. */
  requestIndex(request: string): string {
    return createHmac("sha256", this.#requests).update(request).digest("hex");
  }

  /** Tells whether a store was made with these keys, and nothing about them. */
  keyCheck(publicKeys: readonly Uint8Array[]): Uint8Array {
    return Uint8Array.from(createHmac("sha256", this.#check).update(Buffer.concat(publicKeys)).digest());
  }

  seal(text: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv(CIPHER, this.#rest, nonce, { authTagLength: 16 });
    return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws {IssuerError} `INTERNAL` where the store was altered. */
  open(sealed: Uint8Array): string {
    try {
      const decipher = createDecipheriv(CIPHER, this.#rest, sealed.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(sealed.subarray(-16));
      return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString("utf8");
    } catch (cause) {
      throw new IssuerError("INTERNAL", { cause });
    }
  }

  #derive(info: string, salt: Uint8Array, length: number): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#master, salt, info, length));
  }
}
