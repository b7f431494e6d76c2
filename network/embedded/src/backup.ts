// Copies of a network's stores, and a network from such a copy.

import { constants, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { restoreAcs } from "@enabling-card/acs";
import { type Restored, restoreIssuer } from "@enabling-card/issuer";
import { restoreProcessor } from "@enabling-card/processor";
import { copyStore, ownersOnly, restoreStore, SqlError } from "@enabling-card/sql";

/** Of a network in one folder. */
export const STORES = ["issuer", "processor", "acs", "log"] as const;

export interface RestoredNetwork extends Restored {
  readonly codesEnded: number;
}

/** Copies all stores of `folder`, which may be in use, into `to`. @throws as `copyStore` */
export async function backUpNetwork(folder: string, to: string, now: number): Promise<void> {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  // The log last: it holds every card that the issuer's copy knows.
  for (const name of STORES) await copyStore(join(folder, `${name}.sqlite`), join(to, `${name}.sqlite`), now);
}

/**
 * A network's folder from such copies, which stay as they are. `folder` has no network yet.
 *
 * @throws {SqlError} `STORE_DAMAGED` where `from` holds no copies; Node's own: `EEXIST` where a network is there
 */
export function restoreNetwork(from: string, folder: string, now: number): RestoredNetwork {
  const place = (name: string) => join(folder, `${name}.sqlite`);
  if (STORES.some((name) => !existsSync(join(from, `${name}.sqlite`)))) throw new SqlError("STORE_DAMAGED");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of STORES) {
    copyFileSync(join(from, `${name}.sqlite`), place(name), constants.COPYFILE_EXCL);
    ownersOnly(place(name)); // whoever made the copies readable did so for his own reasons
  }
  const codesEnded = restoreProcessor(place("processor"));
  restoreAcs(place("acs"));
  restoreStore(place("log"), () => undefined);
  return { ...restoreIssuer(place("issuer"), now), codesEnded };
}
