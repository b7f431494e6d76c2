// The one error that leaves the ledger. Codes are stable: never renamed, a retired one is never used again.

export type LedgerErrorCode =
  | "CERTIFICATE_MALFORMED"
  | "CERTIFICATE_SIGNATURE_INVALID"
  | "CERTIFICATE_ROLE_WRONG"
  | "CERTIFICATE_EXPIRED"
  | "CERTIFICATE_REVOKED"
  | "CERTIFICATE_UNKNOWN"
  /** Another certificate with that serial is stored: a certificate is named by its serial alone. */
  | "SERIAL_TAKEN"
  | "CHECKPOINT_UNKNOWN"
  /** What is in the file is not what the log signed last. */
  | "LOG_DAMAGED"
  /** It is not the log that its issuer has stored certificates on. */
  | "LOG_GONE"
  /** The file is the log of another node, or of another origin. */
  | "LOG_OTHER_KEYS"
  /** Another process writes this log. */
  | "LOG_IN_USE";

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
