// A grant whose end its phone has not heard is closed: what was said to the terminal is told, or that nothing was, and from then on it pays nothing. So no
// payment stays unknown (docs/network.md, "A grant is closed").

import type { Repeatable } from "@enabling-card/sql";
import { toBase32 } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { Issuer } from "./issuer.js";
import { tokenIn } from "./kept-rows.js";
import { type GrantRow, GrantUse, type Said } from "./rows.js";

/** What became of a grant. Of one that no request came with there is nothing beside `outcome`. */
export interface ClosedGrant extends Partial<Said> {
  readonly outcome: "unused" | "approved" | "reversed" | "declined";
}

/**
 * Closes a grant for good, in one transaction: a request with it comes before, and is told here, or behind, and is declined. Closed again it is told again.
 *
 * @param grant - By its token, hexadecimal, and the counter that came with it
 * @throws {IssuerError} `TOKEN_UNKNOWN`, `GRANT_UNKNOWN`, `GRANT_OF_CODE`, `GRANT_OUTCOME_LOST`, `IDEMPOTENCY_MISMATCH`
 */
export function closeGrant(
  { store, once }: Pick<Issuer, "store" | "once">,
  cardId: Uint8Array,
  { tokenRef, atc }: { readonly tokenRef: string; readonly atc: number },
  repeat?: Repeatable,
): Promise<ClosedGrant> {
  return store.atomically((kept) =>
    once.within(kept.answers, repeat, async () => {
      const token = await tokenIn(kept, tokenRef);
      const grant = await kept.grant(tokenRef, atc);
      // Its token's owner, or whoever was handed the right that it is of.
      const card = toBase32(cardId);
      if (token.card_id !== card && grant?.held_by !== card) throw new IssuerError("TOKEN_UNKNOWN");
      if (atc > token.atc) throw new IssuerError("GRANT_UNKNOWN");
      // Counted behind the copy that the store was restored from.
      if (grant === undefined) throw new IssuerError("GRANT_OUTCOME_LOST");
      const closed = outcomeOf(grant);
      const { used, ...told } = grant;
      if (used === GrantUse.Open) await kept.endGrant(tokenRef, atc, { ...told, used: GrantUse.Closed });
      return closed;
    }),
  );
}

/** @throws {IssuerError} `GRANT_OF_CODE`, `GRANT_OUTCOME_LOST` */
function outcomeOf({ used, said, reversed, of_code }: GrantRow): ClosedGrant {
  if (of_code === 1) throw new IssuerError("GRANT_OF_CODE");
  const isSpent = used === GrantUse.Paid;
  // A store of an earlier version kept that it had paid, and not what.
  if (used === GrantUse.Restored || (isSpent && said === null)) throw new IssuerError("GRANT_OUTCOME_LOST");
  if (said === null) return { outcome: "unused" };
  return { outcome: isSpent ? (reversed === 1 ? "reversed" : "approved") : "declined", ...(JSON.parse(said) as Said) };
}
