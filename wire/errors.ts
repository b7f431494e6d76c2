// The one error that wire's codecs throw: bytes that are not what the protocol says.

export type WireErrorCode =
  | "CBOR_MALFORMED"
  | "CHUNK_INVALID"
  | "PAIRING_CODE_INVALID"
  | "SIGN1_MALFORMED"
  | "SMP_MALFORMED";

export class WireError extends Error {
  override readonly name = "WireError";

  constructor(
    readonly code: WireErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
