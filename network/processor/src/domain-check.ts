// A payment that is restricted to its domain comes back (system 4), by a stripe or without one: the DRC is made again, and what goes on to the issuer has
// the account in the token's place, and the CAVV beside it. A number alone goes nowhere.

import { expectedTracks, readSwipe, SERVICE_CODE, type Swipe } from "@enabling-card/doors";
import {
  ENTRY_REMOTE,
  encodeAdditionalData,
  type Fields,
  isRemoteEntry,
  type Message,
  readAdditionalData,
} from "@enabling-card/iso8583";
import { Channel, toHex } from "@enabling-card/wire";
import type { KeptDomain } from "./domain-server.js";
import { drcOf, equalDrc } from "./drc.js";
import { type ProcessorDecline, ProcessorError } from "./errors.js";
import { FAILURE_WINDOW_S, FAILURES_MAX } from "./present.js";
import type { Processor } from "./processor.js";
import type { DomainGrantRow } from "./rows.js";

/** Track 1 behind the name: all but the name is known here. */
const TRACK1_NAME = /^(B\d{16})\^[^^]{2,26}\^/;

/** What is known of a request, whichever way it came. */
interface Claim {
  readonly token: string;
  readonly channel: Channel;
  readonly row: DomainGrantRow;
  /** As the message tells it; of a stripe nothing does. */
  readonly requestor?: string;
  /** As the message tells it; to a stripe the processor adds the one that it kept. */
  readonly cavv?: string;
  /** Whether what was shown is of this DRC. */
  readonly isShown: (drc: Uint8Array, kept: KeptDomain) => boolean;
}

/**
 * The second request, or why there is none; undefined for a swipe that no domain grant is known of: that one is the issuer's to look at.
 *
 * @param forwarder - DE 33
 */
export async function domainRequest(
  processor: Processor,
  message: Message,
  forwarder: string,
): Promise<Message | ProcessorDecline | undefined> {
  const { fields } = message;
  const isStripe = fields[35] !== undefined || fields[45] !== undefined;
  const claim = await (isStripe ? stripeClaim(processor, fields) : remoteClaim(processor, fields));
  if (claim === undefined || typeof claim === "string") return claim;
  const { token, row, channel } = claim;
  const kept = openedDomain(processor, row.domain);
  const key = kept === undefined ? undefined : processor.domainKeyOf(kept.key ?? 0);
  if (kept === undefined || key === undefined || typeof key === "string") return "KEY_RETIRED";
  // In turn: of thousands that come at once only those up to the lock are compared.
  const refusal = await processor.shown.run(token, () => refusalOf(processor, claim, kept, key, fields));
  if (refusal !== undefined) return refusal;
  const atnPart = Buffer.from(kept.atnPart, "base64url");
  const { 35: _, 45: __, ...rest } = fields;
  const tokenRef = Buffer.from(kept.tokenRef, "base64url").toString("hex").toUpperCase();
  return {
    mti: message.mti,
    fields: {
      ...rest,
      2: kept.account,
      14: kept.expiry,
      ...(channel === Channel.Remote && { 22: ENTRY_REMOTE }),
      33: forwarder,
      48: encodeAdditionalData({
        ...{ cavv: claim.cavv ?? kept.cavv, atnPart: toHex(atnPart).toUpperCase(), atc: String(row.atc), tokenRef },
      }),
    },
  };
}

/**
 * What is wrong with what was shown, if anything is. Where nobody was wrong of late a right DRC costs one look. From the first wrong one on each is looked at
 * in a transaction, in turn with those that other processes over this store are shown: the last of five tries is one's, however many come at once.
 */
async function refusalOf(
  processor: Processor,
  claim: Claim,
  kept: KeptDomain,
  key: Uint8Array,
  fields: Fields,
): Promise<ProcessorDecline | undefined> {
  const { token, row, channel } = claim;
  const subject = processor.nameOf("domain token", token);
  const now = processor.now();
  const since = now - FAILURE_WINDOW_S;
  const failed = await processor.store.failures(subject, since);
  if (failed >= FAILURES_MAX && (await processor.locks.isHeld(subject, kept.tokenRef))) return "TOKEN_LOCKED";
  if (channel !== kept.channel) return "CHANNEL_WRONG";
  if ((fields[42] ?? "").trimEnd() !== kept.merchant) return "MERCHANT_WRONG";
  if (kept.currency !== undefined && fields[49] !== kept.currency) return "CURRENCY_WRONG";
  if (claim.requestor !== undefined && claim.requestor !== kept.requestor) return "REQUESTOR_WRONG";
  const atnPart = Buffer.from(kept.atnPart, "base64url");
  const { requestor, merchant } = kept;
  const isShown = claim.isShown(drcOf(key, { requestor, merchant, token, atnPart, atc: row.atc }), kept);
  if (isShown && failed === 0) return undefined;
  const before = await processor.store.atomically(async (tables) => {
    const known = await tables.failures(subject, since);
    if (known >= FAILURES_MAX) return known;
    if (isShown) await tables.holdFailures(subject, since);
    else await tables.addFailure(subject, now, since);
    return known;
  });
  if (before >= FAILURES_MAX) return "TOKEN_LOCKED";
  if (isShown) return undefined;
  // Its issuer hears at once; where it does not, by the next one that is shown.
  if (before + 1 === FAILURES_MAX) await processor.locks.isHeld(subject, kept.tokenRef);
  return "DRC_WRONG";
}

/** Undefined where it was sealed by a key that was taken out. */
function openedDomain(processor: Processor, sealed: Uint8Array): KeptDomain | undefined {
  try {
    return processor.open<KeptDomain>(sealed);
  } catch (cause) {
    if (cause instanceof ProcessorError && cause.code === "KEY_RETIRED") return undefined;
    throw cause;
  }
}

async function stripeClaim(processor: Processor, fields: Fields): Promise<Claim | ProcessorDecline | undefined> {
  const swipe = readSwipe(fields);
  if (swipe === undefined) return undefined;
  const row = await processor.store.newestDomainGrant(processor.nameOf("token", swipe.pan), swipe.atcDigits);
  if (row === undefined) return undefined;
  if (isRemoteEntry(fields[22])) return "CHANNEL_WRONG";
  const isShown = (drc: Uint8Array, { expiry }: KeptDomain) => isOnStripe(swipe, expiry, row.atc, drc);
  return { token: swipe.pan, channel: Channel.Swipe, row, isShown };
}

/** Whole tracks are compared, but for the name, which the processor does not know. */
function isOnStripe(swipe: Swipe, expiry: string, atc: number, cryptogram: Uint8Array): boolean {
  const { pan, track1, track2 } = swipe;
  const expected = expectedTracks({ pan, holder: "", expiry, serviceCode: SERVICE_CODE, atc, cryptogram });
  const nameless = track1?.replace(TRACK1_NAME, "$1^^");
  const same = (a: string | undefined, b: string) => a === undefined || equalDrc(Buffer.from(a), Buffer.from(b));
  return same(track2, expected.track2) && same(nameless, expected.track1);
}

async function remoteClaim(processor: Processor, fields: Fields): Promise<Claim | ProcessorDecline> {
  if (fields[2] === undefined) return "FORMAT_ERROR";
  if (fields[48] === undefined) return "DRC_MISSING";
  const told = readAdditionalData(fields[48]);
  if (told?.drc === undefined) return told === undefined ? "FORMAT_ERROR" : "DRC_MISSING";
  const { drc, requestor, cavv, atc } = told;
  if (requestor === undefined || cavv === undefined || atc === undefined) return "FORMAT_ERROR";
  const row = await processor.store.domainGrant(processor.nameOf("token", fields[2]), Number(atc));
  if (row === undefined) return "DRC_WRONG";
  const isShown = (expected: Uint8Array, { expiry }: KeptDomain) =>
    equalDrc(expected, Buffer.from(drc, "hex")) && (fields[14] ?? expiry) === expiry;
  return { token: fields[2], channel: Channel.Remote, row, requestor, cavv, isShown };
}
