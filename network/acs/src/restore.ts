// An access control server's store that is as it was at an earlier moment: what was open then may have been answered since, so none of it is any more.

import type { Amendments } from "@enabling-card/sql";

export function acsAmendments(): Amendments {
  return { authenticationsEnded: { text: "UPDATE authentications SET status = 'N' WHERE status = 'C'", values: [] } };
}
