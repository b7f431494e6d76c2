// Copies of a network's stores, and a network from such copies: of one in one folder, and of each service that has a folder of its own.

import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { restoreAcs } from "@enabling-card/acs";
import { type Restored, restoreIssuer } from "@enabling-card/issuer";
import { restoreProcessor } from "@enabling-card/processor";
import {
  copyStore,
  expectStores,
  ownersOnly,
  restoreStore,
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
export interface RestoredNetwork extends Restored {
  readonly stores: readonly string[];
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
 * @throws {BackupError} `STORES_NONE`, `COPIES_PARTIAL`; {SqlError} `STORE_DAMAGED` where one is no copy; Node's own: `EEXIST` where a network is there
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
    const report = { copiedAt: now, tokens: 0, grantsEnded: 0, codesEnded: 0 };
    // The issuer's last: until then nothing opens it.
    for (const name of names.toReversed()) Object.assign(report, RESTORES[name](storeFile(folder, name), now));
    return { stores: names, ...report };
  } catch (error) {
    const told = names.filter((name) => !before.includes(name));
    storesForgotten(folder, told);
    undo(folder, done, isNew);
    throw error;
  }
}

const RESTORES: Readonly<Record<Store, (file: string, now: number) => Partial<RestoredNetwork>>> = {
  log: (file) => ({ copiedAt: restoreStore(file, () => undefined) }),
  acs: (file) => ({ copiedAt: restoreAcs(file) }),
  processor: restoreProcessor,
  issuer: restoreIssuer,
};

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
