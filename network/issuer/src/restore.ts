// An issuer's store that is as it was at an earlier moment. What it did since is not in it, so it is taken to have done all it could: no ATC is given out
// twice, and no grant of before pays again.

import type { Amendments } from "@enabling-card/sql";
import { full, mostGrants } from "./grant-rate.js";
import { GrantUse } from "./rows.js";

/** State objects that may have been signed since: more than any holder makes. */
const VERSIONS = 1000;

/** @param copiedAt - That moment, seconds since 1970, as `now` */
export function issuerAmendments(copiedAt: number, now: number): Amendments {
  // Full buckets: whoever restores the same copy once more, later, is behind what comes of this one, too.
  const { level_s, level_at } = full(now);
  const behind = [mostGrants(copiedAt, now), VERSIONS, level_s, level_at] as const;
  return {
    tokens: ["UPDATE tokens SET atc = atc + ?, version = version + ?, level_s = ?, level_at = ?", ...behind],
    /** Unspent ones: phones fetch new ones. */
    grantsEnded: ["UPDATE grants SET used = ? WHERE used = ?", GrantUse.Restored, GrantUse.Open],
  };
}
