// Each status by name, with the sentence a person reads: what happened and what to do. One table for card, phone and issuer.
// Codes are never renamed, and a retired one is never used again.

import { Status } from "./status.js";

interface Entry {
  readonly code: string;
  readonly sentence: string;
}

const TABLE = {
  [Status.Ok]: ["OK", "Done"],
  [Status.Busy]: ["BUSY", "The card is busy with another grant: wait until it is done, or disarm it"],
  [Status.BadArgument]: ["BAD_ARGUMENT", "The card was asked for something it cannot mean: check the call"],
  [Status.Full]: ["FULL", "A buffer of the card is full: send less at a time"],
  [Status.Absent]: ["ABSENT", "The card has no such record"],

  [Status.UnknownVersion]: [
    "PROTOCOL_VERSION_UNKNOWN",
    "The card does not speak this protocol version: update the app or the card",
  ],
  [Status.NoSession]: ["NO_SESSION", "No session is open: connect first"],
  [Status.SessionAuthFailed]: ["SESSION_AUTH_FAILED", "A message failed authentication: connect again"],
  [Status.NotPaired]: [
    "NOT_PAIRED",
    "This phone is not paired with this card: pair it with the code on the card's sheet",
  ],
  [Status.PairingClosed]: [
    "PAIRING_CLOSED",
    "The card has an owner: hold its button for 3 s to let a new phone in, then pair within 60 s",
  ],
  [Status.PairingFailed]: ["PAIRING_FAILED", "The pairing code is not this card's: scan the sheet that came with it"],
  [Status.MessageMalformed]: ["MESSAGE_MALFORMED", "The card could not read the message: update the app"],
  [Status.MessageTooLong]: ["MESSAGE_TOO_LONG", "The message is longer than the card takes at this point"],
  [Status.FrameOutOfOrder]: [
    "FRAME_OUT_OF_ORDER",
    "A frame was cut, lost, doubled or out of order: send the message again",
  ],
  [Status.UnknownOperation]: ["OPERATION_UNKNOWN", "The card does not know this operation: update the card"],
  [Status.SessionExhausted]: ["SESSION_EXHAUSTED", "The session has used its last nonce: connect again"],
  [Status.UnknownMessage]: ["MESSAGE_TYPE_UNKNOWN", "The card does not know this type of message: update the card"],

  [Status.SealInvalid]: [
    "GRANT_SEAL_INVALID",
    "The grant cannot be opened by this card: fetch one that was sealed to it",
  ],
  [Status.GrantMalformed]: ["GRANT_MALFORMED", "The grant is not one this card can read: fetch a new one"],
  [Status.GrantOtherCard]: ["GRANT_OTHER_CARD", "The grant names another card: fetch one for this card"],
  [Status.GrantSignatureInvalid]: [
    "GRANT_SIGNATURE_INVALID",
    "The grant was not signed by its issuer: fetch a new one, and tell the issuer",
  ],
  [Status.GrantExpired]: ["GRANT_EXPIRED", "The grant's time is over: fetch a new one"],
  [Status.GrantNotYetValid]: ["GRANT_NOT_YET_VALID", "The grant is not valid yet: wait, or fetch a new one"],
  [Status.AtcNotRising]: [
    "ATC_NOT_RISING",
    "The card has seen this transaction counter or a later one: fetch a new grant",
  ],
  [Status.GrantUsed]: ["GRANT_USED", "The grant has made all its emissions: fetch a new one"],
  [Status.GrantDomainMissing]: [
    "GRANT_DOMAIN_MISSING",
    "The grant does not say where it may be spent: fetch a new one",
  ],
  [Status.GrantLifetimeTooLong]: [
    "GRANT_LIFETIME_TOO_LONG",
    "The grant would live longer than the card allows: fetch a new one",
  ],
  [Status.ChallengeUnknown]: [
    "GRANT_CHALLENGE_UNKNOWN",
    "The grant does not answer the card's newest challenge: fetch a new one",
  ],
  [Status.TokenOutsideIin]: [
    "TOKEN_OUTSIDE_IIN",
    "The token is not in the number ranges this card was made for: the issuer must mint another",
  ],
  [Status.GrantKindUnsupported]: [
    "GRANT_KIND_UNSUPPORTED",
    "This card cannot check that kind of grant: update the card",
  ],
  [Status.TokenTableFull]: ["TOKEN_TABLE_FULL", "The card counts 8 tokens already: deactivate one first"],
  [Status.TokenSuspended]: ["TOKEN_SUSPENDED", "The token is suspended: ask the issuer, or resume it in the app"],
  [Status.TokenDeactivated]: ["TOKEN_DEACTIVATED", "The token was ended for good: register a new one"],
  [Status.TimeUnknown]: ["TIME_UNKNOWN", "The card lost its clock: load an on-line grant first"],
  [Status.OfflineLimit]: ["OFFLINE_LIMIT", "The off-line grant is over what the card allows: fetch a smaller one"],
  [Status.NoGrant]: ["NO_GRANT", "No grant is loaded: load one first"],
  [Status.TokenInactive]: ["TOKEN_INACTIVE", "The token is not active yet: activate it in the app"],
  [Status.GrantRemote]: ["GRANT_REMOTE", "This grant pays without a swipe: confirm it, do not present it"],
  [Status.GrantSwipe]: ["GRANT_SWIPE", "This grant pays by a swipe: present it, do not confirm it"],

  [Status.CertificateMalformed]: [
    "CERTIFICATE_MALFORMED",
    "The issuer's certificate cannot be read: fetch the grant again",
  ],
  [Status.CertificateSignatureInvalid]: [
    "CERTIFICATE_SIGNATURE_INVALID",
    "The certificate was not signed by the root this card trusts: development and production do not mix",
  ],
  [Status.CertificateRole]: [
    "CERTIFICATE_ROLE_WRONG",
    "The certificate belongs to somebody with another role: an issuer's is needed",
  ],
  [Status.CertificateExpired]: [
    "CERTIFICATE_EXPIRED",
    "The certificate's time is over, or has not come: the issuer must renew it",
  ],
  [Status.CertificateRevoked]: ["CERTIFICATE_REVOKED", "The issuer's certificate was revoked: do not use this issuer"],
  [Status.CertificateMismatch]: [
    "CERTIFICATE_MISMATCH",
    "The grant was signed under another certificate than the one beside it: fetch both again",
  ],
  [Status.ReceiptMissing]: [
    "RECEIPT_MISSING",
    "The ledger's receipt for the issuer's certificate is missing: fetch it with the grant",
  ],
  [Status.ReceiptMalformed]: ["RECEIPT_MALFORMED", "The ledger's receipt cannot be read: fetch it again"],
  [Status.ReceiptNotIncluded]: [
    "RECEIPT_NOT_INCLUDED",
    "The receipt does not show the certificate on the ledger: fetch it again, and tell the issuer",
  ],
  [Status.CheckpointOrigin]: ["CHECKPOINT_ORIGIN", "The receipt comes from another ledger than this card's"],
  [Status.CheckpointThreshold]: [
    "CHECKPOINT_THRESHOLD",
    "Too few ledger nodes that this card knows have signed the checkpoint: fetch a newer one",
  ],
  [Status.CheckpointRollback]: [
    "CHECKPOINT_ROLLBACK",
    "The checkpoint is older than one the card has seen: fetch a newer one",
  ],
  [Status.CheckpointInconsistent]: [
    "CHECKPOINT_INCONSISTENT",
    "The ledger does not continue what the card has seen: do not use it, and tell the issuer",
  ],
  [Status.CheckpointStale]: ["CHECKPOINT_STALE", "The checkpoint is more than 24 h old: fetch a newer one"],
  [Status.RevocationProofInvalid]: [
    "REVOCATION_PROOF_INVALID",
    "The receipt does not show that the certificate is not revoked: fetch it again",
  ],

  [Status.UserAbsent]: ["USER_ABSENT", "Nobody pressed the card's button in time: present again and press it twice"],
  [Status.UserRefused]: ["USER_REFUSED", "The card's button said no"],
  [Status.PinWrong]: ["PIN_WRONG", "The PIN is wrong: try again"],
  [Status.PinLocked]: [
    "PIN_LOCKED",
    "The PIN was wrong too often: wait, and try again; each wrong one doubles the wait, and a restart begins it anew",
  ],
  [Status.PinRequired]: ["PIN_REQUIRED", "This card asks for its PIN"],
  [Status.PinMalformed]: ["PIN_MALFORMED", "A PIN has 4 to 12 digits"],
  [Status.PinNotSet]: ["PIN_NOT_SET", "This card has no PIN: use its button, or set one"],
  [Status.PinNonceStale]: ["PIN_NONCE_STALE", "The PIN was sealed for an earlier question: enter it again"],
  [Status.ConfirmationInvalid]: [
    "CONFIRMATION_INVALID",
    "The answer about the user was not genuine: nothing was sent; restart the card",
  ],
  [Status.ConfirmationTimeout]: [
    "CONFIRMATION_TIMEOUT",
    "No answer about the user came in time: nothing was sent; present again",
  ],
  [Status.BatteryLow]: ["BATTERY_LOW", "The battery cannot finish an emission: charge the card"],
  [Status.PhoneAway]: ["PHONE_AWAY", "The card's phone was away for longer than its owner chose: load a grant anew"],
  [Status.PinUncertain]: [
    "PIN_UNCERTAIN",
    "The card's answer about its PIN was lost: the new one may be set or not; set it again, as the old one too if need be",
  ],

  [Status.StateMalformed]: ["STATE_MALFORMED", "The state object cannot be read: fetch it again"],
  [Status.StateOtherCard]: ["STATE_OTHER_CARD", "The state object names another card"],
  [Status.StateSignatureInvalid]: ["STATE_SIGNATURE_INVALID", "The state object was not signed by its issuer"],
  [Status.StateVersionOld]: ["STATE_VERSION_OLD", "The card holds a newer state: fetch the newest"],

  [Status.FlashFailed]: [
    "FLASH_FAILED",
    "The card could not write its memory: nothing was changed; try again, then replace the card",
  ],
  [Status.VaultFailed]: ["VAULT_FAILED", "The card could not use its key store: personalise it first, or replace it"],
  [Status.CryptoFailed]: ["CRYPTO_FAILED", "A key in the message is not one: fetch it again"],
} as const satisfies Record<Status, readonly [code: string, sentence: string]>;

/** The code of every status a card can answer with. */
export type StatusCode = (typeof TABLE)[keyof typeof TABLE][0];

const BY_STATUS: ReadonlyMap<number, Entry & { readonly code: StatusCode }> = new Map(
  Object.entries(TABLE).map(([status, [code, sentence]]) => [Number(status), { code, sentence }]),
);

/** Every status with its code and sentence, rising. */
export const STATUS_CODES: readonly {
  readonly status: Status;
  readonly code: StatusCode;
  readonly sentence: string;
}[] = [...BY_STATUS].map(([status, entry]) => ({ status: status as Status, ...entry }));

/** Name and sentence of `status`; undefined for a number that this version does not know. */
export function describeStatus(status: number): { readonly code: StatusCode; readonly sentence: string } | undefined {
  return BY_STATUS.get(status);
}
