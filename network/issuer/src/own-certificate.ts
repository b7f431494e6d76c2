// The issuer's own certificate: made at the first start, kept in the store, made anew when its time is over or its key was changed. A store that was made
// with other keys is refused before anything in it is used; one that is under the keys before these goes on to them (vault/kept-keys.ts).

import { type Authority, LedgerError, verifyCertificate } from "@enabling-card/ledger";
import { type NumberedMaster, type Tied, tellRenewed, tie } from "@enabling-card/vault";
import { equalBytes, Role } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { IssuerKeys } from "./keys.js";
import type { IssuerStore, Tables } from "./store.js";
import { keyCheckOf, NAMES, PAN_AT_REST, type TokenSecrets } from "./token-secrets.js";

const DAY_S = 86_400;
const LIFE_S = 5 * 365 * DAY_S;
/** Rows that are sealed anew in one transaction. */
const RESEALED_AT_ONCE = 500;

/** Ties a new store to its keys; an old one must be tied to these, or to those before them. @throws {IssuerError} `KEYS_MISMATCH`, `KEYS_RETIRED`, `KEYS_NOT_YET` */
export function tieToKeys(store: IssuerStore, keys: IssuerKeys): Promise<Tied> {
  const { issuerRoot, makerRoot, node } = keys;
  const checkOf = ({ number, master }: Pick<NumberedMaster, "number" | "master">) => {
    const { sign } = number === keys.number ? keys : keys.before!;
    return keyCheckOf(
      master,
      [issuerRoot, makerRoot, node, sign].map(({ publicKey }) => publicKey),
    );
  };
  const refuse = (code: "KEYS_MISMATCH" | "KEYS_RETIRED" | "KEYS_NOT_YET") => new IssuerError(code);
  return store.atomically((kept) => tie(kept, { master: keys, checkOf, names: NAMES, sealInfo: PAN_AT_REST, refuse }));
}

/** Seals by the newest key what is kept for long. Killed in between, it is done by the next one that opens the store. @throws {IssuerError} `INTERNAL` where it was altered */
export async function resealAll(store: IssuerStore, keys: IssuerKeys, secrets: TokenSecrets): Promise<void> {
  const renewed = (sealed: Uint8Array) => {
    try {
      return secrets.renewed(sealed);
    } catch (cause) {
      throw new IssuerError("INTERNAL", { cause });
    }
  };
  const walk = async <Row>(
    rows: (kept: Tables, after: string) => Promise<Row[]>,
    name: (row: Row) => string,
    each: (kept: Tables, row: Row) => Promise<void>,
  ) => {
    for (let after: string | undefined = ""; after !== undefined; ) {
      const from: string = after;
      after = await store.atomically(async (kept) => {
        const found = await rows(kept, from);
        for (const row of found) await each(kept, row);
        return found.length === 0 ? undefined : name(found.at(-1)!);
      });
    }
  };
  await walk(
    (kept, after) => kept.sealedTokens(after, RESEALED_AT_ONCE),
    ({ token_ref }) => token_ref,
    async (kept, { token_ref, pan, holder }) => {
      const [newPan, newHolder] = [renewed(pan), renewed(holder)];
      if (newPan ?? newHolder) await kept.resealToken(token_ref, newPan ?? pan, newHolder ?? holder);
    },
  );
  await walk(
    (kept, after) => kept.sealedAccounts(after, RESEALED_AT_ONCE),
    ({ card_id }) => card_id,
    async (kept, { card_id, pan }) => {
      const newPan = renewed(pan);
      if (newPan) await kept.resealAccount(card_id, newPan);
    },
  );
  await store.atomically((kept) => tellRenewed(kept, keys));
}

export interface OwnCertificates {
  /** Under which the issuer signs. */
  readonly newest: Uint8Array;
  /** Under which it signed before its key was changed, as long as that key is there and its time is not over. */
  readonly before: Uint8Array | undefined;
  /** Of keys that were taken out: to be revoked. */
  readonly retired: Uint8Array | undefined;
}

/**
 * The issuer's certificates at `now`, seconds since 1970.
 *
 * @throws {IssuerError} `KEYS_MISMATCH` where the stored one is not of these keys
 */
export function ownCertificates(
  store: IssuerStore,
  root: Authority,
  keys: Pick<IssuerKeys, "sign" | "before">,
  name: string,
  now: number,
): Promise<OwnCertificates> {
  return store.atomically(async (kept) => {
    const sign = keys.sign.publicKey;
    const found = await kept.setting("certificate");
    const earlier = await kept.setting("certificate before");
    if (found !== undefined && isSignedBy(found, root, keys.before?.sign.publicKey, now)) {
      const made = root.issue({ sub: name, keys: { sign }, notBefore: now - DAY_S, expires: now + LIFE_S });
      await kept.keepSetting("certificate", made);
      await kept.keepSetting("certificate before", found);
      return { newest: made, before: found, retired: earlier };
    }
    const newest = await certificateIn(kept, found, root, sign, name, now);
    if (keys.before === undefined) return { newest, before: undefined, retired: earlier };
    const isGood = earlier !== undefined && isSignedBy(earlier, root, keys.before.sign.publicKey, now);
    return { newest, before: isGood ? earlier : undefined, retired: undefined };
  });
}

/** Whether it is of that key, and good now. */
function isSignedBy(certificate: Uint8Array, root: Authority, key: Uint8Array | undefined, now: number): boolean {
  if (key === undefined) return false;
  try {
    const { keys } = verifyCertificate(certificate, root.publicKey, Role.Issuer, now);
    return keys.sign !== undefined && equalBytes(keys.sign, key);
  } catch (cause) {
    if (cause instanceof LedgerError) return false;
    throw cause;
  }
}

async function certificateIn(
  tables: Tables,
  kept: Uint8Array | undefined,
  root: Authority,
  sign: Uint8Array,
  name: string,
  now: number,
): Promise<Uint8Array> {
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
