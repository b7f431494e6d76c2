// An access control server's store that is restored from a copy: what was open then may have been answered since, so none of it is any more.

import { restoreStore } from "@enabling-card/sql";

/** @returns when the copy was made. @throws {SqlError} `STORE_DAMAGED` where it is no copy */
export function restoreAcs(file: string): number {
  return restoreStore(file, (db) => {
    db.prepare("UPDATE authentications SET status = 'N' WHERE status = 'C'").run();
  });
}
