// Rights to pay by an account, from a phone without a screen: what ecard delegate does.

import { DelegationClient, type DelegationLeft, type DelegationView } from "@enabling-card/sdk";
import { narrowDelegation, type SeenDelegation, seeDelegation } from "@enabling-card/sdk/delegation";
import { DELEGATION_MAX } from "@enabling-card/wire";
import type { Context } from "../context.js";
import { pairedCard } from "../phone/choose.js";
import { enrolled } from "../phone/paired-phone.js";
import { type Enrolment, PhoneFolder } from "../phone/phone-folder.js";
import { readAtMost } from "../read-at-most.js";
import { caveatsOf, type Restrictions } from "./restrictions.js";

export interface Owner {
  readonly cardId: Uint8Array;
  readonly enrolment: Enrolment;
}

export interface Right {
  readonly id: string;
  readonly delegation: string;
}

/** @throws {CommandError} `PHONE_EMPTY`, `CARD_AMBIGUOUS`, `CARD_UNKNOWN`, `CARD_NOT_ENROLLED` */
export async function ownerOf(folder: string, name: string | undefined): Promise<Owner> {
  const phone = await PhoneFolder.open(folder);
  const { cardId } = pairedCard(await phone.store.list(), name);
  return { cardId, enrolment: await enrolled(phone, cardId) };
}

/** A right that somebody has handed on: in a file, or on standard input. A secret. */
export async function readRight(file: string, { stdin, signal }: Context): Promise<string> {
  // One octet more than a right has, so that a longer one is no right.
  return (await readAtMost(file === "-" ? stdin : file, DELEGATION_MAX + 2, signal)).toString().trim();
}

/** @throws {CardError} as `DelegationClient.make` */
export async function make({ cardId, enrolment }: Owner, wanted: Restrictions, signal: AbortSignal): Promise<Right> {
  const { tokenRef } = enrolment.token;
  return clientOf(enrolment).make(cardId, tokenRef, caveatsOf(wanted, now()), { signal });
}

/** @throws {CardError} as `narrowDelegation` */
export function narrow(text: string, wanted: Restrictions): Right {
  const delegation = narrowDelegation(text, caveatsOf(wanted, now()));
  return { id: seeDelegation(delegation).id, delegation };
}

/** @throws {CardError} `DELEGATION_INVALID` */
export function seen(text: string): SeenDelegation {
  return seeDelegation(text);
}

/** @throws {CardError} as `DelegationClient.left` */
export function leftOf({ cardId, enrolment }: Owner, text: string, signal: AbortSignal): Promise<DelegationLeft> {
  return clientOf(enrolment).left(cardId, text, { signal });
}

/** @throws {CardError} as `DelegationClient.list` */
export function rightsOf({ cardId, enrolment }: Owner, signal: AbortSignal): Promise<DelegationView[]> {
  return clientOf(enrolment).list(cardId, enrolment.token.tokenRef, { signal });
}

/** @throws {CardError} as `DelegationClient.revoke` */
export function revoke({ cardId, enrolment }: Owner, id: string, signal: AbortSignal): Promise<void> {
  return clientOf(enrolment).revoke(cardId, id, { signal });
}

export function clientOf({ issuer, accessKey }: Pick<Enrolment, "issuer" | "accessKey">): DelegationClient {
  return new DelegationClient({ baseUrl: issuer, accessKey });
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
