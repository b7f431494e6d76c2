// A phone's request for a grant: what it must be, and the counting of its ATC. Composing and sealing are the issuer's.

import type { Counter } from "@enabling-card/delegation";
import { isPast } from "@enabling-card/doors";
import type { Repeatable } from "@enabling-card/sql";
import {
  CARD_ID_SIZE,
  CHALLENGE_SIZE,
  Channel,
  type Domain,
  EMISSIONS_MAX,
  OFFLINE_CAP_MAX,
  OFFLINE_GRANTS_MAX,
  TOKEN_REF_SIZE,
  type TokenState,
  toBase32,
  toHex,
} from "@enabling-card/wire";
import { checkedDomain } from "./domain.js";
import { IssuerError } from "./errors.js";
import type { Evidence } from "./evidence.js";
import { filled } from "./grant-rate.js";
import type { Tables, TokenRow } from "./store.js";
import { hashOfDomain } from "./token-secrets.js";
import { stateRefusal } from "./token-state.js";

export interface GrantRequest {
  readonly cardId: Uint8Array;
  readonly tokenRef: Uint8Array;
  /** The card's newest; none for an off-line grant. */
  readonly challenge?: Uint8Array;
  /** Entries of the newest checkpoint that the card has seen. */
  readonly checkpointSize: number;
  readonly domain: Domain;
  readonly maxEmissions: number;
  readonly kind: "online" | "offline" | "delegated";
}

/** The right that a delegated grant is made by, checked. */
export interface ByDelegation {
  /** Base32. */
  readonly id: string;
  readonly counters: readonly Counter[];
  /** Bits of `Method`: by which its user may show to be there. */
  readonly methods: number;
  /** Seconds since 1970. */
  readonly until: number;
}

/** Checks what the request alone can show. @throws {IssuerError} `BAD_REQUEST`, `DOMAIN_MISSING` */
export function checkedRequest(request: GrantRequest): GrantRequest {
  const { cardId, tokenRef, challenge, maxEmissions, kind } = request;
  const wrong = (detail: string) => new IssuerError("BAD_REQUEST", { detail });
  if (cardId.length !== CARD_ID_SIZE || tokenRef.length !== TOKEN_REF_SIZE)
    throw wrong("cardId and tokenRef: 16 octets");
  if (!Number.isInteger(maxEmissions) || maxEmissions < 1 || maxEmissions > EMISSIONS_MAX) {
    throw wrong(`maxEmissions is 1 to ${EMISSIONS_MAX}`);
  }
  if ((kind === "offline") !== (challenge === undefined)) {
    throw wrong("an on-line grant answers a challenge, an off-line one none");
  }
  if (challenge !== undefined && challenge.length !== CHALLENGE_SIZE) throw wrong("challenge: 16 octets");
  if (request.domain?.channel === Channel.Remote && (kind !== "online" || maxEmissions !== 1)) {
    throw wrong("a grant without a swipe is asked for on line, by its owner, and has one emission");
  }
  return { ...request, domain: checkedDomain(request.domain) };
}

export interface Counted {
  readonly token: TokenRow;
  readonly atc: number;
  /** Which of the off-line grants that the phone may hold this is. */
  readonly n: number;
  /** Of the domain that it was counted for. */
  readonly domainHash: Uint8Array;
  /** Number of the keys that it is made with. */
  readonly key: number;
}

/** A grant whose ATC is counted, and that is not made yet. Times in seconds since 1970. */
export interface CountedGrant {
  readonly request: GrantRequest;
  readonly counted: Counted;
  readonly issuedAt: number;
  readonly expires: number;
  /** As it was then: none of what came back from another service. */
  readonly evidence?: Evidence;
  /** Of a delegated one. */
  readonly methods?: number;
}

/** A transaction code that a card is to swipe in its token's place (system 5). */
export interface CodeToSwipe {
  /** 16 digits, the seventh a nine. */
  readonly number: string;
  /** 16 octets. */
  readonly codeRef: Uint8Array;
}

export interface GrantOptions {
  /** Of a delegated one. */
  readonly by?: ByDelegation;
  /** Of a grant that another service asks for. */
  readonly cryptogramOf?: MakeCryptogram;
  readonly code?: CodeToSwipe;
  /** Of a request that may be a repeat: the same one under the same key gets the same grant. */
  readonly repeat?: Repeatable | undefined;
}

/**
 * Makes the cryptogram of a grant whose ATC is counted, in place of the issuer's own: the domain server's DRC, or what an access control server
 * wants to see again. Where it throws, no grant is made, and the ATC stays counted.
 */
export type MakeCryptogram = (counted: { readonly atc: number; readonly expires: number }) => Promise<Uint8Array>;

/**
 * The token's next ATC, written with the grant's row. To be called in a transaction: two callers never get one.
 *
 * @param how - `key`: number of the keys that it is made with
 * @throws {IssuerError} `GRANT_LIMIT`, `TOKEN_UNKNOWN`, `TOKEN_SUSPENDED`, `TOKEN_DEACTIVATED`, `TOKEN_INACTIVE`, `TOKEN_EXPIRED`, `OFFLINE_LIMIT`, `DOMAIN_REQUIRED`,
 * `BAD_REQUEST` for an off-line grant of an on-line token, or the reverse
 */
export async function countGrant(
  kept: Tables,
  request: GrantRequest,
  { issuedAt: now, expires }: { readonly issuedAt: number; readonly expires: number },
  {
    hasOwnCryptogram,
    isOfCode,
    by,
    key,
  }: { hasOwnCryptogram: boolean; isOfCode: boolean; by?: ByDelegation | undefined; key: number },
): Promise<Counted> {
  const token = await kept.token(toHex(request.tokenRef));
  const holder = toBase32(request.cardId);
  if (token === undefined || (by === undefined && token.card_id !== holder)) throw new IssuerError("TOKEN_UNKNOWN");
  const refusal = stateRefusal(token.state as TokenState);
  if (refusal) throw new IssuerError(refusal);
  if (isPast(token.expiry, now)) throw new IssuerError("TOKEN_EXPIRED");
  const offline = request.kind === "offline";
  if (offline !== (token.offline === 1)) {
    throw new IssuerError("BAD_REQUEST", { detail: "off-line grants have a token of their own" });
  }
  if (token.domain_only === 1 && hasOwnCryptogram) throw new IssuerError("DOMAIN_REQUIRED");
  const held = offline ? await kept.liveGrants(token.token_ref, now) : 0;
  if (offline && (held >= OFFLINE_GRANTS_MAX || request.domain.maxAmount > OFFLINE_CAP_MAX)) {
    throw new IssuerError("OFFLINE_LIMIT");
  }
  const level = filled(token, now);
  if (level === undefined) throw new IssuerError("GRANT_LIMIT");
  const atc = token.atc + 1;
  const { maxAmount: max_amount } = request.domain;
  const domainHash = hashOfDomain(request.domain);
  const domain = JSON.stringify(request.domain);
  const grant = {
    token_ref: token.token_ref,
    atc,
    expires,
    max_amount,
    domain,
    domain_hash: domainHash,
    key_number: key,
    of_code: Number(isOfCode),
    ...(by && { delegation: by.id, held_by: holder, counters: JSON.stringify(by.counters) }),
  };
  await kept.addGrant(grant, level);
  return { token, atc, n: held + 1, domainHash, key };
}
