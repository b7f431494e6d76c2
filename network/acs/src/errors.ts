// What the access control server refuses, each by its own code. What an authentication comes to is no error: transStatus says it. Codes are
// never renamed, and a retired one is never used again: UNAUTHORISED.

export const ACS_ERRORS = {
  BAD_REQUEST: [400, "The request is not one this access control server understands: check it against the API"],
  ROUTE_UNKNOWN: [404, "There is no such route: check the path and the method against the API"],
  TRANSACTION_UNKNOWN: [404, "There is no such authentication: begin one at the domain server"],
  TRANSACTION_KNOWN: [409, "That authentication was asked for before: ask for another"],
  DOMAIN_SERVER_UNAVAILABLE: [503, "The domain server did not take the result: send the challenge's answer again"],
  DOMAIN_SERVER_ERROR: [403, "The domain server refused the result: begin another authentication there"],
  ISSUER_UNAVAILABLE: [503, "The issuer does not answer: try again in a moment"],
  STORE_UNAVAILABLE: [503, "The store is full, locked or gone: try again in a moment, by the same idempotency key"],
  STORE_GONE: [
    500,
    "A store that was made here is gone: restore the network from a copy, or begin a new one in an empty folder",
  ],
  STORE_IS_COPY: [500, "This is a copy of a store: make it one again with ecard network restore"],
  STORE_DAMAGED: [500, "The file is not an access control server's store of this version: restore it from a copy"],
  KEYS_MISMATCH: [500, "The store was made with other keys: open it with those"],
  KEYS_RETIRED: [500, "The store has gone on to newer keys: open it with those"],
  KEYS_NOT_YET: [
    500,
    "The store is still under keys that are not among these: open it once with those from before they were taken out",
  ],
  KEY_RETIRED: [410, "What it was made by is a key that was taken out: begin anew"],
  INTERNAL: [500, "The access control server failed: try again, and tell its operator"],
} as const satisfies Record<string, readonly [http: number, sentence: string]>;

export type AcsErrorCode = keyof typeof ACS_ERRORS;

export class AcsError extends Error {
  override readonly name = "AcsError";
  readonly http: number;

  constructor(
    readonly code: AcsErrorCode,
    options?: ErrorOptions & { readonly detail?: string },
  ) {
    const [http, sentence] = ACS_ERRORS[code];
    super(options?.detail ? `${sentence} (${options.detail})` : sentence, options);
    this.http = http;
  }
}
