// Copies of a network's stores, and a network from such copies: of one in one folder, and of each service that has a folder of its own. Of a PostgreSQL copies
// are its own tools'; what they brought back is made up for here as well.

import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { acsAmendments, openAcsStore } from "@enabling-card/acs";
import { issuerAmendments, openIssuerDatabase } from "@enabling-card/issuer";
import { openProcessorStore, processorAmendments } from "@enabling-card/processor";
import {
  type Amendments,
  copyStore,
  expectStores,
  ownersOnly,
  type RestoredStore,
  restoreServer,
  restoreStore,
  servicesAt,
  storeFile,
  storesForgotten,
  storesMade,
  storesMadeIn,
} from "@enabling-card/sql";

/** Of a network in one folder. Copied in this order, the log last: it holds every card that the issuer's copy knows. */
export const STORES = ["issuer", "processor", "acs", "log"] as const;
type Store = (typeof STORES)[number];

export const BACKUP_ERRORS = {
  STORES_NONE: "No store was made in this folder: name the one that the network, or the service, is started with",
  COPIES_PARTIAL: "Not all copies are in this folder that belong together: make them anew with ecard network backup",
  CLOCK_BEHIND:
    "By this machine's clock that copy is still to be made, so nobody can say what came behind it: set it right",
} as const;

export type BackupErrorCode = keyof typeof BACKUP_ERRORS;

export class BackupError extends Error {
  override readonly name = "BackupError";

  constructor(
    readonly code: BackupErrorCode,
    detail: string,
  ) {
    super(`${BACKUP_ERRORS[code]} (${detail})`);
  }
}

/** What is not restored counts for nothing: of a processor's copy there are no tokens. */
export interface RestoredNetwork {
  readonly stores: readonly string[];
  /** Seconds since 1970; of several the issuer's. */
  readonly copiedAt: number;
  readonly tokens: number;
  /** Unspent grants that pay no more: phones fetch new ones. */
  readonly grantsEnded: number;
  readonly rightsEnded: number;
  readonly codesEnded: number;
}

/**
 * Copies the stores that were made in `folder`, which may be in use, into `to`: all of them, or none.
 *
 * @returns which they are
 * @throws {BackupError} `STORES_NONE`; {SqlError} `STORE_GONE` where one of them is not there any more, and as `copyStore`; Node's own: `EEXIST` where one of such copies is there
 */
export async function backUpNetwork(folder: string, to: string, now: number): Promise<readonly string[]> {
  const made = storesMadeIn(folder);
  const isThere = (name: string) => (made.length > 0 ? made.includes(name) : existsSync(storeFile(folder, name)));
  const names = STORES.filter(isThere);
  if (names.length === 0) throw new BackupError("STORES_NONE", folder);
  expectStores(folder, names);
  expectNone(to, names);
  const isNew = makeFolder(to);
  const done: string[] = [];
  try {
    for (const name of names) {
      await copyStore(storeFile(folder, name), storeFile(to, name), now);
      done.push(name);
    }
    storesMade(to, names); // last: copies that nobody speaks for are not all
  } catch (error) {
    storesForgotten(to, done);
    undo(to, done, isNew);
    throw error;
  }
  return names;
}

/**
 * Stores from such copies, which stay as they are, in a folder that has none of them yet: all of them, or none.
 *
 * @throws {BackupError} `STORES_NONE`, `COPIES_PARTIAL`, `CLOCK_BEHIND`; {SqlError} `STORE_DAMAGED` where one is no copy; Node's own: `EEXIST` where a network is there
 */
export function restoreNetwork(from: string, folder: string, now: number): RestoredNetwork {
  const names = copiesIn(from);
  expectNone(folder, names);
  const isNew = makeFolder(folder);
  const before = storesMadeIn(folder);
  const done: string[] = [];
  try {
    storesMade(folder, names); // first: whoever is killed meanwhile leaves no network that would be started without some of them
    for (const name of names) {
      copyFileSync(storeFile(from, name), storeFile(folder, name), constants.COPYFILE_EXCL);
      done.push(name);
      ownersOnly(storeFile(folder, name)); // whoever made the copies readable did so for his own reasons
    }
    // The issuer's last: until then nothing opens it.
    const restored = names.toReversed().map((name) => restoreStore(storeFile(folder, name), amendmentsOf(name, now)));
    return reportOf(names, restored);
  } catch (error) {
    const told = names.filter((name) => !before.includes(name));
    storesForgotten(folder, told);
    undo(folder, done, isNew);
    throw error;
  }
}

/**
 * The same of a PostgreSQL that its own tools brought back to an earlier moment, the services' tables in their place. Where it fails, or is killed, it is to be
 * done again: done twice it makes up for more, and nothing is wrong. Nobody else uses the services' tables meanwhile.
 *
 * @throws {BackupError} `STORES_NONE`, `CLOCK_BEHIND`; {SqlError} `STORE_UNAVAILABLE`; what opens the services' stores throws
 */
export async function restoreDatabase(url: string, now: number): Promise<RestoredNetwork> {
  const names = (await servicesAt(url, Object.keys(OPEN))) as (keyof typeof OPEN)[];
  if (names.length === 0) throw new BackupError("STORES_NONE", "no service's tables are in that database");
  const restored: RestoredStore[] = [];
  for (const name of names) {
    await (await OPEN[name](url)).close(); // its tables are of this version from then on
    restored.push(await restoreServer(url, name, amendmentsOf(name, now)));
  }
  return reportOf(names, restored);
}

/** What brings a service's tables to this version; the issuer's last. */
const OPEN = { acs: openAcsStore, processor: openProcessorStore, issuer: openIssuerDatabase } as const;

const AMENDMENTS: Readonly<Record<Store, (copiedAt: number, now: number) => Amendments>> = {
  log: () => ({}),
  acs: acsAmendments,
  processor: processorAmendments,
  issuer: issuerAmendments,
};

/** @throws {BackupError} `CLOCK_BEHIND`: how many ATCs may have been used since is told by the time since */
function amendmentsOf(name: Store, now: number): (copiedAt: number) => Amendments {
  return (copiedAt) => {
    if (copiedAt > now) throw new BackupError("CLOCK_BEHIND", new Date(copiedAt * 1000).toISOString());
    return AMENDMENTS[name](copiedAt, now);
  };
}

function reportOf(stores: readonly string[], restored: readonly RestoredStore[]): RestoredNetwork {
  const changed: RestoredStore["changed"] = Object.assign({}, ...restored.map((one) => one.changed));
  const { tokens = 0, grantsEnded = 0, rightsEnded = 0, codesEnded = 0 } = changed;
  return { stores, copiedAt: restored.at(-1)!.copiedAt, tokens, grantsEnded, rightsEnded, codesEnded };
}

/** @throws {BackupError} `STORES_NONE`, `COPIES_PARTIAL` */
function copiesIn(from: string): readonly Store[] {
  const made = storesMadeIn(from);
  // Copies from before they were named are those of a network in one folder.
  const names = made.length > 0 ? STORES.filter((name) => made.includes(name)) : STORES;
  const missing = names.filter((name) => !existsSync(storeFile(from, name)));
  if (missing.length === STORES.length) throw new BackupError("STORES_NONE", from);
  if (missing.length > 0) throw new BackupError("COPIES_PARTIAL", missing.join(", "));
  return names;
}

/** Nor a journal of one, which would be taken for the new one's. */
function expectNone(folder: string, names: readonly string[]): void {
  const files = names.flatMap((name) => [storeFile(folder, name), `${storeFile(folder, name)}-wal`]);
  const path = files.find((file) => existsSync(file));
  if (path !== undefined) throw Object.assign(new Error(`EEXIST: ${path} is there already`), { code: "EEXIST", path });
}

/** @returns whether there was none */
function makeFolder(folder: string): boolean {
  return mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
}

function undo(folder: string, names: readonly string[], isNew: boolean): void {
  for (const name of names) {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(storeFile(folder, name) + suffix, { force: true });
  }
  if (isNew && readdirSync(folder).length === 0) rmdirSync(folder);
}
