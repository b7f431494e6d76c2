// What the issuer answered under an idempotency key, of a card or of nobody yet: kept a day (sql/once.ts), sealed, as access keys are among it.

import { Once } from "@enabling-card/sql";
import { derivedKey, keyedName, openText, sealText } from "@enabling-card/vault";
import { IssuerError } from "./errors.js";
import type { IssuerKeys } from "./keys.js";

export function onceOf({ master }: IssuerKeys, now: () => number): Once {
  const [names, rest] = ["ecard/1 answer names", "ecard/1 answers at rest"].map((info) => derivedKey(master, info, 32));
  return new Once({
    nameOf: (text) => keyedName(names!, text),
    seal: (text) => sealText(rest!, text),
    open: (sealed) => {
      const text = openText(rest!, sealed);
      if (text === undefined) throw new IssuerError("INTERNAL");
      return text;
    },
    now,
    mismatch: () => new IssuerError("IDEMPOTENCY_MISMATCH"),
  });
}
