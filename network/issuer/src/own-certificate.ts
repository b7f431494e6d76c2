// The issuer's own certificate: made at the first start, kept in the store, made anew when its time is over. A store that was made
// with other keys is refused before anything in it is used.

import { type Authority, LedgerError, verifyCertificate } from "@enabling-card/ledger";
import { equalBytes, Role } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { IssuerKeys } from "./keys.js";
import type { IssuerStore, Tables } from "./store.js";
import type { TokenSecrets } from "./token-secrets.js";

const DAY_S = 86_400;
const LIFE_S = 5 * 365 * DAY_S;

/** Ties a new store to its keys; an old one must be tied to these. @throws {IssuerError} `KEYS_MISMATCH` */
export async function checkKeys(store: IssuerStore, keys: IssuerKeys, secrets: TokenSecrets): Promise<void> {
  const { issuerRoot, makerRoot, node, sign } = keys;
  const check = secrets.keyCheck([issuerRoot, makerRoot, node, sign].map(({ publicKey }) => publicKey));
  await store.atomically(async (kept) => {
    const known = await kept.setting("key check");
    if (known === undefined) await kept.keepSetting("key check", check);
    else if (!equalBytes(known, check)) throw new IssuerError("KEYS_MISMATCH");
  });
}

/**
 * The certificate under which the issuer signs at `now`, seconds since 1970.
 *
 * @throws {IssuerError} `KEYS_MISMATCH` where the stored one is not of these keys
 */
export function ownCertificate(
  store: IssuerStore,
  root: Authority,
  sign: Uint8Array,
  name: string,
  now: number,
): Promise<Uint8Array> {
  return store.atomically((kept) => certificateIn(kept, root, sign, name, now));
}

async function certificateIn(
  tables: Tables,
  root: Authority,
  sign: Uint8Array,
  name: string,
  now: number,
): Promise<Uint8Array> {
  const kept = await tables.setting("certificate");
  if (kept !== undefined) {
    try {
      const { keys } = verifyCertificate(kept, root.publicKey, Role.Issuer, now);
      if (keys.sign === undefined || !equalBytes(keys.sign, sign)) throw new IssuerError("KEYS_MISMATCH");
      return kept;
    } catch (cause) {
      if (!(cause instanceof LedgerError)) throw cause;
      if (cause.code !== "CERTIFICATE_EXPIRED") throw new IssuerError("KEYS_MISMATCH", { cause });
    }
  }
  const made = root.issue({ sub: name, keys: { sign }, notBefore: now - DAY_S, expires: now + LIFE_S });
  await tables.keepSetting("certificate", made);
  return made;
}
