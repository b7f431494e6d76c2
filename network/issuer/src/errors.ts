// What the issuer refuses, each by its own code. `http` is the status its HTTP door answers with. Codes are never renamed, and a
// retired one is never used again.

import { DELEGATION_ERRORS } from "@enabling-card/delegation";

export const ISSUER_ERRORS = {
  ...DELEGATION_ERRORS,
  BAD_REQUEST: [400, "The request is not one this issuer understands: check it against the API"],
  ROUTE_UNKNOWN: [404, "The issuer has no such route: check the path and the method against the API"],
  UNAUTHORISED: [401, "The access key is not that card's: enrol the card again"],
  CARD_UNKNOWN: [404, "No such card is enrolled: enrol it first"],
  CARD_NOT_GENUINE: [403, "The card's certificate was not signed by a maker this issuer trusts"],
  CARD_ENROLLED: [409, "The card is enrolled already: use the access key it was given, or have the issuer renew it"],
  TOKEN_UNKNOWN: [404, "This card has no such token: mint one first"],
  TOKEN_SUSPENDED: [403, "The token is suspended: resume it first"],
  TOKEN_DEACTIVATED: [403, "The token was ended for good: mint another"],
  TOKEN_INACTIVE: [403, "The token is not active yet: activate it first"],
  TOKEN_EXPIRED: [403, "The token's last month is over: mint another"],
  TOKEN_LIMIT: [403, "The card holds as many tokens as it can count: deactivate one first"],
  STATE_TRANSITION_ILLEGAL: [409, "A token cannot go from its state to that one"],
  SUSPENDED_BY_ISSUER: [403, "The issuer suspended the token, and the issuer alone can resume it: ask there"],
  SUSPENDED_BY_REQUESTOR: [403, "Whom the token was made for suspended it: ask there, or at the issuer"],
  SUSPENDED_BY_CARDHOLDER: [403, "The cardholder suspended the token: the holder's phone resumes it, or the issuer"],
  SUSPENDED_BY_FAILURE_LOCK: [403, "Wrong tries at terminals suspended the token: the holder's phone resumes it"],
  SUSPENDED_BY_PIN_LOCK: [403, "Wrong PINs suspended the token: enter the right one on the card first"],
  REGISTRATION_UNKNOWN: [404, "No phone has registered this token: register it first"],
  REGISTRATION_OLD: [409, "This phone's registration of the token is not the newest: register it again"],
  DOMAIN_MISSING: [400, "A grant must say where it may be spent: requestor, channel, country and highest amount"],
  DOMAIN_REQUIRED: [403, "The token pays behind an authentication alone: ask its domain server for the grant"],
  ACCOUNT_WRONG: [403, "That account is not the one behind the token: resolve the token anew"],
  GRANT_UNKNOWN: [404, "The token has had no such grant: name it by the counter that came with it"],
  GRANT_OF_CODE: [409, "That grant carries a transaction code: end the code at the processor"],
  GRANT_OUTCOME_LOST: [
    410,
    "What became of that grant was lost with an older store: it pays no more, ask the issuer's desk whether it has paid",
  ],
  COUNTED_UNKNOWN: [404, "No grant was counted by that, or it is over: have another one counted"],
  OFFLINE_LIMIT: [403, "Off-line grants are few and small: spend those the phone holds first, or ask for less"],
  GRANT_LIMIT: [403, "The token has had as many grants as it may have for now: wait ten seconds for the next one"],
  DELEGATION_LIMIT: [403, "The token has as many rights handed out as it may have: take one back first"],
  DELEGATION_UNBOUNDED: [400, "A right is handed out for so many uses, at most, and for a year, at most: say both"],
  CHECKPOINT_UNKNOWN: [409, "The card has seen a larger ledger than this issuer's: do not use this issuer"],
  IDEMPOTENCY_MISMATCH: [422, "That idempotency key belongs to another request: use a new one"],
  HELP_URL_INVALID: [500, "The issuer's address for its holders is https, and has at most 200 characters"],
  IIN_NOT_CONFIGURED: [500, "The issuer mints only in its configured number ranges"],
  SAMPLE_KEYS_LOOPBACK: [500, "Sample keys are for this machine alone: bind to loopback, or bring keys of your own"],
  SAMPLE_KEYS_TEST_IIN: [500, "Sample keys are for the test range 999999 alone: bring keys of your own"],
  NAME_INVALID: [400, "A holder's name has 2 to 21 characters that a track can hold"],
  KEYS_MISMATCH: [500, "The issuer's file was made with other keys: open it with those"],
  KEYS_RETIRED: [500, "The issuer's store has gone on to newer keys: open it with those"],
  KEYS_NOT_YET: [
    500,
    "The store is still under keys that are not among these: open it once with those from before they were taken out",
  ],
  KEY_RETIRED: [410, "What it was made by is a key that was taken out: ask for it anew"],
  STORE_GONE: [
    500,
    "A store that was made here is gone: restore the network from a copy, or begin a new one in an empty folder",
  ],
  STORE_IS_COPY: [500, "This is a copy of an issuer's store: make it one again with ecard network restore"],
  STORE_DAMAGED: [500, "The file is not an issuer's store of this version: restore it from a copy"],
  STORE_UNAVAILABLE: [
    503,
    "The issuer's store is full, locked or gone: try again in a moment, by the same idempotency key",
  ],
  LISTENERS_MANY: [503, "As many phones listen as may: ask for the token's state, and listen again in a minute"],
  INTERNAL: [500, "The issuer failed: try again, and tell its operator"],
} as const satisfies Record<string, readonly [http: number, sentence: string]>;

export type IssuerErrorCode = keyof typeof ISSUER_ERRORS;

export class IssuerError extends Error {
  override readonly name = "IssuerError";
  readonly http: number;

  constructor(
    readonly code: IssuerErrorCode,
    options?: ErrorOptions & { readonly detail?: string },
  ) {
    const [http, sentence] = ISSUER_ERRORS[code];
    super(options?.detail ? `${sentence} (${options.detail})` : sentence, options);
    this.http = http;
  }
}

/**
 * Why an authorisation was declined: our name (DE 44), and the standard's code (DE 39, ISO 8583:1987 table 6). One table.
 */
export const DECLINES = {
  FORMAT_ERROR: "30",
  CARD_NUMBER_UNKNOWN: "14",
  TRANSACTION_UNSUPPORTED: "12",
  CRYPTOGRAM_WRONG: "63",
  /** A token that pays by a domain restriction cryptogram alone, and no processor has seen one. */
  DRC_MISSING: "63",
  CAVV_WRONG: "63",
  /** Made by a key that was taken out; by one that this issuer does not have yet. */
  KEY_RETIRED: "54",
  KEY_NOT_YET: "63",
  SERVICE_CODE_WRONG: "63",
  ATC_UNKNOWN: "63",
  ATC_REPLAYED: "94",
  GRANT_EXPIRED: "54",
  /** Its holder has closed it: he was told that nothing was paid. */
  GRANT_CLOSED: "54",
  TOKEN_EXPIRED: "54",
  /** A purchase of nothing. */
  AMOUNT_ZERO: "13",
  AMOUNT_OVER_CAP: "61",
  /** The network settles in no such one. */
  CURRENCY_WRONG: "58",
  /** Of a delegated grant: its owner took the right back; it was used as often, or paid as much, as it may. */
  DELEGATION_REVOKED: "62",
  DELEGATION_USED_UP: "65",
  DELEGATION_SPENT: "61",
  DOMAIN_MISMATCH: "57",
  MERCHANT_WRONG: "58",
  TOKEN_SUSPENDED: "62",
  TOKEN_DEACTIVATED: "41",
  TOKEN_INACTIVE: "78",
  TRACKS_DISAGREE: "63",
  /** Its reversal came first: no action is taken. */
  REVERSED: "21",
  ISSUER_FAILED: "96",
} as const;

export type Decline = keyof typeof DECLINES;
