// A delegated right on its way from hand to hand (system 6): a macaroon (Birgisson et al., NDSS 2014) in libmacaroons' second JSON form, as base64url. Only
// its form is read here: whether it is genuine its issuer knows alone, and who hands it on adds to it by the SDK.

import { fromBase32 } from "./bytes.js";
import { CAVEATS_MAX } from "./caveats.js";

/** Longest text, octets. */
export const DELEGATION_MAX = 8_192;
/** What a right's identifier begins with; its id, base32, follows. */
export const DELEGATION_NAME = "ecard/1 delegation ";

/** As the macaroon's JSON has it. Texts where they are such, octets as base64url. */
export interface DelegationJson {
  readonly v: 2;
  readonly i: string;
  readonly l?: string;
  readonly s64: string;
  readonly c?: readonly { readonly i: string }[];
}

export interface DelegationText {
  /** Base32 of 16 octets: what its owner revokes it by. */
  readonly id: string;
  /** The lines of its caveats, in the order in which they were added; the caveats are {@link readCaveat}'s. */
  readonly lines: readonly string[];
  readonly json: DelegationJson;
}

/** Why a text is none that could be checked. */
export type DelegationFault = "malformed" | "too long";

export function encodeDelegation(json: unknown): string {
  return btoa(JSON.stringify(json)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Bounded: reads no more than {@link DELEGATION_MAX} octets and {@link CAVEATS_MAX} lines. */
export function readDelegation(text: string): DelegationText | DelegationFault {
  if (text.length > DELEGATION_MAX) return "too long";
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return "malformed";
  let json: unknown;
  try {
    json = JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return "malformed";
  }
  if (!isDelegation(json)) return "malformed";
  const lines = (json.c ?? []).map(({ i }) => i);
  if (lines.length > CAVEATS_MAX) return "too long";
  // One text for one right: nothing is hidden in spaces, escapes or keys that are read twice.
  if (encodeDelegation(json) !== text) return "malformed";
  return { id: json.i.slice(DELEGATION_NAME.length), lines, json };
}

const KEYS: ReadonlySet<string> = new Set(["v", "i", "l", "s64", "c"]);

function isDelegation(json: unknown): json is DelegationJson {
  if (!isMap(json) || Object.keys(json).some((key) => !KEYS.has(key))) return false;
  const { v, i, l, s64, c } = json;
  const isNamed = typeof i === "string" && i.startsWith(DELEGATION_NAME);
  if (v !== 2 || !isNamed || fromBase32(i.slice(DELEGATION_NAME.length)) === undefined) return false;
  if (l !== undefined && !isLine(l)) return false;
  // HMAC-SHA256's 32 octets.
  if (typeof s64 !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(s64)) return false;
  return c === undefined || (Array.isArray(c) && c.length > 0 && c.every(isCaveat));
}

function isCaveat(caveat: unknown): boolean {
  return isMap(caveat) && Object.keys(caveat).length === 1 && isLine(caveat.i);
}

function isLine(line: unknown): boolean {
  return typeof line === "string" && /^[\x20-\x7e]+$/.test(line);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
