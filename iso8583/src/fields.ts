// The data elements that terminal and network exchange: ISO 8583:1987, table of data elements, ASCII text and binary
// bitmaps. A DE that is not here cannot be sent and is refused on arrival, since its length is not known.
import { Iso8583Error } from "./errors.js";

/**
 * Character sets of the standard: `n` digits; `an` letters, digits and the pad character; `ans` printable ASCII; `z` track 2
 * as ISO/IEC 7813 has it, without sentinels; `b` bytes.
 */
export type Format = "n" | "an" | "ans" | "z" | "b";

/** `fixed`: always `max` long. `LLVAR`, `LLLVAR`: two or three digits of length, then 1 to `max` characters. */
export type Length = "fixed" | "LLVAR" | "LLLVAR";

export interface FieldSpec {
  readonly name: string;
  readonly format: Format;
  readonly length: Length;
  /** Characters, or bytes for `b`. */
  readonly max: number;
  /** What a date or a time is, beyond its digits. */
  readonly pattern?: RegExp;
}

/** Of any year: the 29th of February is a day. */
const MMDD = "((0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-9])|(0[13-9]|1[0-2])30|(0[13578]|1[02])31)";
const HHMMSS = "([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]";

const time = (name: string, max: number, pattern: string) =>
  ({ name, format: "n", length: "fixed", max, pattern: new RegExp(`^${pattern}$`) }) as const;

const spec = <F extends Format>(name: string, format: F, length: Length, max: number) =>
  ({ name, format, length, max }) as const;

export const FIELDS = {
  2: spec("Primary account number", "n", "LLVAR", 19),
  3: spec("Processing code", "n", "fixed", 6),
  4: spec("Amount, transaction", "n", "fixed", 12),
  7: time("Transmission date and time, MMDDhhmmss", 10, MMDD + HHMMSS),
  11: spec("System trace audit number", "n", "fixed", 6),
  12: time("Time, local transaction, hhmmss", 6, HHMMSS),
  13: time("Date, local transaction, MMDD", 4, MMDD),
  14: spec("Date, expiration, YYMM", "n", "fixed", 4),
  18: spec("Merchant type", "n", "fixed", 4),
  19: spec("Acquiring institution country code", "n", "fixed", 3),
  22: spec("Point of service entry mode", "n", "fixed", 3),
  25: spec("Point of service condition code", "n", "fixed", 2),
  32: spec("Acquiring institution identification code", "n", "LLVAR", 11),
  33: spec("Forwarding institution identification code", "n", "LLVAR", 11),
  35: spec("Track 2 data", "z", "LLVAR", 37),
  37: spec("Retrieval reference number", "an", "fixed", 12),
  38: spec("Authorization identification response", "an", "fixed", 6),
  39: spec("Response code", "an", "fixed", 2),
  41: spec("Card acceptor terminal identification", "ans", "fixed", 8),
  42: spec("Card acceptor identification code", "ans", "fixed", 15),
  43: spec("Card acceptor name and location", "ans", "fixed", 40),
  // The 1987 table says `an`; codes with an underscore need `ans`, as the 1993 edition has it.
  44: spec("Additional response data", "ans", "LLVAR", 25),
  45: spec("Track 1 data", "ans", "LLVAR", 76),
  48: spec("Additional data, private", "ans", "LLLVAR", 999),
  49: spec("Currency code, transaction", "n", "fixed", 3),
  53: spec("Security related control information", "n", "fixed", 16),
  64: spec("Message authentication code", "b", "fixed", 8),
  70: spec("Network management information code", "n", "fixed", 3),
  90: spec("Original data elements", "n", "fixed", 42),
  128: spec("Message authentication code, second bitmap", "b", "fixed", 8),
} as const;

export type De = keyof typeof FIELDS;

/** The values of a message by data element: text, except for the `b` fields, which are bytes. */
export type Fields = { readonly [D in De]?: (typeof FIELDS)[D]["format"] extends "b" ? Uint8Array : string };

/** The data elements of the table, rising. */
export const DATA_ELEMENTS: readonly De[] = Object.keys(FIELDS).map((key) => Number(key) as De);

/** The row of a data element, or undefined where this codec does not know it. */
export function fieldSpec(de: number): FieldSpec | undefined {
  return Object.hasOwn(FIELDS, de) ? FIELDS[de as De] : undefined;
}

const SETS: Readonly<Record<Exclude<Format, "b">, RegExp>> = {
  n: /^[0-9]*$/,
  an: /^[0-9A-Za-z ]*$/,
  ans: /^[\x20-\x7e]*$/,
  z: /^[0-9=D]*$/,
};

/** Throws unless `value` may stand in the field. Lengths first: a wrong length names the likelier mistake. */
export function checkField(de: number, row: FieldSpec, value: unknown): asserts value is string | Uint8Array {
  const wanted = row.format === "b" ? value instanceof Uint8Array : typeof value === "string";
  if (!wanted) {
    throw new Iso8583Error("BAD_VALUE", de, `DE ${de} (${row.name}) must be ${row.format === "b" ? "bytes" : "text"}`);
  }
  const { length } = value as string | Uint8Array;
  if (length > row.max || length < (row.length === "fixed" ? row.max : 1)) {
    const allowed = row.length === "fixed" ? `${row.max}` : `1 to ${row.max}`;
    throw new Iso8583Error("BAD_LENGTH", de, `DE ${de} (${row.name}) has length ${length}, allowed is ${allowed}`);
  }
  if (row.format !== "b" && !SETS[row.format].test(value as string)) {
    // The value itself is not quoted: it may be a PAN.
    throw new Iso8583Error("BAD_VALUE", de, `DE ${de} (${row.name}) has a character outside its set "${row.format}"`);
  }
  if (row.pattern?.test(value as string) === false) {
    throw new Iso8583Error("BAD_VALUE", de, `DE ${de} (${row.name}) is no such date or time`);
  }
}

/**
 * Brings a value to the length of its fixed field as the standard aligns it: digits to the right after zeros, text to the
 * left before blanks. A value that is too long comes back as it is, for `encode` to refuse.
 */
export function padField(de: De, value: string): string {
  const row: FieldSpec = FIELDS[de];
  if (row.length !== "fixed" || row.format === "b") return value;
  return row.format === "n" ? value.padStart(row.max, "0") : value.padEnd(row.max, " ");
}
