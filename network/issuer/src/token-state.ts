// A token's states (system 3): which may follow which, and who may ask for it. A table, so that tests can walk all of it.

import { TokenState } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";

/** Who asks: the holder on the phone, the issuer's operator, or the lock that five wrong tries close. */
export type StateActor = "cardholder" | "issuer" | "failure lock";

export const STATE_NAMES = {
  [TokenState.Inactive]: "inactive",
  [TokenState.Active]: "active",
  [TokenState.Suspended]: "suspended",
  [TokenState.Deactivated]: "deactivated",
} as const satisfies Record<TokenState, string>;

export interface Transition {
  readonly from: TokenState;
  readonly to: TokenState;
  readonly by: readonly StateActor[];
}

/** All that is legal; a deactivated token stays so. */
export const TRANSITIONS: readonly Transition[] = [
  { from: TokenState.Inactive, to: TokenState.Active, by: ["cardholder", "issuer"] },
  { from: TokenState.Inactive, to: TokenState.Deactivated, by: ["cardholder", "issuer"] },
  { from: TokenState.Active, to: TokenState.Suspended, by: ["cardholder", "issuer", "failure lock"] },
  { from: TokenState.Active, to: TokenState.Deactivated, by: ["cardholder", "issuer"] },
  { from: TokenState.Suspended, to: TokenState.Active, by: ["cardholder", "issuer"] },
  { from: TokenState.Suspended, to: TokenState.Deactivated, by: ["cardholder", "issuer"] },
];

/**
 * Whether a token that `since` brought to `from` may go to `to` for `by`.
 *
 * @throws {IssuerError} `STATE_TRANSITION_ILLEGAL`, `SUSPENDED_BY_ISSUER`
 */
export function checkTransition(from: TokenState, since: StateActor, to: TokenState, by: StateActor): void {
  const legal = TRANSITIONS.some((row) => row.from === from && row.to === to && row.by.includes(by));
  if (!legal) throw new IssuerError("STATE_TRANSITION_ILLEGAL");
  // The holder may lift the failure lock, with the phone's key in hand: whoever guesses at terminals does not have it.
  if (from === TokenState.Suspended && to === TokenState.Active && since === "issuer" && by !== "issuer") {
    throw new IssuerError("SUSPENDED_BY_ISSUER");
  }
}

/** Why a token in this state does not pay; undefined for an active one. */
export function stateRefusal(
  state: TokenState,
): "TOKEN_INACTIVE" | "TOKEN_SUSPENDED" | "TOKEN_DEACTIVATED" | undefined {
  if (state === TokenState.Active) return undefined;
  if (state === TokenState.Suspended) return "TOKEN_SUSPENDED";
  return state === TokenState.Deactivated ? "TOKEN_DEACTIVATED" : "TOKEN_INACTIVE";
}
