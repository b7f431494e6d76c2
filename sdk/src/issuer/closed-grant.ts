// What the issuer says became of a grant that was closed: nobody need wonder whether he has paid.

import { sdkError } from "../errors.js";
import { type Answer, malformed, text } from "./json-door.js";

/** What was asked with a grant. */
interface Asked {
  /** Minor units of `currency` (ISO 4217, three digits; empty where the terminal named none). */
  readonly amount: number;
  readonly currency: string;
  /** As its acquirer calls it. */
  readonly merchant: string;
  /** When the issuer decided, seconds since 1970. */
  readonly at: number;
}

/**
 * - `unused`: no request came with it, and none will be approved
 * - `approved`: it has paid; `reversed`: it had, and the terminal took that back
 * - `declined`: the terminal was told no, by our name `decline`, and will not be told anything else
 */
export type ClosedGrant =
  | { readonly outcome: "unused" }
  | (Asked & { readonly outcome: "approved" | "reversed"; readonly authCode: string })
  | (Asked & { readonly outcome: "declined"; readonly decline: string });

/** The token's counter of a grant, 1 to 2^32 - 1. @throws {CardError} `ISSUER_ANSWER_INVALID` */
export function atcOf({ atc }: Answer): number {
  if (!isAtc(atc)) throw malformed("atc");
  return atc;
}

/** @throws {CardError} `ARGUMENT_INVALID` */
export function expectAtc(atc: number): void {
  if (!isAtc(atc)) throw sdkError("ARGUMENT_INVALID", "atc: the counter that came with the grant");
}

/** @throws {CardError} `ISSUER_ANSWER_INVALID` */
export function readClosed(answer: Answer): ClosedGrant {
  const { outcome } = answer;
  if (outcome === "unused") return { outcome };
  if (outcome === "declined") return { outcome, ...asked(answer), decline: text(answer, "decline") };
  if (outcome !== "approved" && outcome !== "reversed") throw malformed("outcome");
  return { outcome, ...asked(answer), authCode: text(answer, "authCode") };
}

function asked(answer: Answer): Asked {
  const { amount, at, currency, merchant } = answer;
  if (!isWhole(amount)) throw malformed("amount");
  if (!isWhole(at)) throw malformed("at");
  if (typeof merchant !== "string" || merchant.length > 64) throw malformed("merchant");
  if (typeof currency !== "string" || !/^(\d{3})?$/.test(currency)) throw malformed("currency");
  return { amount, currency, merchant, at };
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isAtc = (value: unknown): value is number => isWhole(value) && value >= 1 && value <= 0xffff_ffff;
