// What went wrong, in a sentence that says what to do.

import { CardError } from "@enabling-card/sdk";
import { KeepError } from "../keep/database.js";
import { BrowserRefusal } from "../phone/refusal.js";

/** What the issuer's own codes mean to whoever pays. */
const ISSUER: Readonly<Record<string, string>> = {
  GRANT_LIMIT: "This card has had as many payments as it may have for now: wait a few seconds, then try again",
  TOKEN_SUSPENDED: "This payment means is suspended: resume it first",
  TOKEN_DEACTIVATED: "This payment means has ended for good: have another one made",
  UNAUTHORISED: "The issuer does not know this access key any more: ask it for a new one",
  CARD_ENROLLED:
    "Another phone, or this one before its data were cleared, has this card at the issuer: ask the issuer for a new access key, and finish setting it up with that",
};

/** What a card's own codes mean to whoever pays, where the SDK's words are a programmer's. */
const CARD: Readonly<Record<string, string>> = {
  PHONE_AWAY:
    "The card was without this phone for longer than you chose, and has dropped the payment: nothing was sent; keep both together, and begin again",
};

export function sentenceOf(error: unknown): string {
  if (error instanceof CardError) {
    const known = error.issuerCode === undefined ? undefined : ISSUER[error.issuerCode];
    return known ?? CARD[error.code] ?? error.message;
  }
  if (error instanceof KeepError || error instanceof BrowserRefusal) return error.message;
  if (error instanceof DOMException && error.name === "AbortError") return "It was cancelled";
  return "Something in this app went wrong: load the page again, and if it stays, tell us what you did";
}
