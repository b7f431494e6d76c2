// One ISO 8583:1987 message to bytes and back: MTI as four ASCII digits, binary bitmaps, fields in rising order,
// text in ASCII. Nothing here knows what a message means.
import { Iso8583Error } from "./errors.js";
import { checkField, type FieldSpec, type Fields, fieldSpec } from "./fields.js";

export interface Message {
  /** Message type: version, class, function, origin; "0100" asks for an authorization. */
  readonly mti: string;
  readonly fields: Fields;
}

const MTI_LENGTH = 4;
const BITMAP_LENGTH = 8;

/**
 * The bytes of a message, without the length prefix of the line.
 *
 * @throws {@link Iso8583Error} `BAD_MTI`, `UNKNOWN_FIELD`, `BAD_LENGTH`, `BAD_VALUE`.
 */
export function encode(message: Message): Uint8Array {
  checkMti(message.mti);
  const elements: number[] = [];
  for (const [key, value] of Object.entries(message.fields)) if (value !== undefined) elements.push(Number(key));
  elements.sort((a, b) => a - b);

  const extended = elements.some((de) => de > 64);
  const bitmap = new Uint8Array(extended ? 2 * BITMAP_LENGTH : BITMAP_LENGTH);
  if (extended) setBit(bitmap, 1);
  const parts: Uint8Array[] = [ascii(message.mti), bitmap];
  for (const de of elements) {
    const row = fieldSpec(de);
    if (row === undefined) throw new Iso8583Error("UNKNOWN_FIELD", de, `DE ${de} is not in this codec's table`);
    const value: unknown = message.fields[de as keyof Fields];
    checkField(de, row, value);
    setBit(bitmap, de);
    if (row.length !== "fixed") parts.push(ascii(String(value.length).padStart(prefixDigits(row.length), "0")));
    parts.push(typeof value === "string" ? ascii(value) : value);
  }
  return concat(parts);
}

/**
 * The message in `bytes`, which must hold it exactly. Values are copies.
 *
 * @throws {@link Iso8583Error} `BAD_MTI`, `CUT_MESSAGE`, `UNKNOWN_FIELD`, `BAD_LENGTH`, `BAD_VALUE`, `TRAILING_BYTES`.
 */
export function decode(bytes: Uint8Array): Message {
  const { fault, ...message } = decodePartly(bytes);
  if (fault !== undefined) throw fault;
  return message;
}

/**
 * What of the message in `bytes` can be read, for an answer to it: fields behind one that has a wrong value, and none behind one whose end nobody knows.
 *
 * @throws {@link Iso8583Error} `BAD_MTI`, `CUT_MESSAGE` where there is no message type
 */
export function decodePartly(bytes: Uint8Array): Message & { readonly fault?: Iso8583Error } {
  const reader = new Reader(bytes);
  const mti = text(reader.take(MTI_LENGTH, 0, () => "the message type"));
  checkMti(mti);
  const fields: Record<number, string | Uint8Array> = {};
  let fault: Iso8583Error | undefined;
  const keep = (error: unknown) => {
    if (!(error instanceof Iso8583Error)) throw error;
    fault ??= error;
  };
  try {
    for (const { de, row, raw } of reader.fields()) {
      const value = row.format === "b" ? raw.slice() : text(raw);
      try {
        checkField(de, row, value);
        fields[de] = value;
      } catch (error) {
        keep(error);
      }
    }
  } catch (error) {
    keep(error);
  }
  return { mti, fields: fields as Fields, ...(fault !== undefined && { fault }) };
}

/** Octets as they follow each other. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Where it lies in the message. @param what - In words, for the error */
  take(count: number, de: number, what: () => string): Uint8Array {
    const left = this.#bytes.length - this.#at;
    if (count > left) {
      throw new Iso8583Error("CUT_MESSAGE", de, `The message ends inside ${what()}: ${left} of ${count} bytes`);
    }
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Behind the message type, in their order, by their lengths alone. */
  *fields(): Generator<{ readonly de: number; readonly row: FieldSpec; readonly raw: Uint8Array }> {
    const first = this.take(BITMAP_LENGTH, 1, () => "the bitmap");
    const second = hasBit(first, 1) ? this.take(BITMAP_LENGTH, 1, () => "the second bitmap") : new Uint8Array(0);
    const bitmap = concat([first, second]);
    for (let de = 2; de <= bitmap.length * 8; de++) {
      if (!hasBit(bitmap, de)) continue;
      const row = fieldSpec(de);
      if (row === undefined) {
        throw new Iso8583Error("UNKNOWN_FIELD", de, `The bitmap names DE ${de}, which is not in this codec's table`);
      }
      yield { de, row, raw: this.take(this.#lengthOf(de, row), de, () => `DE ${de} (${row.name})`) };
    }
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new Iso8583Error("TRAILING_BYTES", 0, `${left} bytes follow the last field`);
  }

  #lengthOf(de: number, row: FieldSpec): number {
    if (row.length === "fixed") return row.max;
    const prefix = text(this.take(prefixDigits(row.length), de, () => `the length of DE ${de}`));
    if (!/^[0-9]+$/.test(prefix)) {
      throw new Iso8583Error("BAD_LENGTH", de, `The length of DE ${de} (${row.name}) is not a number`);
    }
    const length = Number(prefix);
    // Before the bytes are taken, so that a wrong prefix is not reported as a cut message.
    if (length < 1 || length > row.max) {
      const allowed = `allowed is 1 to ${row.max}`;
      throw new Iso8583Error("BAD_LENGTH", de, `DE ${de} (${row.name}) says length ${length}, ${allowed}`);
    }
    return length;
  }
}

function checkMti(mti: unknown): void {
  if (typeof mti !== "string" || !/^[0-9]{4}$/.test(mti)) {
    throw new Iso8583Error("BAD_MTI", 0, "The message type must be four digits");
  }
}

// Bit 1 is the most significant bit of the first byte.
function setBit(bitmap: Uint8Array, de: number): void {
  bitmap[(de - 1) >> 3]! |= 0x80 >> ((de - 1) & 7);
}

function hasBit(bitmap: Uint8Array, de: number): boolean {
  return (bitmap[(de - 1) >> 3]! & (0x80 >> ((de - 1) & 7))) !== 0;
}

const prefixDigits = (length: "LLVAR" | "LLLVAR"): number => (length === "LLVAR" ? 2 : 3);

/** Text of checked characters to bytes; `text` maps bytes one to one, so that a byte above 0x7e fails its field's set. Loops: every field comes this way. */
function ascii(value: string): Uint8Array {
  const bytes = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) bytes[i] = value.charCodeAt(i);
  return bytes;
}

function text(bytes: Uint8Array): string {
  let value = "";
  for (let i = 0; i < bytes.length; i++) value += String.fromCharCode(bytes[i]!);
  return value;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
