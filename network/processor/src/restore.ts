// A processor's store that is as it was at an earlier moment: a code that was open then may have been used since, so none is open any more; nor has an
// authentication a grant.

import type { Amendments } from "@enabling-card/sql";

export function processorAmendments(): Amendments {
  return {
    authenticationsEnded: { text: "UPDATE authentications SET used = 1", values: [] },
    codesEnded: { text: "UPDATE codes SET cancelled = 1 WHERE request IS NULL AND cancelled = 0", values: [] },
  };
}
