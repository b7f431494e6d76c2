// Deterministic CBOR (RFC 8949 4.2) for TypeScript: cbor2, with every lenience off, and cbor-encode.ts for what our objects are made of. The card's twin is
// firmware/common/cbor.ts.

import { cdeDecodeOptions, cdeEncodeOptions, decode, encode, Tag } from "cbor2";
import { type CborValue, encodeFast } from "./cbor-encode.js";
import { WireError } from "./errors.js";

/** Deepest nesting any of our objects needs (a state answer: 4), with one to spare; cbor2 counts each level twice. */
const MAX_DEPTH = 2 * 5;

export type { CborValue } from "./cbor-encode.js";

/** Encodes deterministically: shortest forms, map keys sorted by their encoded bytes. */
export function cborEncode(value: CborValue): Uint8Array {
  return encodeFast(value) ?? encodeSlow(value);
}

/** By cbor2, which takes some eighty times as long. */
export function encodeSlow(value: CborValue): Uint8Array {
  return Uint8Array.from(encode(plain(value), cdeEncodeOptions));
}

/** Octets as octets, whatever class they have: cbor2 takes one with a `toJSON`, as Node's Buffer is, for what that says. */
function plain(value: CborValue): CborValue {
  if (value instanceof Uint8Array) return value.constructor === Uint8Array ? value : Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map)
    return new Map([...value].map(([key, member]) => [plain(key) as typeof key, plain(member)]));
  return value;
}

/**
 * Decodes exactly one deterministic item.
 *
 * @throws {WireError} `CBOR_MALFORMED` on anything else: trailing bytes, long forms, unsorted or double keys, deep nesting.
 */
export function cborDecode(bytes: Uint8Array): CborValue {
  try {
    return decode(Uint8Array.from(bytes), { ...cdeDecodeOptions, preferMap: true, maxDepth: MAX_DEPTH }) as CborValue;
  } catch (cause) {
    throw new WireError("CBOR_MALFORMED", "These bytes are not one deterministic CBOR item", { cause });
  }
}

export function cborTag(tag: number, contents: CborValue): Tag {
  return new Tag(tag, contents);
}

// Typed reads: each throws `CBOR_MALFORMED` and names what it looked for.

export function asArray(value: CborValue | undefined, what: string, min = 0, max = min || 64): readonly CborValue[] {
  if (!Array.isArray(value) || value.length < min || value.length > max) throw malformed(what);
  return value;
}

export function asMap(value: CborValue | undefined, what: string): ReadonlyMap<number, CborValue> {
  if (!(value instanceof Map)) throw malformed(what);
  for (const key of value.keys()) if (typeof key !== "number") throw malformed(what);
  return value;
}

export function asBytes(value: CborValue | undefined, what: string, size?: number): Uint8Array {
  if (!(value instanceof Uint8Array) || (size !== undefined && value.length !== size)) throw malformed(what);
  return Uint8Array.from(value);
}

export function asText(value: CborValue | undefined, what: string, max = 128): string {
  if (typeof value !== "string" || value.length > max) throw malformed(what);
  return value;
}

/** An unsigned integer that a double holds exactly. */
export function asUint(value: CborValue | undefined, what: string, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > max) throw malformed(what);
  return value;
}

export function asBool(value: CborValue | undefined, what: string): boolean {
  if (typeof value !== "boolean") throw malformed(what);
  return value;
}

function malformed(what: string): WireError {
  return new WireError("CBOR_MALFORMED", `Expected ${what}`);
}
