// The one error that leaves the ledger.

export type LedgerErrorCode =
  | "CERTIFICATE_MALFORMED"
  | "CERTIFICATE_SIGNATURE_INVALID"
  | "CERTIFICATE_ROLE_WRONG"
  | "CERTIFICATE_EXPIRED"
  | "CERTIFICATE_REVOKED"
  | "CERTIFICATE_UNKNOWN"
  | "CHECKPOINT_UNKNOWN"
  | "LOG_DAMAGED";

export class LedgerError extends Error {
  override readonly name = "LedgerError";

  constructor(
    readonly code: LedgerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
