// A use of a delegated right (system 6), within the transaction that decides on the payment: whether the right is still its user's, and what of it is left.
// What else restricts it its grant holds already: it was made for that card, amount, category, merchant and time alone.

import type { Counter } from "@enabling-card/delegation";
import type { Decline } from "./errors.js";
import type { GrantRow, Tables } from "./store.js";

/** Why a grant of a right may not pay that amount now, minor units; undefined of one that may, or is of no right. */
export async function useRefusal(kept: Tables, grant: GrantRow, amount: number): Promise<Decline | undefined> {
  if (grant.delegation === null) return undefined;
  const right = await kept.delegations.find(grant.delegation);
  if (right === undefined || right.revoked === 1) return "DELEGATION_REVOKED";
  for (const { name, caveat } of countersOf(grant)) {
    const used = await kept.delegations.used(name);
    if (caveat.kind === "uses" && used.uses >= caveat.atMost) return "DELEGATION_USED_UP";
    if (caveat.kind === "total" && used.amount + amount > caveat.atMost) return "DELEGATION_SPENT";
  }
  return undefined;
}

/** Of a grant that has paid. */
export async function countUse(kept: Tables, grant: GrantRow, amount: number): Promise<void> {
  if (grant.delegation === null) return;
  const names = countersOf(grant).map(({ name }) => name);
  await kept.delegations.use(names, grant.delegation, amount);
}

function countersOf({ counters }: GrantRow): readonly Counter[] {
  return JSON.parse(counters ?? "[]") as readonly Counter[];
}
