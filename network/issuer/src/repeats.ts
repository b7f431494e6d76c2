// What the issuer answered under an idempotency key, of a card or of nobody yet: kept a day (sql/once.ts), sealed, as access keys are among it.

import { Once } from "@enabling-card/sql";
import { keyedName, SealRing } from "@enabling-card/vault";
import { IssuerError } from "./errors.js";
import type { IssuerKeys } from "./keys.js";
import { opened } from "./token-secrets.js";

/** @param name - Key of answers' names */
export function onceOf(keys: IssuerKeys, name: Uint8Array, now: () => number): Once {
  const rest = new SealRing(keys, "ecard/1 answers at rest");
  return new Once({
    nameOf: (text) => keyedName(name, text),
    seal: (text) => rest.seal(text),
    open: (sealed) => opened(rest, sealed),
    now,
    mismatch: () => new IssuerError("IDEMPOTENCY_MISMATCH"),
  });
}
