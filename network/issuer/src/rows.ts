// Rows of the issuer's tables, as the store gives them.

import type { Decline } from "./errors.js";

export interface CardRow {
  readonly card_id: string;
  readonly grant_key: Uint8Array;
  /** SHA-256 of the access key, which has 256 random bits. */
  readonly access_hash: string;
  readonly phone_name: string;
}

export interface TokenRow {
  readonly token_ref: string;
  readonly card_id: string;
  readonly pan: Uint8Array;
  readonly holder: Uint8Array;
  readonly last4: string;
  /** YYMM */
  readonly expiry: string;
  readonly offline: number;
  /** Pays with a domain restriction cryptogram alone (system 4). */
  readonly domain_only: number;
  readonly state: number;
  /** Who brought it to that state; of a suspended one, all who hold it (token-state.ts). */
  readonly state_by: string;
  readonly version: number;
  readonly atc: number;
  /** Latest `expires` of its grants, seconds since 1970. */
  readonly last_expires: number;
  /** How full its bucket of grants was (grant-rate.ts), and when, seconds since 1970. */
  readonly level_s: number;
  readonly level_at: number;
  /** Names the newest registration of a phone, 16 octets in hexadecimal, and of which master's its key is. */
  readonly registration: string | null;
  readonly registration_key: number;
}

/** A token as it is minted. */
export type NewToken = Omit<TokenRow, "level_s" | "level_at" | "registration" | "registration_key">;

/** The account behind a card's tokens. */
export interface AccountRow {
  readonly card_id: string;
  readonly pan: Uint8Array;
}

export type Level = Pick<TokenRow, "level_s" | "level_at">;

export interface GrantRow {
  readonly token_ref: string;
  readonly atc: number;
  readonly expires: number;
  readonly max_amount: number;
  /** The domain as signed: the cryptogram is made again from it. */
  readonly domain: string;
  /** Of a grant that an earlier version counted there is none. */
  readonly domain_hash: Uint8Array | null;
  /** Of the key that it was counted under. */
  readonly key_number: number;
  readonly used: GrantUse;
  /** What was answered to the last request with it, as JSON of `Said`. */
  readonly said: string | null;
  /** Keyed name of the request that it paid, and when, seconds since 1970. */
  readonly request_name: string | null;
  readonly used_at: number | null;
  /** That request was reversed. */
  readonly reversed: number;
  /** It carries a transaction code: what pays by it is the account, and no ATC. */
  readonly of_code: number;
  /** Of a delegated one: the right that it was made by, whose card has it (base32), and what counts its use, as JSON of `Counter`s. */
  readonly delegation: string | null;
  readonly held_by: string | null;
  readonly counters: string | null;
}

/** A right that a token's owner has handed out. */
export interface DelegationRow {
  /** Base32 of 16 octets. */
  readonly id: string;
  readonly token_ref: string;
  /** Of the master that its root key is derived from. */
  readonly key_number: number;
  /** Seconds since 1970, as `until`. */
  readonly made_at: number;
  /** As its owner made it: JSON of the lines. */
  readonly caveats: string;
  readonly until: number;
  readonly revoked: number;
  /** Rises with each payment by it, each that is reversed, and when it is taken back. */
  readonly version: number;
}

/** Unspent; it has paid; its holder closed it; the store was restored from a copy that is older than what it may have paid. */
export const GrantUse = { Open: 0, Paid: 1, Closed: 2, Restored: 3 } as const;
export type GrantUse = (typeof GrantUse)[keyof typeof GrantUse];

/** How a grant stands behind a request, or its closing. */
export type GrantEnd = Pick<GrantRow, "used" | "said" | "request_name" | "used_at">;

/** What was asked with a grant, and what the terminal heard. */
export interface Said {
  readonly decline?: Decline;
  readonly authCode?: string;
  /** Minor units of `currency`, ISO 4217. */
  readonly amount: number;
  readonly currency: string;
  /** As its acquirer calls it: DE 43, or DE 42. */
  readonly merchant: string;
  /** Seconds since 1970. */
  readonly at: number;
}

/** What a token's row tells of its grants. */
export type Newest = Level & Pick<TokenRow, "atc" | "last_expires">;

/** A grant as it is counted, under the first keys unless told. */
export type NewGrant = Pick<GrantRow, "token_ref" | "atc" | "expires" | "max_amount" | "domain" | "domain_hash"> &
  Partial<Pick<GrantRow, "key_number" | "of_code" | "delegation" | "held_by" | "counters">>;

export interface Decision {
  readonly decline: Decline | null;
  readonly auth_code: string | null;
}
