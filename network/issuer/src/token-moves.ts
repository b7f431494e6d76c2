// A token that goes from one state to another, in the store, as wire's table has it.

import { moved, type StateActor, TokenState } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { Tables, TokenRow } from "./store.js";
import { HELD_BY, standingOf } from "./token-state.js";

/**
 * Moves a token to another state, or has one more hold it, or one fewer: its version is one up with each. What changes nothing is no error. To be called
 * in a transaction that has read `token`.
 *
 * @throws {IssuerError} `STATE_TRANSITION_ILLEGAL`; `SUSPENDED_BY_…` where all who hold it are others than `by` may speak for
 */
export async function moveToken(kept: Tables, token: TokenRow, state: TokenState, by: StateActor): Promise<void> {
  const from = standingOf(token);
  const move = moved(from, state, by);
  if (move === undefined) throw new IssuerError("STATE_TRANSITION_ILLEGAL");
  if ("heldBy" in move) throw new IssuerError(HELD_BY[move.heldBy]);
  const { at } = move;
  if (at === from) return;
  const who = at.state === TokenState.Suspended ? at.holds.join() : by;
  await kept.setState(token.token_ref, at.state, who, token.version + 1);
  if (at.state === TokenState.Active) await kept.clearFailures(token.token_ref); // five new tries, for a token that was vouched for
}
