// The authenticator whose user shows a finger or a face to the phone: the app implements the platform's part, and its keystore keeps the PIN, released by the
// platform's own yes alone (Android: a key with setUserAuthenticationRequired; iOS: an item with biometryCurrentSet).

import { sdkError, throwIfAborted } from "../errors.js";
import type { Authenticator, Seen } from "./authenticator.js";

/** How it ended. `secret` is the PIN's digits as octets, and the platform's part keeps no copy; `seen` is what was on its own dialogue. */
export type BiometricOutcome =
  | { readonly outcome: "verified"; readonly secret: Uint8Array; readonly seen: Seen }
  | { readonly outcome: "not-enrolled" | "failed" | "cancelled" | "locked-out" };

/** What an app implements. */
export interface BiometricPlatform {
  /**
   * Shows merchant and cap on the platform's dialogue, asks for finger or face, and has the keystore release what it keeps. Rejects where none of that can be
   * done. `not-enrolled` also where nothing is kept, or no finger is enrolled that was there when it was.
   */
  verify(seen: Seen, options: { readonly signal?: AbortSignal }): Promise<BiometricOutcome>;
  /** What is kept is not the card's PIN any more: forget it. */
  forget(): Promise<void>;
}

const REFUSALS = {
  "not-enrolled": "VERIFICATION_NOT_ENROLLED",
  failed: "VERIFICATION_FAILED",
  cancelled: "VERIFICATION_CANCELLED",
  "locked-out": "VERIFICATION_LOCKED_OUT",
} as const;

export function biometric(platform: BiometricPlatform): Authenticator {
  return {
    async release({ merchant, cap, signal }) {
      throwIfAborted(signal);
      let outcome: BiometricOutcome;
      try {
        outcome = await platform.verify({ merchant, cap }, signal ? { signal } : {});
      } catch {
        throwIfAborted(signal);
        throw sdkError("VERIFICATION_UNAVAILABLE"); // no cause: it is not ours, and may quote what is kept
      }
      if (outcome.outcome === "verified" && !signal?.aborted) {
        const { merchant: shown, cap: most } = outcome.seen;
        return { pin: outcome.secret, seen: { merchant: shown, cap: most } };
      }
      if (outcome.outcome === "verified") outcome.secret.fill(0);
      throwIfAborted(signal);
      throw sdkError(REFUSALS[outcome.outcome as keyof typeof REFUSALS] ?? "VERIFICATION_UNAVAILABLE");
    },
    wrong: () => platform.forget(),
  };
}
