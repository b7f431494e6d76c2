// What can be wrong with an ISO 8583 message. Codes are stable: never renamed, a retired one is never used again.

export type Iso8583Code =
  /** The message type is not four digits. */
  | "BAD_MTI"
  /** The message or a field ends before its own length says so. */
  | "CUT_MESSAGE"
  /** A bitmap names a data element that is not in the table of fields.ts. */
  | "UNKNOWN_FIELD"
  /** A value is shorter or longer than its field allows. */
  | "BAD_LENGTH"
  /** A value holds a character outside its field's set, or has the wrong type. */
  | "BAD_VALUE"
  /** Bytes follow the last field. */
  | "TRAILING_BYTES"
  /** A frame says it is longer than the reader accepts. */
  | "FRAME_TOO_LONG"
  /** A frame of length zero. */
  | "FRAME_EMPTY"
  /** The stream ended inside a frame. */
  | "FRAME_CUT";

/** The one error of this package. Branch on `code`; `de` is the data element, 0 where none is to blame. */
export class Iso8583Error extends Error {
  override readonly name = "Iso8583Error";

  constructor(
    readonly code: Iso8583Code,
    readonly de: number,
    message: string,
  ) {
    super(message);
  }
}
