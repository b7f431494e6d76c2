// A token that goes from one state to another, in the store.

import { TokenState } from "@enabling-card/wire";
import type { Tables, TokenRow } from "./store.js";
import { checkTransition, type StateActor } from "./token-state.js";

/**
 * Moves a token to another state, its version one up. The same state again changes nothing, but that a suspension the issuer asks for is then the
 * issuer's. To be called in a transaction that has read `token`.
 *
 * @throws {IssuerError} `STATE_TRANSITION_ILLEGAL`, `SUSPENDED_BY_ISSUER`
 */
export async function moveToken(kept: Tables, token: TokenRow, state: TokenState, by: StateActor): Promise<void> {
  if (token.state === state) {
    if (by === "issuer") await kept.setState(token.token_ref, state, by, token.version);
    return;
  }
  checkTransition(token.state as TokenState, token.state_by, state, by);
  await kept.setState(token.token_ref, state, by, token.version + 1);
  if (state === TokenState.Active) await kept.clearFailures(token.token_ref); // five new tries, for a token that was vouched for
}
