// Rows of the processor's tables.

export interface CodeRow {
  readonly code_name: string;
  readonly code_ref: string;
  /** Keyed name of who may see and cancel it. */
  readonly owner: string;
  readonly device: string;
  readonly provider: string;
  /** Hundredths of `currency`. */
  readonly max_cost: number;
  readonly currency: string;
  /** PAN and expiry of the account, sealed. */
  readonly account: Uint8Array;
  /** Seconds since 1970. */
  readonly not_before: number;
  readonly expires: number;
  /** Keyed name of the request that used it. */
  readonly request: string | null;
  /** DE 7 of the second request. */
  readonly sent: string | null;
  /** Keyed hash of all that it asked for: its repeat asks for the same. Null of one before there was such a hash: it has no repeat. */
  readonly asked: string | null;
  /** Seconds since 1970. */
  readonly used_at: number | null;
  readonly cancelled: number;
}

/** A code that nobody has presented yet. */
export type NewCodeRow = Omit<CodeRow, "request" | "sent" | "asked" | "used_at" | "cancelled">;

/** An authentication that the access control server was asked for (system 4). */
export interface AuthenticationRow {
  /** threeDSServerTransID */
  readonly trans_id: string;
  /** acsTransID; null until the access control server has named it. */
  readonly acs_trans_id: string | null;
  /** What is to be paid, and by what, sealed. */
  readonly purchase: Uint8Array;
  /** Seconds since 1970: begun, then decided. */
  readonly at: number;
  /** C until the access control server told Y or N. */
  readonly status: string;
  /** Tracking number and CAVV, sealed. */
  readonly result: Uint8Array | null;
  readonly used: number;
}

/** What a grant with a DRC may pay: kept when it was made, looked at when it comes back. */
export interface DomainGrantRow {
  readonly token_name: string;
  readonly atc: number;
  /** All that the DRC is made of, the account and the CAVV, sealed. */
  readonly domain: Uint8Array;
  /** Seconds since 1970. */
  readonly expires: number;
}

/** What an issuer is to be told. */
export interface ReversalRow {
  readonly name: string;
  /** Seconds since 1970. */
  readonly at: number;
  /** JSON of fields that hold no card's data. */
  readonly message: string;
  /** How often it was refused: those with fewest are told first. */
  readonly tries: number;
}
