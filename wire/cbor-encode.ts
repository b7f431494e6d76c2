// Deterministic CBOR (RFC 8949 4.2.1) written out: whole numbers, texts, octets, booleans, null, tags, arrays, and maps of numbers or octets. Its slow twin
// is cbor2, to which whatever else there is is left.

import { Tag } from "cbor2";

/** RFC 8949 3: the three bits that a head begins with. */
const [UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG] = [0, 1, 2, 3, 4, 5, 6];
const [FALSE, TRUE, NULL] = [0xf4, 0xf5, 0xf6];
const FIRST_SIZE = 512;
const UTF8 = new TextEncoder();
/** Halves of pairs: such a text is left to the twin, which knows those that are alone. */
const SURROGATES = /[\ud800-\udfff]/;

export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | Tag
  | readonly CborValue[]
  | ReadonlyMap<number | Uint8Array, CborValue>;

type Key = number | Uint8Array;

/** Octets as octets, whatever class they have. Undefined for a value that is none of these. */
export function encodeFast(value: CborValue): Uint8Array | undefined {
  const out = new Output();
  return put(out, value) ? out.taken() : undefined;
}

class Output {
  #octets = new Uint8Array(FIRST_SIZE);
  #view = new DataView(this.#octets.buffer);
  #size = 0;

  taken(): Uint8Array {
    return this.#octets.slice(0, this.#size);
  }

  octet(octet: number): void {
    this.#room(1);
    this.#octets[this.#size++] = octet;
  }

  /** In the shortest form. @param argument - Up to 2^53 */
  head(major: number, argument: number): void {
    this.#room(9);
    const first = major << 5;
    if (argument < 24) this.#octets[this.#size++] = first | argument;
    else if (argument < 0x100) {
      this.#octets[this.#size++] = first | 24;
      this.#octets[this.#size++] = argument;
    } else if (argument < 0x1_0000) {
      this.#octets[this.#size] = first | 25;
      this.#view.setUint16(this.#size + 1, argument);
      this.#size += 3;
    } else if (argument < 0x1_0000_0000) {
      this.#octets[this.#size] = first | 26;
      this.#view.setUint32(this.#size + 1, argument);
      this.#size += 5;
    } else {
      this.#octets[this.#size] = first | 27;
      this.#view.setUint32(this.#size + 1, Math.floor(argument / 0x1_0000_0000));
      this.#view.setUint32(this.#size + 5, argument >>> 0);
      this.#size += 9;
    }
  }

  octets(octets: Uint8Array): void {
    this.#room(octets.length);
    this.#octets.set(octets, this.#size);
    this.#size += octets.length;
  }

  #room(more: number): void {
    if (this.#size + more <= this.#octets.length) return;
    const grown = new Uint8Array(2 * (this.#size + more));
    grown.set(this.#octets.subarray(0, this.#size));
    this.#octets = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** False for what it does not know: then what was written is of no use. */
function put(out: Output, value: CborValue): boolean {
  if (typeof value === "number") return putNumber(out, value);
  if (typeof value === "string") return putText(out, value);
  if (value instanceof Uint8Array) return putOctets(out, value);
  if (typeof value === "boolean" || value === null) {
    out.octet(value === null ? NULL : value ? TRUE : FALSE);
    return true;
  }
  if (Array.isArray(value)) {
    out.head(ARRAY, value.length);
    return value.every((member) => put(out, member));
  }
  if (value instanceof Map) return putMap(out, value);
  if (!(value instanceof Tag) || typeof value.tag !== "number") return false;
  out.head(TAG, value.tag);
  return put(out, value.contents as CborValue);
}

function putNumber(out: Output, value: number): boolean {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return false;
  if (value >= 0) out.head(UNSIGNED, value);
  else out.head(NEGATIVE, -1 - value);
  return true;
}

function putText(out: Output, value: string): boolean {
  if (SURROGATES.test(value)) return false;
  const octets = UTF8.encode(value);
  out.head(TEXT, octets.length);
  out.octets(octets);
  return true;
}

function putOctets(out: Output, value: Uint8Array): true {
  out.head(BYTES, value.length);
  out.octets(value);
  return true;
}

function putMap(out: Output, map: ReadonlyMap<Key, CborValue>): boolean {
  const entries = [...map];
  if (!entries.every(([key]) => Number.isSafeInteger(key) || key instanceof Uint8Array)) return false;
  out.head(MAP, entries.length);
  return entries.sort(([a], [b]) => inOrder(a, b)).every(([key, member]) => put(out, key) && put(out, member));
}

/** RFC 8949 4.2.1: by the octets of their encoding, which in shortest forms are in the order of their kinds, lengths and values. */
function inOrder(a: Key, b: Key): number {
  if (typeof a === "number" && typeof b === "number") {
    return a < 0 === b < 0 ? Math.abs(a) - Math.abs(b) : a < 0 ? 1 : -1;
  }
  if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
  if (a.length !== b.length) return a.length - b.length;
  const at = a.findIndex((octet, i) => octet !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
