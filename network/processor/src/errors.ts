// What the processor refuses, each by its own code: over HTTP, and to terminals. Codes are never renamed, and a retired one is never used again.

export const PROCESSOR_ERRORS = {
  BAD_REQUEST: [400, "The request is not one this processor understands: check it against the API"],
  ROUTE_UNKNOWN: [404, "The processor has no such route: check the path and the method against the API"],
  UNAUTHORISED: [401, "That is not the card's access key: enrol the card again"],
  DEVICE_UNKNOWN: [404, "That card has no such device: register it first"],
  DEVICE_LIMIT: [403, "That card has as many devices as it may: remove one first"],
  ACCOUNT_REFUSED: [403, "The issuer does not let that account pay: look at the card's state there"],
  AUTHENTICATION_UNKNOWN: [404, "There is no such authentication of that card: begin one"],
  NOT_AUTHENTICATED: [403, "The user was not authenticated for this: answer the card's question first, or begin again"],
  AUTHENTICATION_REFUSED: [
    403,
    "The access control server does not have that card's user asked: look at the card's state",
  ],
  CURRENCY_WRONG: [400, "Payments there are not settled in that currency: name the country's own"],
  ATN_EXPIRED: [403, "The authentication is too old to pay: begin another"],
  ATN_USED: [409, "The authentication has paid its one purchase: begin another"],
  RESULT_KNOWN: [409, "The result of that authentication is known, and another: begin another authentication"],
  ACS_ERROR: [
    403,
    "The access control server answered with an error of 3-D Secure: tell its operator, and begin again",
  ],
  ACS_UNAVAILABLE: [503, "The access control server does not answer: try again in a moment"],
  CODE_LIMIT: [403, "That account has as many open codes as it may: use or cancel one first"],
  CODE_UNKNOWN: [404, "There is no such code: ask for a new one"],
  CODE_USED: [409, "The code was used: ask for a new one"],
  IDEMPOTENCY_MISMATCH: [422, "That idempotency key belongs to another request: use a new one"],
  ISSUER_UNAVAILABLE: [503, "The issuer does not answer: try again in a moment"],
  STORE_UNAVAILABLE: [
    503,
    "The processor's store is full, locked or gone: try again in a moment, under the same idempotency key",
  ],
  STORE_GONE: [
    500,
    "A store that was made here is gone: restore the network from a copy, or begin a new one in an empty folder",
  ],
  STORE_IS_COPY: [500, "This is a copy of a processor's store: make it one again with ecard network restore"],
  STORE_DAMAGED: [500, "The file is not a processor's store of this version: restore it from a copy"],
  KEYS_MISMATCH: [500, "The processor's store was made with other keys: open it with those"],
  KEYS_RETIRED: [500, "The store has gone on to newer keys: open it with those"],
  KEYS_NOT_YET: [
    500,
    "The store is still under keys that are not among these: open it once with those from before they were taken out",
  ],
  KEY_RETIRED: [410, "What it was made by is a key that was taken out: begin anew"],
  INTERNAL: [500, "The processor failed: try again, and tell its operator"],
} as const satisfies Record<string, readonly [http: number, sentence: string]>;

export type ProcessorErrorCode = keyof typeof PROCESSOR_ERRORS;

export class ProcessorError extends Error {
  override readonly name = "ProcessorError";
  readonly http: number;

  constructor(
    readonly code: ProcessorErrorCode,
    options?: ErrorOptions & { readonly detail?: string },
  ) {
    const [http, sentence] = PROCESSOR_ERRORS[code];
    super(options?.detail ? `${sentence} (${options.detail})` : sentence, options);
    this.http = http;
  }
}

/** Why the processor itself declined: our name (DE 44), and the standard's code (DE 39, ISO 8583:1987 table 6). */
export const PROCESSOR_DECLINES = {
  FORMAT_ERROR: "30",
  TRANSACTION_UNSUPPORTED: "12",
  /** Of a code's stripe: one for cards with a chip, or none. */
  SERVICE_CODE_WRONG: "63",
  CODE_UNKNOWN: "14",
  CODE_USED: "94",
  CODE_EXPIRED: "54",
  /** Its window has not begun. */
  CODE_TOO_EARLY: "57",
  DEVICE_WRONG: "63",
  PROVIDER_WRONG: "58",
  COST_OVER: "61",
  AMOUNT_ZERO: "13",
  /** Five wrong tries within a day, of this device; at this terminal, on one line. */
  DEVICE_LOCKED: "65",
  TERMINAL_LOCKED: "65",
  /** A wrong one behind a hundred within an hour from its address, whatever lines, terminals and devices it named. */
  TRIES_SPENT: "65",
  /** Not the merchant, the requestor, or the way to pay that the DRC is for. */
  MERCHANT_WRONG: "58",
  REQUESTOR_WRONG: "58",
  CHANNEL_WRONG: "58",
  /** Not the one that its user has agreed to, or not that of the terminal's country. */
  CURRENCY_WRONG: "58",
  DRC_WRONG: "63",
  /** Made by a key that was taken out. */
  KEY_RETIRED: "54",
  /** A number alone: neither a stripe nor a domain restriction cryptogram is with it. */
  DRC_MISSING: "63",
  /** Five wrong tries within a day, of this token. */
  TOKEN_LOCKED: "65",
  REVERSED: "21",
  /** More than this peer had approved, and a thousand beside: to be told again later. */
  REVERSALS_MANY: "96",
  /** Another request of that name (DE 7, 11, 32, 41; device and counter) waits for its answer, or has used another code. */
  NAME_TAKEN: "94",
  ISSUER_UNAVAILABLE: "91",
  PROCESSOR_FAILED: "96",
} as const;

export type ProcessorDecline = keyof typeof PROCESSOR_DECLINES;
