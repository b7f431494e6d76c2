// What the issuer signs for a card, and what travels beside it: the phone carries it unread.

import { concat, MESSAGE_MAX } from "@enabling-card/wire";
import { sdkError } from "../errors.js";

/** A grant and what travels beside it, as the issuer gives them. */
export interface GrantBundle {
  readonly sealed: Uint8Array;
  readonly issuerCert: Uint8Array;
  readonly receipt: Uint8Array;
  readonly consistency: Uint8Array | null;
}

/** A signed state object and what travels beside it. */
export interface SignedState {
  readonly signed: Uint8Array;
  readonly issuerCert: Uint8Array;
  readonly receipt: Uint8Array;
  readonly consistency: Uint8Array | null;
}

/** What the SDK can see of a bundle: that its parts are there and fit one message. The seal is the card's to open. */
export function checkBundle(parts: readonly Uint8Array[], consistency: Uint8Array | null): void {
  const size = concat(...parts, consistency ?? new Uint8Array(0)).length;
  if (parts.some((part) => part.length === 0) || size > MESSAGE_MAX - 64) throw sdkError("GRANT_BUNDLE_INVALID");
}
