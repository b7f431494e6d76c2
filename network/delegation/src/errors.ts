// Why a delegated right gives nothing, each by its own code. Codes are never renamed, and a retired one is never used again.

export const DELEGATION_ERRORS = {
  DELEGATION_MALFORMED: [400, "That text is no delegated right: copy all of it, from whoever handed it on"],
  DELEGATION_TOO_LONG: [
    400,
    "The right has been handed on with more restrictions than anybody checks: have its owner make another",
  ],
  DELEGATION_FORGED: [403, "The right was altered on its way, or is another issuer's: ask its owner for it again"],
  DELEGATION_UNKNOWN: [404, "There is no such right: ask its owner for another"],
  DELEGATION_REVOKED: [403, "Its owner has taken the right back: ask for another"],
  CAVEAT_UNKNOWN: [403, "The right has a restriction that this issuer cannot check: have it handed on without that"],
  CAVEAT_CARD: [403, "The right was handed to another card: ask its owner for one of your own"],
  CAVEAT_NOT_YET: [403, "The right does not begin yet: try again then"],
  CAVEAT_EXPIRED: [403, "The right is over: ask its owner for another"],
  CAVEAT_AMOUNT: [403, "The right pays less than that at a time: ask for a grant of a lower amount"],
  CAVEAT_CURRENCY: [403, "The right pays in another currency: pay where that is taken"],
  CAVEAT_CATEGORY: [
    403,
    "The right does not pay in that category of shops: say which one the shop is of, or pay elsewhere",
  ],
  CAVEAT_MERCHANT: [403, "The right pays at one merchant alone, whose name is to be in the grant: pay there"],
  CAVEAT_METHOD: [403, "What the right asks to be shown nobody can show: have it handed on with less"],
  CAVEAT_USES: [403, "The right has been used as often as it may: ask its owner for another"],
  CAVEAT_TOTAL: [403, "The right has paid as much as it may: ask its owner for another, or for a grant of less"],
} as const satisfies Record<string, readonly [http: number, sentence: string]>;

export type DelegationErrorCode = keyof typeof DELEGATION_ERRORS;

export class DelegationError extends Error {
  override readonly name = "DelegationError";
  readonly http: number;

  constructor(
    readonly code: DelegationErrorCode,
    options?: ErrorOptions & { readonly detail?: string },
  ) {
    const [http, sentence] = DELEGATION_ERRORS[code];
    super(options?.detail ? `${sentence} (${options.detail})` : sentence, options);
    this.http = http;
  }
}
