// What a delegated right is restricted by (system 6): lines of a macaroon's first-party caveats (docs/protocol.md, "Delegation"). Each narrows what
// those before it allow; none is read that is not written the one way that it can be.

import { fromBase32 } from "./bytes.js";
import { MERCHANT_MAX } from "./limits.js";

/** Amounts in minor units of an ISO 4217 numeric currency, times in seconds since 1970. */
export type Caveat =
  /** The card that may be given grants of it: base32, as it is shown. */
  | { readonly kind: "card"; readonly cardId: string }
  /** What is to be shown at that card, for each payment. */
  | { readonly kind: "method"; readonly method: CaveatMethod }
  /** So many payments. */
  | { readonly kind: "uses"; readonly atMost: number }
  /** So much a payment. */
  | { readonly kind: "amount"; readonly atMost: number; readonly currency: string }
  /** So much in all. */
  | { readonly kind: "total"; readonly atMost: number; readonly currency: string }
  | { readonly kind: "from"; readonly at: number }
  /** Not any more at that time. */
  | { readonly kind: "until"; readonly at: number }
  /** Merchant category codes (ISO 18245), rising. */
  | { readonly kind: "categories"; readonly codes: readonly number[] }
  | { readonly kind: "merchant"; readonly name: string }
  /** Restricts nothing: tells what was handed on to one from what was handed on to another, so that each has uses of its own. */
  | { readonly kind: "part"; readonly name: string };

export type CaveatMethod = "button" | "PIN";

/** Of one right, whoever added them. */
export const CAVEATS_MAX = 32;
/** Longest line, octets. */
export const CAVEAT_MAX = 96;
export const USES_MAX = 10_000;
const CATEGORIES_MAX = 16;
/** Of DE 4's twelve digits. */
const AMOUNT_MAX = 999_999_999_999;
const TIME_MAX = 0xffff_ffff;

const NUMBER = "(0|[1-9][0-9]{0,11})";
const READERS: readonly (readonly [RegExp, (words: readonly string[]) => Caveat | undefined])[] = [
  [/^card = ([A-Z2-7]{26})$/, ([cardId]) => named(cardId!, { kind: "card", cardId: cardId! })],
  [/^method = (button|PIN)$/, ([method]) => ({ kind: "method", method: method as CaveatMethod })],
  [line(`uses <= ${NUMBER}`), ([most]) => within(Number(most), USES_MAX, (atMost) => ({ kind: "uses", atMost }))],
  [line(`amount <= ${NUMBER} ([0-9]{3})`), (words) => money("amount", words)],
  [line(`total <= ${NUMBER} ([0-9]{3})`), (words) => money("total", words)],
  [line(`time >= ${NUMBER}`), ([at]) => within(Number(at), TIME_MAX, (time) => ({ kind: "from", at: time }))],
  [line(`time < ${NUMBER}`), ([at]) => within(Number(at), TIME_MAX, (time) => ({ kind: "until", at: time }))],
  [/^category = ([0-9]{4}(?: [0-9]{4})*)$/, ([codes]) => categories(codes!.split(" ").map(Number))],
  [/^merchant = ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/, ([name]) => merchant(name!)],
  [/^part = ([A-Z2-7]{26})$/, ([name]) => named(name!, { kind: "part", name: name! })],
];

/** @returns undefined for a line of a kind that nobody knows, or that is not written as {@link caveatText} writes it: a restriction that is not understood is not met */
export function readCaveat(text: string): Caveat | undefined {
  if (text.length > CAVEAT_MAX) return undefined;
  for (const [pattern, read] of READERS) {
    const words = pattern.exec(text);
    if (words !== null) return read(words.slice(1));
  }
  return undefined;
}

/** @throws {RangeError} for one that cannot be read again */
export function caveatText(caveat: Caveat): string {
  const text = written(caveat);
  if (readCaveat(text) === undefined) throw new RangeError(`"${text}" is no restriction that can be kept`);
  return text;
}

function written(caveat: Caveat): string {
  switch (caveat.kind) {
    case "card":
      return `card = ${caveat.cardId}`;
    case "method":
      return `method = ${caveat.method}`;
    case "uses":
      return `uses <= ${caveat.atMost}`;
    case "amount":
    case "total":
      return `${caveat.kind} <= ${caveat.atMost} ${caveat.currency}`;
    case "from":
      return `time >= ${caveat.at}`;
    case "until":
      return `time < ${caveat.at}`;
    case "categories":
      return `category = ${caveat.codes.map((code) => String(code).padStart(4, "0")).join(" ")}`;
    case "merchant":
      return `merchant = ${caveat.name}`;
    case "part":
      return `part = ${caveat.name}`;
  }
}

function line(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}

function within(number: number, most: number, caveat: (number: number) => Caveat): Caveat | undefined {
  return number <= most ? caveat(number) : undefined;
}

function money(kind: "amount" | "total", [atMost, currency]: readonly string[]): Caveat | undefined {
  return within(Number(atMost), AMOUNT_MAX, (most) => ({ kind, atMost: most, currency: currency! }));
}

function categories(codes: readonly number[]): Caveat | undefined {
  const isRising = codes.every((code, i) => i === 0 || code > codes[i - 1]!);
  return isRising && codes.length <= CATEGORIES_MAX ? { kind: "categories", codes } : undefined;
}

function merchant(name: string): Caveat | undefined {
  return name.length <= MERCHANT_MAX ? { kind: "merchant", name } : undefined;
}

/** Of 16 octets. */
function named(name: string, caveat: Caveat): Caveat | undefined {
  return fromBase32(name) === undefined ? undefined : caveat;
}
