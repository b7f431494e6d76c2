// Who is there, by the phone's own means, in place of the card's button (system 2): a port. What it shows is what the card holds, merchant and cap; what it
// releases, once its user agrees, is the card's PIN, which goes on sealed to the card's authenticator, for this grant and its newest nonce alone.

import { equalBytes } from "@enabling-card/wire";
import { CardError, sdkError } from "../errors.js";

/** What a payment is, as a person sees it. */
export interface Seen {
  readonly merchant: string;
  /** The most that may be charged, minor units. */
  readonly cap: number;
}

/** What its user is to agree to: as the card told it of the grant it holds. */
export interface Question extends Seen {
  /** SHA-256 of the grant. */
  readonly grantHash: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface Released {
  /** The PIN's digits as octets: whoever asked for them overwrites them. */
  readonly pin: Uint8Array;
  /** What its user was shown and agreed to. */
  readonly seen: Seen;
}

/** Both implementations pass one suite: `test/journeys/authenticators.test.ts`. */
export interface Authenticator {
  /**
   * Shows what is asked, and releases the PIN where its user agrees. Nothing is kept and nothing is asked of the card by it.
   *
   * @throws {CardError} `VERIFICATION_NOT_ENROLLED`, `VERIFICATION_FAILED`, `VERIFICATION_CANCELLED`, `VERIFICATION_LOCKED_OUT`,
   * `VERIFICATION_UNAVAILABLE`, `ABORTED`
   */
  release(question: Question): Promise<Released>;
  /** The card said that the PIN is wrong: what is kept of it is not to be tried again, or the card is locked by it. */
  wrong?(): Promise<void>;
}

/**
 * What `authenticator` releases for the grant that the card holds.
 *
 * @param held - As the card told it when it was loaded
 * @throws {CardError} as `Authenticator.release`; `SHOWN_DIFFERS`, and what was released is overwritten
 */
export async function releasedFor(authenticator: Authenticator, held: Question): Promise<Uint8Array> {
  const { merchant, cap, grantHash, signal } = held;
  const asked = { merchant, cap, grantHash: grantHash.slice(), ...(signal && { signal }) };
  let released: Released;
  try {
    released = await authenticator.release(asked);
  } catch (cause) {
    // No cause: what somebody else's code throws may quote what it keeps.
    throw cause instanceof CardError ? cause : sdkError("VERIFICATION_UNAVAILABLE");
  }
  const refused = signal?.aborted
    ? "ABORTED"
    : isSame(released.seen, held) && equalBytes(asked.grantHash, grantHash)
      ? undefined
      : "SHOWN_DIFFERS";
  if (refused === undefined) return released.pin;
  released.pin.fill(0);
  throw sdkError(refused);
}

/** Whether both are the same to a person who reads them. */
export function isSame(one: Seen, other: Seen): boolean {
  return one.merchant === other.merchant && one.cap === other.cap;
}
