// What every decision on a purchase ends in, whatever was shown: approved, declined, or declined and counted.

import { randomInt } from "node:crypto";
import { requestName } from "@enabling-card/doors";
import type { Fields } from "@enabling-card/iso8583";
import { type Channel, type Domain, TokenState } from "@enabling-card/wire";
import { currencyOf } from "./currency.js";
import { countUse } from "./delegated-use.js";
import type { Decline } from "./errors.js";
import type { Issuer } from "./issuer.js";
import { GrantUse, type Said } from "./rows.js";
import type { Decision, GrantRow, Tables, TokenRow } from "./store.js";
import { moveToken } from "./token-moves.js";

/** Wrong tries within a day that suspend a token: eight digits cannot be searched five at a time. */
export const FAILURES_MAX = 5;
export const FAILURE_WINDOW_S = 86_400;

/** A decision, and whether it is kept for its repeats. */
export interface Verdict extends Decision {
  /** Unless told it is. */
  readonly isKept?: false;
}

export function approved(): Decision {
  return { decline: null, auth_code: String(randomInt(1_000_000)).padStart(6, "0") };
}

export function declined(decline: Decline): Decision {
  return { decline, auth_code: null };
}

/** What can be sent as often as anybody likes who has seen a stripe, and pays nothing each time. */
export function hopeless(decline: Decline): Verdict {
  return { ...declined(decline), isKept: false };
}

/** Of a genuine grant: it is spent by this request, whose terminal hears a code. */
export async function paid(issuer: Issuer, kept: Tables, grant: GrantRow, fields: Fields, now: number) {
  const decision = approved();
  const said = JSON.stringify(saidOf(fields, now, { authCode: decision.auth_code! }));
  const request_name = issuer.secrets.requestIndex(requestName(fields));
  await kept.endGrant(grant.token_ref, grant.atc, { used: GrantUse.Paid, said, request_name, used_at: now });
  await countUse(kept, grant, Number(fields[4]));
  return decision;
}

/** Of a genuine grant: it stays unspent, and whoever closes it hears why it did not pay. */
export async function refused(
  kept: Tables,
  grant: GrantRow,
  fields: Fields,
  now: number,
  decline: Decline,
): Promise<Verdict> {
  if (grant.used !== GrantUse.Open) return hopeless(decline);
  const said = JSON.stringify(saidOf(fields, now, { decline }));
  await kept.endGrant(grant.token_ref, grant.atc, { used: GrantUse.Open, said, request_name: null, used_at: null });
  return now < grant.expires ? declined(decline) : hopeless(decline);
}

function saidOf(fields: Fields, at: number, how: Pick<Said, "decline" | "authCode">): Said {
  const merchant = (fields[43] ?? fields[42] ?? "").trim();
  return { ...how, amount: Number(fields[4]), currency: fields[49] ?? "", merchant, at };
}

/**
 * Somebody guesses. A replay is not counted: a terminal that repeats itself must not suspend a card. One that alters a digit
 * of its last swipe five times can (docs/threat-model.md): the price of eight digits.
 */
export async function failed(kept: Tables, token: TokenRow, now: number, decline: Decline): Promise<Decision> {
  const failures = await kept.addFailure(token.token_ref, now, now - FAILURE_WINDOW_S);
  if (failures >= FAILURES_MAX) await moveToken(kept, token, TokenState.Suspended, "failure lock");
  return declined(decline);
}

/** Whether a grant of that ATC, of which there is no row, was counted behind the copy that the store was restored from. */
export function isLost(token: Pick<TokenRow, "atc">, atc: number): boolean {
  return atc > 0 && atc <= token.atc;
}

/**
 * A genuine grant: why it may not pay this. A restriction that the request leaves no way to check is not met.
 *
 * @param channel - By which the request came
 */
export function misfit(
  grant: GrantRow,
  domain: Domain,
  now: number,
  fields: Fields,
  channel: Channel,
): Decline | undefined {
  if (grant.used === GrantUse.Closed) return "GRANT_CLOSED";
  if (grant.used !== GrantUse.Open) return "ATC_REPLAYED";
  if (now >= grant.expires) return "GRANT_EXPIRED";
  if (Number(fields[4]) === 0) return "AMOUNT_ZERO";
  if (Number(fields[4]) > grant.max_amount) return "AMOUNT_OVER_CAP";
  const inDomain =
    domain.channel === channel &&
    (domain.mcc === undefined || (fields[18] !== undefined && Number(fields[18]) === domain.mcc)) &&
    fields[19] !== undefined &&
    Number(fields[19]) === domain.country &&
    fields[49] !== undefined &&
    fields[49] === currencyOf(domain.country);
  if (!inDomain) return "DOMAIN_MISMATCH";
  return domain.merchant === undefined || isCalled(domain.merchant, fields) ? undefined : "MERCHANT_WRONG";
}

/**
 * What the card's user was shown is what its acquirer calls the merchant: by its identification (DE 42), or by its name (DE 43), whole, without the blanks
 * that fill them. Two that differ in capitals alone are one to whoever reads them.
 */
function isCalled(merchant: string, fields: Fields): boolean {
  const shown = plain(merchant);
  return [fields[42], fields[43]].some((said) => said !== undefined && plain(said) === shown);
}

function plain(name: string): string {
  return name.trim().toUpperCase();
}
