// An issuer's store that is as it was at an earlier moment. What it did since is not in it, so it is taken to have done all it could: no ATC is given out
// twice, no grant of before pays again, and no right that was handed out.

import type { Amendments } from "@enabling-card/sql";
import { full, mostGrants } from "./grant-rate.js";
import { GrantUse } from "./rows.js";

/** State objects that may have been signed since: more than any holder makes. */
const VERSIONS = 1000;

/** @param copiedAt - That moment, seconds since 1970, as `now` */
export function issuerAmendments(copiedAt: number, now: number): Amendments {
  // Full buckets: whoever restores the same copy once more, later, is behind what comes of this one, too.
  const { level_s, level_at } = full(now);
  const behind = [mostGrants(copiedAt, now), VERSIONS, level_s, level_at];
  return {
    tokens: {
      text: "UPDATE tokens SET atc = atc + ?, version = version + ?, level_s = ?, level_at = ?",
      values: behind,
    },
    /** Unspent ones: phones fetch new ones. */
    grantsEnded: { text: "UPDATE grants SET used = ? WHERE used = ?", values: [GrantUse.Restored, GrantUse.Open] },
    /** What was paid by a right since, or that it was taken back, nobody knows any more: its owner hands out another. */
    rightsEnded: {
      text: "UPDATE delegations SET revoked = 1, version = version + ? WHERE revoked = 0 AND until > ?",
      values: [VERSIONS, now],
      laterTable: "delegations",
    },
  };
}
