// Rights that a token's owner hands out (system 6): made, shown, taken back; and the grants that others have by them. What a right says and whether its chain
// is genuine is network/delegation's; how often it was used is decided with each payment (delegated-use.ts).

import { randomBytes } from "node:crypto";
import {
  type Checked,
  chainOf,
  checkedChain,
  DelegationError,
  expectMet,
  limitsOf,
  methodsOf,
  newDelegation,
  readChain,
} from "@enabling-card/delegation";
import { isPast } from "@enabling-card/doors";
import type { Repeatable } from "@enabling-card/sql";
import {
  type Caveat,
  caveatText,
  currencyOf,
  type Domain,
  fromHex,
  type TokenState,
  toBase32,
} from "@enabling-card/wire";
import { checkedDomain } from "./domain.js";
import { IssuerError } from "./errors.js";
import type { GrantBundle } from "./evidence.js";
import type { ByDelegation, GrantRequest } from "./grant-request.js";
import type { Issuer } from "./issuer.js";
import { tokenIn } from "./kept-rows.js";
import { type DelegationRow, GrantUse, type Said } from "./rows.js";
import type { Tables } from "./store.js";
import { stateRefusal } from "./token-state.js";

/** Rights of a token that somebody may still use, at most. */
export const DELEGATIONS_MAX = 64;
/** How long one lasts, at most. */
export const DELEGATION_LIFE_MAX_S = 366 * 86_400;
/** How long its owner still sees one that is over. */
const SEEN_S = 30 * 86_400;

export interface NewDelegation {
  readonly id: string;
  /** To be handed to its user, and kept nowhere else: who has it has the right. */
  readonly delegation: string;
}

/** What somebody did by a right, as its owner sees it. */
export interface DelegatedUse extends Partial<Said> {
  readonly outcome: "waiting" | "approved" | "reversed" | "declined" | "unused";
  readonly atc: number;
  /** Base32 of the card. */
  readonly card: string;
}

export interface DelegationView {
  readonly id: string;
  readonly tokenRef: Uint8Array;
  readonly caveats: readonly string[];
  readonly madeAt: number;
  readonly until: number;
  readonly isRevoked: boolean;
  readonly left: Left;
  /** The newest first. */
  readonly uses: readonly DelegatedUse[];
}

/** What is left of a right. Amounts in minor units of `currency`, times in seconds since 1970. */
export interface Left {
  readonly uses: number;
  readonly until: number;
  /** Of one payment; of all that are left. */
  readonly amount?: number;
  readonly total?: number;
  readonly currency?: string;
}

type Desk = Pick<Issuer, "store" | "once" | "secrets" | "now">;

/**
 * A new right, of a token that pays on line.
 *
 * @param caveats - With `uses` and `until` among them
 * @throws {IssuerError} `TOKEN_UNKNOWN`, `TOKEN_SUSPENDED`, `TOKEN_DEACTIVATED`, `TOKEN_INACTIVE`, `TOKEN_EXPIRED`, `DOMAIN_REQUIRED`, `BAD_REQUEST`, `DELEGATION_UNBOUNDED`,
 * `DELEGATION_LIMIT`, `IDEMPOTENCY_MISMATCH`
 */
export function delegate(
  issuer: Desk,
  cardId: Uint8Array,
  tokenRef: string,
  caveats: readonly Caveat[],
  repeat?: Repeatable,
): Promise<NewDelegation> {
  const { store, once, secrets } = issuer;
  const at = issuer.now();
  const lines = caveats.map(lineOf);
  const until = limitsOf(caveats).until ?? 0;
  const isBounded = caveats.some(({ kind }) => kind === "uses") && until > at && until <= at + DELEGATION_LIFE_MAX_S;
  if (!isBounded) throw new IssuerError("DELEGATION_UNBOUNDED");
  return store.atomically((kept) =>
    once.within(kept.answers, repeat, async () => {
      const token = await tokenIn(kept, tokenRef, cardId);
      const refusal = stateRefusal(token.state as TokenState);
      if (refusal) throw new IssuerError(refusal);
      if (isPast(token.expiry, at)) throw new IssuerError("TOKEN_EXPIRED");
      if (token.domain_only === 1) throw new IssuerError("DOMAIN_REQUIRED");
      if (token.offline === 1) throw new IssuerError("BAD_REQUEST", { detail: "an off-line token is its own card's" });
      await kept.delegations.forget(tokenRef, at - SEEN_S);
      if ((await kept.delegations.living(tokenRef, at)) >= DELEGATIONS_MAX) throw new IssuerError("DELEGATION_LIMIT");
      const id = toBase32(Uint8Array.from(randomBytes(16)));
      const delegation = newDelegation(secrets.delegationKey(id)!, id, caveats);
      const row = {
        token_ref: tokenRef,
        key_number: secrets.number,
        made_at: at,
        caveats: JSON.stringify(lines),
        until,
      };
      await kept.delegations.add({ id, ...row });
      return { id, delegation };
    }),
  );
}

function lineOf(caveat: Caveat): string {
  try {
    return caveatText(caveat);
  } catch (cause) {
    throw new IssuerError("BAD_REQUEST", { cause, detail: "a restriction that nobody could read" });
  }
}

/** Takes a right back: its next payment is declined. @throws {IssuerError} `DELEGATION_UNKNOWN`, `IDEMPOTENCY_MISMATCH` */
export async function revokeDelegation(
  { store, once }: Desk,
  cardId: Uint8Array,
  id: string,
  repeat?: Repeatable,
): Promise<void> {
  await store.atomically((kept) =>
    once.within(kept.answers, repeat, async () => {
      const row = await kept.delegations.find(id);
      const token = row && (await kept.token(row.token_ref));
      if (token?.card_id !== toBase32(cardId)) throw new IssuerError("DELEGATION_UNKNOWN");
      await kept.delegations.revoke(id);
      return {};
    }),
  );
}

/** A token's rights and what was done by them, for its owner. @throws {IssuerError} `TOKEN_UNKNOWN` */
export async function delegationsOf(issuer: Desk, cardId: Uint8Array, tokenRef: string): Promise<DelegationView[]> {
  const { store } = issuer;
  await tokenIn(store, tokenRef, cardId);
  const views: DelegationView[] = [];
  for (const row of await store.delegations.ofToken(tokenRef)) views.push(await viewOf(store, row, issuer.now()));
  return views;
}

async function viewOf(kept: Tables, row: DelegationRow, now: number): Promise<DelegationView> {
  const lines = JSON.parse(row.caveats) as string[];
  const grants = await kept.delegations.grantsOf(row.id);
  return {
    ...{ id: row.id, tokenRef: fromHex(row.token_ref), caveats: lines, madeAt: row.made_at, until: row.until },
    isRevoked: row.revoked === 1,
    left: await leftOf(kept, chainOf(row.id, lines)),
    uses: grants.map(({ atc, used, said, reversed, held_by, expires }) => {
      const isPaid = used === GrantUse.Paid;
      const heard = isPaid ? (reversed === 1 ? "reversed" : "approved") : said !== null ? "declined" : undefined;
      const outcome = heard ?? (used === GrantUse.Open && expires > now ? "waiting" : "unused");
      return { outcome, atc, card: held_by!, ...(said !== null && (JSON.parse(said) as Said)) };
    }),
  };
}

/**
 * What is left of a right, for whoever holds it.
 *
 * @throws {IssuerError} as `grantBy`, but for what a payment alone shows
 */
export async function delegationLeft(issuer: Desk, cardId: Uint8Array, delegation: string): Promise<Left> {
  const { checked } = await checkedRight(issuer, delegation);
  const card = checked.caveats.find((one) => one.kind === "card" && one.cardId !== toBase32(cardId));
  if (card) throw new DelegationError("CAVEAT_CARD");
  return leftOf(issuer.store, checked);
}

async function leftOf(kept: Tables, { caveats, counters }: Pick<Checked, "caveats" | "counters">): Promise<Left> {
  const { until = 0, amount, currency } = limitsOf(caveats);
  let [uses, total] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { name, caveat } of counters) {
    const used = await kept.delegations.used(name);
    if (caveat.kind === "uses") uses = Math.min(uses, Math.max(0, caveat.atMost - used.uses));
    else total = Math.min(total, Math.max(0, caveat.atMost - used.amount));
  }
  return {
    ...{ uses, until },
    ...(amount !== undefined && { amount }),
    ...(total !== Number.POSITIVE_INFINITY && { total }),
    ...(currency !== undefined && { currency }),
  };
}

/** Of a grant by a right: whose card, what it answers, and where it may be spent. */
export type DelegatedRequest = Pick<
  GrantRequest,
  "cardId" | "challenge" | "checkpointSize" | "domain" | "maxEmissions"
> & { readonly delegation: string };

/**
 * A grant for somebody else's card, by a right to a token.
 *
 * @returns the token's name as well: by it and the counter the grant is closed
 * @throws {DelegationError}; {IssuerError} `KEY_RETIRED`, and as `Issuer.grant`
 */
export async function grantBy(
  issuer: Issuer,
  { delegation, ...asked }: DelegatedRequest,
  repeat?: Repeatable,
): Promise<GrantBundle & { readonly tokenRef: Uint8Array }> {
  const domain: Domain = checkedDomain(asked.domain);
  const { row, checked } = await checkedRight(issuer, delegation);
  const { caveats, counters, id } = checked;
  expectMet(caveats, {
    ...{ cardId: toBase32(asked.cardId), now: issuer.now(), maxAmount: domain.maxAmount },
    ...{ currency: currencyOf(domain.country)!, mcc: domain.mcc, merchant: domain.merchant },
  });
  // What was used up is told here, too, before somebody is at the till; it counts when the payment is decided.
  const left = await leftOf(issuer.store, checked);
  if (left.uses < 1) throw new DelegationError("CAVEAT_USES");
  if (left.total !== undefined && domain.maxAmount > left.total) throw new DelegationError("CAVEAT_TOTAL");
  const tokenRef = fromHex(row.token_ref);
  const by: ByDelegation = { id, counters, methods: methodsOf(caveats), until: left.until };
  return { ...(await issuer.grant({ ...asked, tokenRef, kind: "delegated" }, { by, repeat })), tokenRef };
}

/** @throws {DelegationError}; {IssuerError} `KEY_RETIRED` */
async function checkedRight(
  { store, secrets }: Desk,
  text: string,
): Promise<{ readonly row: DelegationRow; readonly checked: Checked }> {
  const read = readChain(text);
  const row = await store.delegations.find(read.id);
  if (row === undefined) throw new DelegationError("DELEGATION_UNKNOWN");
  const key = secrets.delegationKey(row.id, row.key_number);
  if (key === undefined) throw new IssuerError("KEY_RETIRED");
  const checked = checkedChain(read, key);
  // Behind the chain: whoever made up a right hears nothing of another's.
  if (row.revoked === 1) throw new DelegationError("DELEGATION_REVOKED");
  return { row, checked };
}
