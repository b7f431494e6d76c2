// One ISO 8583:1987 message to bytes and back: MTI as four ASCII digits, binary bitmaps, fields in rising order,
// text in ASCII. Nothing here knows what a message means.
import { Iso8583Error } from "./errors.js";
import { checkField, type Fields, fieldSpec } from "./fields.js";

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
  let at = 0;
  const take = (count: number, de: number, what: string): Uint8Array => {
    if (count > bytes.length - at) {
      throw new Iso8583Error(
        "CUT_MESSAGE",
        de,
        `The message ends inside ${what}: ${bytes.length - at} of ${count} bytes`,
      );
    }
    at += count;
    return bytes.slice(at - count, at);
  };

  const mti = text(take(MTI_LENGTH, 0, "the message type"));
  checkMti(mti);
  const first = take(BITMAP_LENGTH, 1, "the bitmap");
  const second = hasBit(first, 1) ? take(BITMAP_LENGTH, 1, "the second bitmap") : new Uint8Array(0);
  const bitmap = concat([first, second]);

  const fields: Record<number, string | Uint8Array> = {};
  for (let de = 2; de <= bitmap.length * 8; de++) {
    if (!hasBit(bitmap, de)) continue;
    const row = fieldSpec(de);
    if (row === undefined) {
      throw new Iso8583Error("UNKNOWN_FIELD", de, `The bitmap names DE ${de}, which is not in this codec's table`);
    }
    let length = row.max;
    if (row.length !== "fixed") {
      const prefix = text(take(prefixDigits(row.length), de, `the length of DE ${de}`));
      if (!/^[0-9]+$/.test(prefix)) {
        throw new Iso8583Error("BAD_LENGTH", de, `The length of DE ${de} (${row.name}) is not a number`);
      }
      length = Number(prefix);
      // Before the bytes are taken, so that a wrong prefix is not reported as a cut message.
      if (length < 1 || length > row.max) {
        throw new Iso8583Error(
          "BAD_LENGTH",
          de,
          `DE ${de} (${row.name}) says length ${length}, allowed is 1 to ${row.max}`,
        );
      }
    }
    const raw = take(length, de, `DE ${de} (${row.name})`);
    const value = row.format === "b" ? raw : text(raw);
    checkField(de, row, value);
    fields[de] = value;
  }
  if (at !== bytes.length) {
    throw new Iso8583Error("TRAILING_BYTES", 0, `${bytes.length - at} bytes follow the last field`);
  }
  return { mti, fields: fields as Fields };
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

/** Text of checked characters to bytes; `text` maps bytes one to one, so that a byte above 0x7e fails its field's set. */
const ascii = (value: string): Uint8Array => Uint8Array.from(value, (character) => character.charCodeAt(0));
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
