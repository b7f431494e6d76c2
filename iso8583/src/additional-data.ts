// DE 48, additional data, private (ISO 8583:1987), as terminal, processor and issuer use it here: subfields of two characters that name them, three
// digits of length, and so many printable characters. Each at most once, in any order; one that is not in the table is refused.
import { Iso8583Error } from "./errors.js";

const DE = 48;
const HEAD = 5;

/** What may be said, and how it must look. */
const SUBFIELDS = {
  /** Who asked for the domain's grant (system 4). */
  requestor: ["RQ", /^[ -~]{1,32}$/],
  /** Domain restriction cryptogram, 8 octets in hexadecimal capitals. */
  drc: ["DR", /^[0-9A-F]{16}$/],
  /** 20 octets, base64, as 3-D Secure's authenticationValue. */
  cavv: ["CV", /^[A-Za-z0-9+/]{27}=$/],
  /** The part of the authentication tracking number that cryptograms hold, 8 octets in hexadecimal capitals. */
  atnPart: ["AN", /^[0-9A-F]{16}$/],
  /** Application transaction counter. */
  atc: ["AC", /^(0|[1-9][0-9]{0,9})$/],
  /** What the processor calls the token by, to the issuer: 16 octets in hexadecimal capitals. */
  tokenRef: ["TR", /^[0-9A-F]{32}$/],
} as const satisfies Record<string, readonly [string, RegExp]>;

export type AdditionalData = { readonly [Name in keyof typeof SUBFIELDS]?: string };

/** @throws {Iso8583Error} `BAD_VALUE` for a value that is not as the table has it */
export function encodeAdditionalData(data: AdditionalData): string {
  let text = "";
  for (const [name, [tag, form]] of Object.entries(SUBFIELDS)) {
    const value = data[name as keyof AdditionalData];
    if (value === undefined) continue;
    if (!form.test(value)) throw malformed(tag);
    text += `${tag}${String(value.length).padStart(3, "0")}${value}`;
  }
  return text;
}

/** @throws {Iso8583Error} `BAD_VALUE` for anything but such subfields, each once */
export function decodeAdditionalData(text: string): AdditionalData {
  const data: Record<string, string> = {};
  for (let at = 0; at < text.length; ) {
    const tag = text.slice(at, at + 2);
    const row = Object.entries(SUBFIELDS).find(([, [known]]) => known === tag);
    const length = /^\d{3}$/.test(text.slice(at + 2, at + HEAD)) ? Number(text.slice(at + 2, at + HEAD)) : -1;
    if (row === undefined || length < 0) throw malformed("a head");
    const [name, [, form]] = row;
    const value = text.slice(at + HEAD, at + HEAD + length);
    // The value itself is not quoted: it may be a cryptogram.
    if (value.length !== length || !form.test(value) || Object.hasOwn(data, name)) throw malformed(tag);
    data[name] = value;
    at += HEAD + length;
  }
  return data;
}

/** Undefined for what `decodeAdditionalData` refuses: what came from another is data. */
export function readAdditionalData(text: string): AdditionalData | undefined {
  try {
    return decodeAdditionalData(text);
  } catch (error) {
    if (error instanceof Iso8583Error) return undefined;
    throw error;
  }
}

function malformed(what: string): Iso8583Error {
  return new Iso8583Error("BAD_VALUE", DE, `DE ${DE} (Additional data, private): ${what} is malformed`);
}
