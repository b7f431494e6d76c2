// The one error that leaves the SDK. Codes of the card are wire's; the rest are here, each with the sentence a person reads.

import { describeStatus, type StatusCode } from "@enabling-card/wire";

const SENTENCES = {
  ABORTED: "The call was cancelled",
  ARGUMENT_INVALID: "The call was made with something it cannot mean: check it",
  LINK_LOST: "The link to the card was lost: bring the card near and try again",
  LINK_TIMEOUT: "The card did not answer in time: bring it near and try again",
  LINK_CLOSED: "The link was closed by this app: connect again",
  CARD_NOT_FOUND: "No such card is in reach: bring it near, and press its button if it sleeps",
  BLUETOOTH_OFF: "Bluetooth is switched off, or is not there: switch it on and try again",
  BLUETOOTH_FORBIDDEN: "This app may not use Bluetooth: allow it in the system's settings, then try again",
  WEB_BLUETOOTH_MISSING:
    "This browser has no Web Bluetooth: open this page over https in Chrome, Edge or Opera, on a computer or Android; on an iPhone, in Bluefy",
  CARD_NOT_CHOSEN: "No card was chosen: try again and choose the one named ecard",
  FRAME_INVALID: "The card's frames do not add up: connect again",
  SESSION_ENDED: "The session is over: connect again",
  PAIRING_CODE_INVALID: "This is not a pairing code: scan the sheet that came with the card again",
  PAIRING_UNKNOWN: "This phone keeps no pairing with that card: pair it first",
  PAIRING_STORE_FAILED: "The pairing could not be kept on this phone: free some space, then pair again",
  CARD_NOT_GENUINE: "The card's certificate was not signed by its maker: do not use this card",
  CARD_CERTIFICATE_MALFORMED: "The card's certificate cannot be read: do not use this card",
  CARD_CERTIFICATE_ROLE: "The card shows a certificate that is not a card's: do not use it",
  CARD_CERTIFICATE_OTHER: "The card shows another card's certificate: do not use it",
  CARD_CERTIFICATE_KEY: "The card does not hold the key that its certificate names: do not use it",
  CARD_CERTIFICATE_EXPIRED:
    "The card's certificate is over, or has not begun: check this phone's clock, then replace the card",
  CARD_ANSWER_MALFORMED: "The card's answer cannot be read: update the app or the card",
  CARD_STATUS_UNKNOWN: "The card refused for a reason this app does not know: update the app",
  LOADER_SILENT:
    "The card's loader does not answer: check the port, or start the card with its button held, then try again",
  UPDATE_NOT_ALLOWED:
    "The card takes no update over the air now: hold its button for three seconds, then try again within a minute",
  UPDATE_REVERTED: "The card came up with its old image: the new one did not run; look into the card's log",
  LOADER_STATE:
    "The card's loader cannot do this now: confirm the image that is on trial, or reset the card to go back",
  LOADER_IMAGE_ABSENT: "The card has no such image: upload it first",
  LOADER_REQUEST_REFUSED: "The card's loader does not take this request: update the app",
  LOADER_ANSWER_MALFORMED: "The answer of the card's loader cannot be read: check the line, then try again",
  DELEGATION_INVALID: "That text is no delegated right: copy all of it, from whoever handed it on",
  GRANT_BUNDLE_INVALID: "The grant from the issuer is not whole: fetch it again",
  ISSUER_UNREACHABLE: "The issuer cannot be reached: check the network and try again",
  ISSUER_REFUSED: "The issuer refused",
  ISSUER_ANSWER_INVALID: "The issuer's answer cannot be read: update the app, or tell the issuer",
  NOT_AUTHENTICATED: "The access control server did not take the card's answer: begin the payment again",
  ISSUER_NOT_ENROLLED: "This card is not enrolled with the issuer: enrol it first",
  MEANS_NOT_REGISTERED: "This phone has not registered that token: register it first",
  REGISTRATION_STORE_FAILED: "The registration could not be kept on this phone: free some space, then register again",
  STATE_INFO_OTHER_CARD: "The issuer's answer is of another card: nothing was taken of it, try again",
  STATE_INFO_OTHER_TOKEN: "The issuer's answer is of another token: nothing was taken of it, try again",
  STATE_INFO_OTHER_REGISTRATION: "The issuer's answer is for another registration: register the token again",
  STATE_INFO_ALTERED: "The issuer's answer was altered on its way: do not trust this network, and try again elsewhere",
  STATE_INFO_REPLAYED:
    "The issuer's answer is one to an earlier question: do not trust this network, try again elsewhere",
  STATE_INFO_OLD: "The issuer's answer is behind what card or phone have seen: tell the issuer",
  STATE_INFO_CONTRADICTS: "The issuer says another state than before, with the same version: tell the issuer",
  VERIFICATION_NOT_ENROLLED: "This phone keeps no PIN for finger or face: type the PIN, or confirm on the card",
  VERIFICATION_FAILED: "That was not recognised: try again, type the PIN, or confirm on the card",
  VERIFICATION_CANCELLED: "It was not agreed to: nothing was sent",
  VERIFICATION_LOCKED_OUT: "The phone takes no finger or face for now: unlock it, type the PIN, or confirm on the card",
  VERIFICATION_UNAVAILABLE: "The phone cannot ask for finger, face or PIN now: confirm on the card",
  SHOWN_DIFFERS: "What was shown is not what the card would pay: do not pay, fetch the grant again",
  ISSUER_TOKEN_OUTSIDE_IIN: "The issuer's token is outside the number ranges this app was made for: use another issuer",
} as const;

/** Codes that the SDK itself gives. */
export type SdkErrorCode = keyof typeof SENTENCES;

/** Stable, documented codes. Never renamed; a retired code is never used again. */
export type CardErrorCode = SdkErrorCode | Exclude<StatusCode, "OK">;

/** Every code of the SDK's own, with its sentence. */
export const SDK_ERROR_CODES: readonly { readonly code: SdkErrorCode; readonly sentence: string }[] = Object.entries(
  SENTENCES,
).map(([code, sentence]) => ({ code: code as SdkErrorCode, sentence }));

/** The same call may do, made again. Grants and PINs are never sent twice without the caller. */
const RETRYABLE: ReadonlySet<CardErrorCode> = new Set<CardErrorCode>([
  "LINK_LOST",
  "LINK_TIMEOUT",
  "LOADER_ANSWER_MALFORMED",
  "FRAME_INVALID",
  "SESSION_ENDED",
  "CARD_NOT_FOUND",
  "ISSUER_UNREACHABLE",
  "BUSY",
  "NO_SESSION",
  "SESSION_AUTH_FAILED",
  "SESSION_EXHAUSTED",
  "FRAME_OUT_OF_ORDER",
  "USER_ABSENT",
  "CONFIRMATION_TIMEOUT",
]);

export interface CardErrorOptions extends ErrorOptions {
  /** What an issuer called the error, where it was one. */
  readonly issuerCode?: string;
}

/** Branch on `code`, show `message`. Messages never hold keys, PINs or account numbers. */
export class CardError extends Error {
  override readonly name = "CardError";
  readonly issuerCode: string | undefined;

  constructor(
    readonly code: CardErrorCode,
    message: string,
    options: CardErrorOptions = {},
  ) {
    super(message, options);
    this.issuerCode = options.issuerCode;
  }

  /** True where the same call may succeed if made again. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

/** An error of the SDK's own, with its sentence and, where it helps, what exactly. */
export function sdkError(code: SdkErrorCode, detail?: string, options?: CardErrorOptions): CardError {
  return new CardError(code, detail === undefined ? SENTENCES[code] : `${SENTENCES[code]} (${detail})`, options);
}

/** What a card's status other than 0 says, as an error. */
export function statusError(status: number): CardError {
  const known = describeStatus(status);
  if (known === undefined || known.code === "OK") return sdkError("CARD_STATUS_UNKNOWN", `status ${status}`);
  return new CardError(known.code, known.sentence);
}

/** @throws {CardError} `ABORTED`, with the signal's reason as its cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw sdkError("ABORTED", undefined, { cause: signal.reason });
}
