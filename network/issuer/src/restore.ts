// An issuer's store that is restored from a copy. What it did since is not in the copy, so it is taken to have done all it could: no ATC is given out
// twice, and no grant of before pays again.

import { restoreStore } from "@enabling-card/sql";
import { full, mostGrants } from "./grant-rate.js";
import { GrantUse } from "./rows.js";

/** State objects that may have been signed since: more than any holder makes. */
const VERSIONS = 1000;

export interface Restored {
  /** Seconds since 1970. */
  readonly copiedAt: number;
  readonly tokens: number;
  /** Unspent grants that pay no more: phones fetch new ones. */
  readonly grantsEnded: number;
}

/**
 * @param now - Seconds since 1970.
 * @throws {SqlError} `STORE_DAMAGED` where it is no copy
 */
export function restoreIssuer(file: string, now: number): Restored {
  let restored: Restored | undefined;
  restoreStore(file, (db, copiedAt) => {
    // Full buckets: whoever restores the same copy once more, later, is behind what comes of this one, too.
    const { level_s, level_at } = full(now);
    const { changes: tokens } = db
      .prepare("UPDATE tokens SET atc = atc + ?, version = version + ?, level_s = ?, level_at = ?")
      .run(mostGrants(copiedAt, now), VERSIONS, level_s, level_at);
    const { changes: grantsEnded } = db
      .prepare("UPDATE grants SET used = ? WHERE used = ?")
      .run(GrantUse.Restored, GrantUse.Open);
    restored = { copiedAt, tokens, grantsEnded };
  });
  return restored!;
}
