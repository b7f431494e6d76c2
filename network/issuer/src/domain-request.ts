// The second request of a payment that is restricted to its domain (system 4): the processor has seen the DRC and put the account in the token's place;
// what is left to look at is the CAVV, that the account's user was authenticated, and the grant that it is for.

import { cavvFault } from "@enabling-card/acs";
import { isPast } from "@enabling-card/doors";
import { type Fields, isRemoteEntry, readAdditionalData } from "@enabling-card/iso8583";
import { Channel, type Domain, fromHex, type TokenState } from "@enabling-card/wire";
import type { Issuer } from "./issuer.js";
import type { Tables } from "./store.js";
import { stateRefusal } from "./token-state.js";
import { declined, failed, hopeless, isLost, misfit, paid, refused, type Verdict } from "./verdict.js";

/** @param fields - Of a processor's request, with DE 2 and DE 48 */
export async function decideDomain(issuer: Issuer, kept: Tables, fields: Fields, now: number): Promise<Verdict> {
  const told = readAdditionalData(fields[48]!);
  const [pan, expiry] = [fields[2]!, fields[14]];
  const { tokenRef, atc, atnPart, cavv } = told ?? {};
  const isWhole = tokenRef !== undefined && atc !== undefined && atnPart !== undefined && cavv !== undefined;
  if (!isWhole || fields[3] === undefined || fields[4] === undefined) return declined("FORMAT_ERROR");
  if (!fields[3].startsWith("00")) return declined("TRANSACTION_UNSUPPORTED");
  const account = await kept.accountByPan(issuer.secrets.panIndex(pan));
  const token = await kept.token(tokenRef.toLowerCase());
  if (account === undefined || token?.card_id !== account.card_id || token.expiry !== expiry) {
    return declined("CARD_NUMBER_UNKNOWN");
  }
  const refusal = stateRefusal(token.state as TokenState);
  const fault = cavvFault(Buffer.from(cavv, "base64"), issuer.secrets.cavvKeys, pan, fromHex(atnPart));
  if (fault) {
    return refusal || fault !== "CAVV_WRONG" ? hopeless(refusal ?? fault) : failed(kept, token, now, fault);
  }
  const grant = await kept.grant(token.token_ref, Number(atc));
  if (grant === undefined) {
    const isNoTry = refusal !== undefined || isLost(token, Number(atc));
    return isNoTry ? hopeless(refusal ?? "ATC_UNKNOWN") : failed(kept, token, now, "ATC_UNKNOWN");
  }
  const channel = isRemoteEntry(fields[22]) ? Channel.Remote : Channel.Swipe;
  const misfits = () => misfit(grant, JSON.parse(grant.domain) as Domain, now, fields, channel);
  const unfit = refusal ?? (isPast(token.expiry, now) ? "TOKEN_EXPIRED" : misfits());
  return unfit ? refused(kept, grant, fields, now, unfit) : paid(issuer, kept, grant, fields, now);
}
