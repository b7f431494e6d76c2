// What can go wrong around a swipe: a file that is no recording, a network that does not answer, a call that makes no
// sense. A swipe that cannot be read is not among them: that is data (reader/diagnosis.ts).

export type PosErrorCode =
  /** An argument that no signal or reader can have: the sentence names it. */
  | "BAD_ARGUMENT"
  | "WAV_EMPTY"
  | "WAV_NOT_WAV"
  | "WAV_CUT"
  | "WAV_UNSUPPORTED"
  /** The file cannot be opened or read. */
  | "WAV_UNREADABLE"
  /** Raw samples that begin with a WAV file's header. */
  | "PCM_IS_WAV"
  /** The network cannot be reached. */
  | "HOST_UNREACHABLE"
  /** The connection was lost before the reply. */
  | "HOST_LOST"
  /** No reply in time. */
  | "HOST_TIMEOUT"
  /** A reply that is no message, or not the answer to this request. */
  | "HOST_BAD_REPLY"
  /** The caller's AbortSignal. */
  | "ABORTED";

/** The one error of this package. Branch on `code`, show `message`. */
export class PosError extends Error {
  override readonly name = "PosError";

  /** Of a purchase that got no answer: whether the network has heard that it is reversed. */
  readonly reversal: "taken" | "unanswered" | undefined;

  constructor(
    readonly code: PosErrorCode,
    message: string,
    options?: ErrorOptions & { readonly reversal?: "taken" | "unanswered" },
  ) {
    super(message, options);
    this.reversal = options?.reversal;
  }
}
