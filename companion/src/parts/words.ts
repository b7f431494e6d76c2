// Numbers and states in words.

import type { Indication, MeansAction, MeansView } from "@enabling-card/sdk";
import type { Place } from "../keep/records.js";

export function euro(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}

/** Cents of what somebody typed; undefined where it is no amount. */
export function centsOf(text: string): number | undefined {
  const cents = /^\d{1,6}([.,]\d{1,2})?$/.test(text.trim())
    ? Math.round(Number(text.trim().replace(",", ".")) * 100)
    : 0;
  return cents > 0 ? cents : undefined;
}

/** Why that is no amount; undefined where it is one. */
export function amountFault(text: string): string | undefined {
  return centsOf(text) === undefined ? "Write an amount from 0.01 to 999999.99, for instance 9.50" : undefined;
}

/** What DE 43 can hold (ISO 8583: ans 40). @param least - How many characters there are at least */
export function merchantFault(text: string, least: 0 | 1): string | undefined {
  if (text.trim().length < least) return "Write the merchant's name";
  return /^[ -~]{0,40}$/.test(text)
    ? undefined
    : "Write it with plain letters, digits and signs, as tills do: without accents, 40 characters at most";
}

/** By how much a clock is wrong. @param ahead - ms */
export function clockWords(ahead: number): string {
  const minutes = Math.round(Math.abs(ahead) / 60_000);
  const [count, unit] =
    minutes < 120
      ? [minutes, "minute"]
      : minutes < 2 * 1440
        ? [Math.round(minutes / 60), "hour"]
        : [Math.round(minutes / 1440), "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"} ${ahead > 0 ? "ahead" : "behind"}`;
}

/** With one full stop behind it, whether it had one or not. */
export function stopped(text: string): string {
  return `${text.replace(/\.+$/, "")}.`;
}

export function shortName(card: string): string {
  return card.slice(0, 6);
}

const INDICATIONS: Readonly<Record<Indication, string>> = {
  synchronous: "Ready",
  pending: "Pending",
  suspended: "Suspended",
  revoked: "Ended",
};

export function indicationOf({ indication, heldBy }: MeansView): string {
  const by = heldBy.length > 0 ? ` by ${heldBy.join(" and ")}` : "";
  return `${INDICATIONS[indication]}${by}`;
}

/** What its owner does next. */
export const NEXT: Readonly<Record<MeansAction, string>> = {
  register: "Register it with this phone",
  compare: "Compare it with the issuer",
  bring: "Bring the card near, so that it hears of it",
  activate: "Activate it",
  resume: "Resume it",
  "verify-pin": "Enter the right PIN",
  "ask-issuer": "Ask the issuer",
  "ask-requestor": "Ask whom it was made for",
  replace: "Have another one made",
};

/** Why a terminal was told no, by the network's own names. */
const DECLINES: Readonly<Record<string, string>> = {
  AMOUNT_OVER_CAP: "it asked for more than you had agreed to: begin again with a higher amount",
  GRANT_EXPIRED: "it asked when the payment's two minutes were over: begin again",
  GRANT_CLOSED: "this payment was closed before: begin again",
  ATC_REPLAYED: "this payment was made before: nothing is paid twice",
  MERCHANT_WRONG: "it is another merchant than you had agreed to: begin again with the one on the till",
  DOMAIN_MISMATCH: "it is not where you had agreed to pay: begin again",
  CURRENCY_WRONG: "it asked in another currency than is paid here",
  TOKEN_SUSPENDED: "this payment means is suspended: resume it first",
  TOKEN_DEACTIVATED: "this payment means has ended: have another one made",
  ISSUER_UNAVAILABLE: "the issuer did not answer it: begin again in a moment",
};

/** With the network's name behind it, for whoever is asked about it. */
export function declined(code: string): string {
  const why = DECLINES[code];
  return why === undefined ? code : `${why} (${code})`;
}

/** @param seconds - A whole number, as a card's owner chose it */
export function spanOf(seconds: number): string {
  const [count, unit] =
    seconds % 3600 === 0
      ? [seconds / 3600, "hour"]
      : seconds % 60 === 0
        ? [seconds / 60, "minute"]
        : [seconds, "second"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** As maps take it, to some metres. */
export function placeWords({ latitude, longitude, accuracyM }: Place): string {
  const metres = Math.max(1, Math.round(accuracyM));
  return `at ${latitude.toFixed(5)}, ${longitude.toFixed(5)}, within ${metres} m`;
}

export function when(ms: number): string {
  return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
