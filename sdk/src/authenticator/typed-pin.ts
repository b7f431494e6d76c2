// The authenticator whose user types the PIN: an app's own dialogue, which shows merchant and cap beside the field.

import { utf8 } from "@enabling-card/wire";
import { sdkError, throwIfAborted } from "../errors.js";
import type { Authenticator, Seen } from "./authenticator.js";

/** Asks, showing `seen`: the digits, or null where its user closed it. */
export type AskPin = (seen: Seen, options: { readonly signal?: AbortSignal }) => Promise<string | null>;

export function typedPin(ask: AskPin): Authenticator {
  return {
    async release({ merchant, cap, signal }) {
      throwIfAborted(signal);
      const seen = { merchant, cap };
      let pin: string | null;
      try {
        pin = await ask(seen, signal ? { signal } : {});
      } catch {
        throwIfAborted(signal);
        throw sdkError("VERIFICATION_UNAVAILABLE");
      }
      throwIfAborted(signal);
      if (pin === null) throw sdkError("VERIFICATION_CANCELLED");
      return { pin: utf8(pin), seen: { merchant, cap } };
    },
  };
}
