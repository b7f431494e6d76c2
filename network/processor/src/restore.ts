// A processor's store that is restored from a copy: a code that was open then may have been used since, so none is open any more.

import { restoreStore } from "@enabling-card/sql";

/** @returns when the copy was made, and how many codes were ended. @throws {SqlError} `STORE_DAMAGED` where it is no copy */
export function restoreProcessor(file: string): { readonly copiedAt: number; readonly codesEnded: number } {
  let codesEnded = 0;
  const copiedAt = restoreStore(file, (db) => {
    // An authentication may have had its grant: it gets none.
    db.prepare("UPDATE authentications SET used = 1").run();
    codesEnded = db.prepare("UPDATE codes SET cancelled = 1 WHERE request IS NULL AND cancelled = 0").run().changes;
  });
  return { copiedAt, codesEnded };
}
