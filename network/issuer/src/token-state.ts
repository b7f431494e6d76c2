// A token's state as the store keeps it, and what it keeps a token from. Which may follow which is wire's table.

import { STATE_ACTORS, type Standing, type StateActor, TokenState } from "@enabling-card/wire";
import type { IssuerErrorCode } from "./errors.js";

/** States that may be asked for over HTTP, by their names. */
export const ASKED_STATES = {
  active: TokenState.Active,
  suspended: TokenState.Suspended,
  deactivated: TokenState.Deactivated,
} as const;
export type AskedState = keyof typeof ASKED_STATES;

/** What whoever would resume a token hears, by who holds it still. */
export const HELD_BY = {
  cardholder: "SUSPENDED_BY_CARDHOLDER",
  issuer: "SUSPENDED_BY_ISSUER",
  requestor: "SUSPENDED_BY_REQUESTOR",
  "failure lock": "SUSPENDED_BY_FAILURE_LOCK",
  "PIN lock": "SUSPENDED_BY_PIN_LOCK",
} as const satisfies Record<StateActor, IssuerErrorCode>;

/** As the store has it: `state_by` is who brought it there, or, of a suspended token, all who hold it. */
export function standingOf(row: { readonly state: number; readonly state_by: string }): Standing {
  const state = row.state as TokenState;
  const names = row.state_by.split(",");
  return { state, holds: state === TokenState.Suspended ? STATE_ACTORS.filter((one) => names.includes(one)) : [] };
}

/** Why a token in this state does not pay; undefined for an active one. */
export function stateRefusal(
  state: TokenState,
): "TOKEN_INACTIVE" | "TOKEN_SUSPENDED" | "TOKEN_DEACTIVATED" | undefined {
  if (state === TokenState.Active) return undefined;
  if (state === TokenState.Suspended) return "TOKEN_SUSPENDED";
  return state === TokenState.Deactivated ? "TOKEN_DEACTIVATED" : "TOKEN_INACTIVE";
}
