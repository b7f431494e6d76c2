// Authorising a swipe: a 0100 in, a decision out. The stripe carries the ATC and eight digits of the cryptogram; the issuer
// makes the cryptogram again and compares (docs/protocol.md, "Grant").

import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import type { Message } from "@enabling-card/iso8583";
import { type Domain, discretionaryData, fromHex, TokenState, toHex } from "@enabling-card/wire";
import type { Decline } from "./errors.js";
import type { Issuer } from "./issuer.js";
import type { Decision, GrantRow, TokenRow } from "./store.js";

/** Wrong tries within a day that suspend a token: eight digits cannot be searched five at a time. */
export const FAILURES_MAX = 5;
const FAILURE_WINDOW_S = 86_400;
const TRACK2 = /^(\d{16})=(\d{4})(\d{3})(1)(\d{4})(\d{8})$/;

/** Decides on a request; the same request again (0101, or a doubled 0100) gets the same answer. */
export function authorise(issuer: Issuer, message: Message): Decision {
  const request = requestId(message);
  if (request === undefined) return declined("FORMAT_ERROR");
  return issuer.store.atomically(() => {
    const earlier = issuer.store.decision(request);
    if (earlier) return earlier;
    const decision = decide(issuer, message);
    issuer.store.keepDecision(request, decision);
    return decision;
  });
}

function decide(issuer: Issuer, message: Message): Decision {
  const { 4: amount, 18: merchantType, 19: country, 35: track2, 45: track1 } = message.fields;
  const parts = TRACK2.exec(track2 ?? "");
  if (amount === undefined || parts === null) return declined("FORMAT_ERROR");
  const [, pan, expiry, , , atcDigits] = parts as unknown as [string, string, string, string, string, string];
  const token = issuer.store.tokenByPan(issuer.secrets.panIndex(pan));
  if (token === undefined || token.expiry !== expiry) return declined("CARD_NUMBER_UNKNOWN");
  const state = stateDecline(token.state as TokenState);
  if (state) return declined(state);

  const now = issuer.now();
  const grant = issuer.store.grantByAtc(token.token_ref, Number(atcDigits));
  if (grant === undefined) return failed(issuer, token, now, "ATC_UNKNOWN");
  const domain = JSON.parse(grant.domain) as Domain;
  const cryptogram = issuer.secrets.cryptogram(fromHex(token.token_ref), grant.atc, domain);
  const digits = discretionaryData(grant.atc, cryptogram);
  if (!equalText(track2!.slice(-digits.length), digits)) return failed(issuer, token, now, "CRYPTOGRAM_WRONG");
  if (track1 !== undefined && !equalText(track1.slice(-29), digits + toHex(cryptogram).toUpperCase())) {
    return failed(issuer, token, now, "TRACKS_DISAGREE");
  }
  const refusal = spend(grant, domain, now, Number(amount), merchantType, country);
  if (refusal) return declined(refusal);
  issuer.store.useGrant(token.token_ref, grant.atc);
  return { decline: null, auth_code: String(randomInt(1_000_000)).padStart(6, "0") };
}

/** A genuine grant: may it pay this? */
function spend(
  grant: GrantRow,
  domain: Domain,
  now: number,
  amount: number,
  merchantType: string | undefined,
  country: string | undefined,
): Decline | undefined {
  if (grant.used) return "ATC_REPLAYED";
  if (now >= grant.expires) return "GRANT_EXPIRED";
  if (amount > grant.max_amount) return "AMOUNT_OVER_CAP";
  if (domain.mcc !== undefined && merchantType !== undefined && Number(merchantType) !== domain.mcc)
    return "DOMAIN_MISMATCH";
  if (country !== undefined && Number(country) !== domain.country) return "DOMAIN_MISMATCH";
  return undefined;
}

/** A wrong ATC or cryptogram: somebody guesses. A replay is not counted, or any terminal could suspend a card with its last swipe. */
function failed(issuer: Issuer, token: TokenRow, now: number, decline: Decline): Decision {
  const failures = issuer.store.addFailure(token.token_ref, now, now - FAILURE_WINDOW_S);
  if (failures >= FAILURES_MAX) issuer.setState(token.token_ref, TokenState.Suspended);
  return declined(decline);
}

function stateDecline(state: TokenState): Decline | undefined {
  if (state === TokenState.Suspended) return "TOKEN_SUSPENDED";
  if (state === TokenState.Deactivated) return "TOKEN_DEACTIVATED";
  return state === TokenState.Inactive ? "TOKEN_INACTIVE" : undefined;
}

function declined(decline: Decline): Decision {
  return { decline, auth_code: null };
}

/** Acquirer, terminal, STAN and time name a request (DE 32, 41, 11, 7); hashed, with the tracks, so that none can be taken for another. */
function requestId({ fields }: Message): string | undefined {
  const parts = [fields[32], fields[41], fields[11], fields[7]];
  if (parts.some((part) => part === undefined)) return undefined;
  return createHash("sha256")
    .update(JSON.stringify([...parts, fields[4], fields[35] ?? null]))
    .digest("hex");
}

function equalText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
