// Issuer, processor and access control server in one process: what each asks of the other is a call, and no line between them can break.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type AcsService, startAcs } from "@enabling-card/acs";
import { cavvKeysOf, type IssuerKeys, type IssuerService, startIssuer } from "@enabling-card/issuer";
import { type ProcessorService, type ProcessorServiceOptions, startProcessor } from "@enabling-card/processor";
import { expectStores, storesMade } from "@enabling-card/sql";
import { STORES } from "./backup.js";
import { acsMaster, operatorMaster, processorMaster, requestorMaster } from "./service-keys.js";
import { accountAt, askCardAt, codeGrantAt, domainAt, lockAt, resultAt } from "./services.js";
import type { Authenticating } from "./watch.js";

export {
  type AcsApartOptions,
  type Peer,
  type ProcessorApartOptions,
  startAcsApart,
  startProcessorApart,
} from "./apart.js";
export {
  BackupError,
  type BackupErrorCode,
  backUpNetwork,
  type RestoredNetwork,
  restoreDatabase,
  restoreNetwork,
} from "./backup.js";
export {
  type ChangedKeys,
  OVERLAP_S,
  RotationError,
  type RotationErrorCode,
  retiredKeys,
  rotatedKeys,
} from "./rotate-keys.js";
export {
  KEY_HOLDERS,
  type KeyHolder,
  newServiceKeys,
  operatorMaster,
  processorMaster,
  readServiceKeys,
  requestorMaster,
  type ServiceKeys,
  type ServiceName,
  sampleServiceKeys,
} from "./service-keys.js";
export {
  type Authenticating,
  openWatchDoor,
  type WatchDoor,
  type WatchedMessage,
  type WatchedParty,
  watched,
} from "./watch.js";

export interface NetworkOptions extends Pick<ProcessorServiceOptions, "onFault" | "onMessage" | "now" | "log"> {
  /** Told of each message between domain server and access control server: it holds an account's number, and is to be printed masked. */
  readonly onAuthentication?: (from: "processor" | "acs", to: "processor" | "acs", message: Authenticating) => void;
  readonly keys: IssuerKeys;
  /** Where each service keeps its store: a folder (the services' files are in it), or a `postgres:` URL. In memory without. */
  readonly store?: string;
  /** Of the development log, which is a file of SQLite whatever the store is; in the store's folder unless told. */
  readonly logFile?: string;
  readonly host?: string;
  /** 0 (unless told) takes any free port. */
  readonly issuerHttpPort?: number;
  readonly processorHttpPort?: number;
  readonly acsHttpPort?: number;
  /** For terminals. */
  readonly isoPort?: number;
}

export interface Network {
  readonly issuer: IssuerService;
  readonly processor: ProcessorService;
  readonly acs: AcsService;
  close(): Promise<void>;
}

/** Opens all services and their doors: all, or nothing stays open. @throws what `startIssuer` and `startProcessor` throw */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { keys, onFault, onMessage, now, log } = options;
  const folder = isUrl(options.store) ? undefined : options.store;
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    expectStores(folder, STORES);
  }
  const shared = {
    ...(options.host !== undefined && { host: options.host }),
    ...(now && { now }),
    ...(onFault && { onFault }),
    ...(log && { log }),
  };
  const issuer = await startIssuer({
    ...{ ...shared, keys, httpPort: options.issuerHttpPort ?? 0, file: placeOf(options.store, "issuer") },
    ...{ operator: operatorMaster(keys), requestor: requestorMaster(keys) },
    logFile: options.logFile ?? (isUrl(options.store) ? ":memory:" : placeOf(options.store, "log")),
  });
  const open: { close(): Promise<void> }[] = [issuer];
  const close = async () => {
    for (const service of open.splice(0).reverse()) await service.close();
  };
  try {
    let acs: AcsService | undefined;
    const tell = options.onAuthentication ?? (() => undefined);
    const processor = await startProcessor({
      ...shared,
      ...(onMessage && { onMessage }),
      ...{ httpPort: options.processorHttpPort ?? 0, isoPort: options.isoPort ?? 0 },
      master: processorMaster(keys),
      file: placeOf(options.store, "processor"),
      route: issuer.ask,
      ...{ findAccount: accountAt(issuer), lockToken: lockAt(issuer) },
      issueCode: codeGrantAt(issuer),
      domain: domainAt(issuer, () => acs!, tell),
    });
    open.push(processor);
    acs = await startAcs({
      ...{ ...shared, httpPort: options.acsHttpPort ?? 0, file: placeOf(options.store, "acs") },
      master: acsMaster(keys),
      cavvKey: cavvKeysOf(keys),
      askCard: askCardAt(issuer),
      tellResult: async (result) => {
        tell("acs", "processor", result);
        const taken = await resultAt(processor.domain!, result);
        tell("processor", "acs", taken);
        return taken;
      },
    });
    open.push(acs);
    if (folder !== undefined) storesMade(folder, STORES);
    return { issuer, processor, acs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function isUrl(store: string | undefined): store is string {
  return store !== undefined && /^postgres(ql)?:\/\//.test(store);
}

/** Where in a network's store a service's tables are. */
export function placeOf(store: string | undefined, name: string): string {
  if (store === undefined) return ":memory:";
  return isUrl(store) ? store : join(store, `${name}.sqlite`);
}
