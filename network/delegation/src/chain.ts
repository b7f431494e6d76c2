// The chain of a delegated right: each caveat's HMAC is the key of the next one's, so that whoever holds a right can add to it, and nobody take away
// (Birgisson et al., NDSS 2014).

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import {
  type Caveat,
  caveatText,
  DELEGATION_NAME,
  type DelegationText,
  encodeDelegation,
  readCaveat,
  readDelegation,
} from "@enabling-card/wire";
import macaroons from "macaroon";
import { DelegationError } from "./errors.js";

/** A caveat that counts, and the name that its uses are counted under: what it has in common with no other chain. */
export interface Counter {
  /** SHA-256 of the chain up to it, hexadecimal. */
  readonly name: string;
  readonly caveat: Extract<Caveat, { kind: "uses" | "total" }>;
}

export interface Checked {
  /** Base32. */
  readonly id: string;
  /** In the order in which they were added. */
  readonly caveats: readonly Caveat[];
  readonly counters: readonly Counter[];
}

/**
 * A right, as its owner gets it.
 *
 * @param rootKey - 32 octets, of this right alone. @param id - Base32 of 16 octets
 * @throws {RangeError} for a caveat that cannot be written
 */
export function newDelegation(rootKey: Uint8Array, id: string, caveats: readonly Caveat[]): string {
  const chain = macaroons.newMacaroon({ identifier: DELEGATION_NAME + id, rootKey, version: 2 });
  for (const caveat of caveats) chain.addFirstPartyCaveat(caveatText(caveat));
  return encodeDelegation(chain.exportJSON());
}

/** @throws {DelegationError} `DELEGATION_MALFORMED`, `DELEGATION_TOO_LONG` */
export function readChain(text: string): DelegationText {
  const read = readDelegation(text);
  if (read === "malformed") throw new DelegationError("DELEGATION_MALFORMED");
  if (read === "too long") throw new DelegationError("DELEGATION_TOO_LONG");
  return read;
}

/**
 * What a right says, where its chain is genuine. Whether a payment meets it is `expectMet`'s to say, and how often it was used the issuer's.
 *
 * @param rootKey - The right's own
 * @throws {DelegationError} `DELEGATION_FORGED`, `CAVEAT_UNKNOWN`
 */
export function checkedChain({ id, lines, json }: DelegationText, rootKey: Uint8Array): Checked {
  const claimed = Buffer.from(json.s64, "base64url");
  if (!timingSafeEqual(claimed, signatureOf(rootKey, json.i, lines))) throw new DelegationError("DELEGATION_FORGED");
  return chainOf(id, lines);
}

/** libmacaroons' key for keys: HMAC-SHA256 of a root key under it is what its chains begin with. */
const KEY_GENERATOR = Buffer.alloc(32);
KEY_GENERATOR.write("macaroons-key-generator");

/** The chain of first-party caveats. Node's HMAC takes a third of the time of the library's, by which chains are made; a test holds both to be one. */
export function signatureOf(rootKey: Uint8Array, identifier: string, lines: readonly string[]): Buffer {
  const start = hmac(KEY_GENERATOR, rootKey);
  return [identifier, ...lines].reduce((key, text) => hmac(key, text), start);
}

function hmac(key: Uint8Array, octets: string | Uint8Array): Buffer {
  return createHmac("sha256", key).update(octets).digest();
}

/** What the lines of a right say that are known to be its own. @throws {DelegationError} `CAVEAT_UNKNOWN` */
export function chainOf(id: string, lines: readonly string[]): Checked {
  const caveats = lines.map((line) => {
    const caveat = readCaveat(line);
    // A restriction that is not understood is not met.
    if (caveat === undefined) throw new DelegationError("CAVEAT_UNKNOWN");
    return caveat;
  });
  return { id, caveats, counters: caveats.flatMap((caveat, i) => counterOf(caveat, id, lines.slice(0, i + 1))) };
}

function counterOf(caveat: Caveat, id: string, lines: readonly string[]): Counter[] {
  if (caveat.kind !== "uses" && caveat.kind !== "total") return [];
  const name = createHash("sha256")
    .update(JSON.stringify([id, ...lines]))
    .digest("hex");
  return [{ name, caveat }];
}
