// Authorising a swipe: a 0100 in, a decision out; and reversing it, by a 0400. The stripe carries the ATC and eight digits of the cryptogram; the issuer
// makes the tracks of that grant again and compares (docs/protocol.md, "Grant").

import {
  equalText,
  expectedTracks,
  isNamed,
  isPast,
  NAMING,
  originalName,
  readSwipe,
  requestName,
  SERVICE_CODE,
  type Swipe,
} from "@enabling-card/doors";
import { type Fields, isRemoteEntry, type Message } from "@enabling-card/iso8583";
import { Channel, type Domain, fromHex, isSettled, STRIPE_ATCS, type TokenState } from "@enabling-card/wire";
import { useRefusal } from "./delegated-use.js";
import { decideDomain } from "./domain-request.js";
import type { Decline } from "./errors.js";
import type { Issuer } from "./issuer.js";
import type { Decision, GrantRow, Tables, TokenRow } from "./store.js";
import { hashOfDomain } from "./token-secrets.js";
import { stateRefusal } from "./token-state.js";
import { approved, declined, failed, hopeless, isLost, misfit, paid, refused, type Verdict } from "./verdict.js";

/** How long a decision is kept for its repeats. DE 7 has no year, so a request of a year ago must not be one. */
export const REPEAT_WINDOW_S = 86_400;

/** What it asks for. A request with the same name that differs in any of these is another one, and is decided for itself. */
const ASKING = [2, 3, 4, 14, 18, 19, 22, 25, 35, 42, 43, 45, 48, 49] as const;

/** Whose line a request came by. A processor's may name an account in place of a stripe: it has looked at what was presented (system 5). */
export type Asker = "terminal" | "processor";

/** Decides on a request or a reversal, all alone. */
export function authorise(issuer: Issuer, message: Message, from: Asker = "terminal"): Promise<Decision> {
  return issuer.store.atomically((kept) => decided(issuer, kept, message, from, issuer.now()));
}

/**
 * Decides within a transaction, which `kept` sees: of two requests with one grant, the second sees what the first has spent. The same request
 * again (0101, or a doubled 0100) gets the same answer. A reversal (0400, 0401) is kept, and wins, even where its request comes behind it.
 *
 * @param now - Seconds since 1970: of a whole group one moment
 */
export async function decided(
  issuer: Issuer,
  kept: Tables,
  { mti, fields }: Message,
  from: Asker,
  now: number,
): Promise<Decision> {
  if (!isNamed(fields)) return declined("FORMAT_ERROR");
  return mti.startsWith("04") ? reversed(issuer, kept, fields, now) : authorised(issuer, kept, fields, from, now);
}

async function authorised(issuer: Issuer, kept: Tables, fields: Fields, from: Asker, now: number): Promise<Decision> {
  const { secrets } = issuer;
  const request = secrets.requestIndex(JSON.stringify([...NAMING, ...ASKING].map((de) => fields[de] ?? null)));
  const since = now - REPEAT_WINDOW_S;
  const name = secrets.requestIndex(requestName(fields));
  if (await kept.isReversed(name, since)) return declined("REVERSED");
  const earlier = await kept.decision(request, since);
  if (earlier) return earlier;
  const { isKept = true, ...decision } = await decide(issuer, kept, fields, now, from);
  if (isKept && !ALWAYS_SO.has(decision.decline)) await kept.keepDecision(request, decision, now);
  return decision;
}

/** Of these nothing is kept either: anybody can send as many as he likes, who has seen no stripe, and each time the answer is the same. */
const ALWAYS_SO: ReadonlySet<Decision["decline"]> = new Set<Decline>([
  ...(["CARD_NUMBER_UNKNOWN", "FORMAT_ERROR", "TRANSACTION_UNSUPPORTED"] as const),
]);

/** Its grant stays spent: what a wallet has sent once is never worth anything again. */
async function reversed(issuer: Issuer, kept: Tables, fields: Fields, now: number): Promise<Decision> {
  const name = originalName(fields);
  if (name === undefined) return declined("FORMAT_ERROR");
  await kept.keepReversal(issuer.secrets.requestIndex(name), now, now - REPEAT_WINDOW_S);
  return { decline: null, auth_code: null };
}

async function decide(issuer: Issuer, kept: Tables, fields: Fields, now: number, from: Asker): Promise<Verdict> {
  const isOfAccount =
    from === "processor" && fields[2] !== undefined && fields[35] === undefined && fields[45] === undefined;
  if (!isOfAccount) return decideSwipe(issuer, kept, fields, now);
  return (fields[48] === undefined ? decideAccount : decideDomain)(issuer, kept, fields, now);
}

/** The second request of a transaction code: whether the account may pay. That it wants to, the processor has seen. */
async function decideAccount(issuer: Issuer, kept: Tables, fields: Fields, now: number): Promise<Decision> {
  if (fields[3] === undefined || fields[4] === undefined || fields[14] === undefined) return declined("FORMAT_ERROR");
  if (!fields[3].startsWith("00")) return declined("TRANSACTION_UNSUPPORTED");
  const token = await kept.tokenByPan(issuer.secrets.panIndex(fields[2]!));
  if (token === undefined || token.expiry !== fields[14]) return declined("CARD_NUMBER_UNKNOWN");
  const refusal = stateRefusal(token.state as TokenState);
  if (refusal) return declined(refusal);
  if (token.domain_only === 1) return declined("DRC_MISSING");
  if (isPast(token.expiry, now)) return declined("TOKEN_EXPIRED");
  if (Number(fields[4]) === 0) return declined("AMOUNT_ZERO");
  return isSettled(fields[49] ?? "") ? approved() : declined("CURRENCY_WRONG");
}

async function decideSwipe(issuer: Issuer, kept: Tables, fields: Fields, now: number): Promise<Verdict> {
  const swipe = readSwipe(fields);
  if (swipe === undefined || fields[3] === undefined || fields[4] === undefined) return declined("FORMAT_ERROR");
  // ISO 8583:1987, processing code: 00 is a purchase. A grant pays for nothing else.
  if (!fields[3].startsWith("00")) return declined("TRANSACTION_UNSUPPORTED");
  const token = await kept.tokenByPan(issuer.secrets.panIndex(swipe.pan));
  if (token === undefined || token.expiry !== swipe.expiry) return declined("CARD_NUMBER_UNKNOWN");
  const refusal = stateRefusal(token.state as TokenState);
  if (refusal === undefined && token.domain_only === 1) return failed(kept, token, now, "DRC_MISSING");
  const atc = newestAtc(token.atc, swipe.atcDigits);
  const grant = await kept.grant(token.token_ref, atc);
  const fault = grant === undefined ? "ATC_UNKNOWN" : faultOf(issuer, token, grant, swipe);
  if (fault) {
    // Where it may not pay anyhow, no try is wrong; nor where nobody can tell.
    const isNoTry = refusal !== undefined || KEYS_GONE.has(fault) || (grant === undefined && isLost(token, atc));
    return isNoTry ? hopeless(refusal ?? fault) : failed(kept, token, now, fault);
  }
  const channel = isRemoteEntry(fields[22]) ? Channel.Remote : Channel.Swipe;
  const unfit =
    refusal ?? (isPast(token.expiry, now) ? "TOKEN_EXPIRED" : misfit(grant!, domainOf(grant!), now, fields, channel));
  const why = unfit ?? (await useRefusal(kept, grant!, Number(fields[4])));
  return why ? refused(kept, grant!, fields, now, why) : paid(issuer, kept, grant!, fields, now);
}

const KEYS_GONE: ReadonlySet<Decline> = new Set(["KEY_RETIRED", "KEY_NOT_YET"]);

const domainOf = (grant: GrantRow) => JSON.parse(grant.domain) as Domain;

/** What shows that these tracks are not of that grant, or that nobody can tell, if anything does. */
function faultOf(issuer: Issuer, token: TokenRow, grant: GrantRow, swipe: Swipe): Decline | undefined {
  const { atc, domain_hash, key_number } = grant;
  const [ref, hash] = [fromHex(token.token_ref), domain_hash ?? hashOfDomain(domainOf(grant))];
  const cryptogram = issuer.secrets.cryptogramUnder(key_number, ref, atc, hash);
  if (typeof cryptogram === "string") return cryptogram === "retired" ? "KEY_RETIRED" : "KEY_NOT_YET";
  return forgery(issuer, token, atc, cryptogram, swipe);
}

/** The newest ATC up to `last` that ends in these four digits; below 1 where there is none. */
function newestAtc(last: number, digits: number): number {
  return last - ((((last - digits) % STRIPE_ATCS) + STRIPE_ATCS) % STRIPE_ATCS);
}

/** What shows that no wallet made these tracks from that grant, if anything does. */
function forgery(
  issuer: Issuer,
  token: TokenRow,
  atc: number,
  cryptogram: Uint8Array,
  swipe: Swipe,
): Decline | undefined {
  if (swipe.serviceCode !== SERVICE_CODE) return "SERVICE_CODE_WRONG"; // rule 6
  const holder = issuer.secrets.open(token.holder);
  const { pan, expiry, track1, track2 } = swipe;
  const expected = expectedTracks({ pan, holder, expiry, serviceCode: SERVICE_CODE, atc, cryptogram });
  if (track2 !== undefined && !equalText(track2, expected.track2)) return "CRYPTOGRAM_WRONG";
  if (track1 === undefined || equalText(track1, expected.track1)) return undefined;
  return track2 === undefined ? "CRYPTOGRAM_WRONG" : "TRACKS_DISAGREE";
}
