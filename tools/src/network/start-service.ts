// One of the network's services as a process of its own: where its keys and its store are, and where the others.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { startIssuer } from "@enabling-card/issuer";
import {
  type KeyHolder,
  openWatchDoor,
  operatorMaster,
  placeOf,
  readServiceKeys,
  requestorMaster,
  type ServiceKeys,
  type ServiceName,
  sampleServiceKeys,
  startAcsApart,
  startProcessorApart,
} from "@enabling-card/network";
import { expectStores, storesMade } from "@enabling-card/sql";
import { CommandError, EXIT } from "../exit-codes.js";
import { readAtMost } from "../read-at-most.js";
import type { LogLines } from "./log-lines.js";

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
/** Whoever else may do something with a file (POSIX). */
const OTHERS = 0o077;
/** Octets of a key file, at most: with those of before. */
const KEYS_MAX = 4096;

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface ServiceOptions {
  readonly host: string;
  /** Its own doors; 0 takes any free one. */
  readonly http: number;
  readonly iso: number;
  /** The issuer's, for processors. */
  readonly line: number;
  readonly watch: number;
  /** Where the others are. */
  readonly issuerUrl: string;
  readonly issuerLine: Place;
  readonly processorUrl: string;
  readonly acsUrl: string;
  /** Where it keeps what it must: a folder, or a PostgreSQL, beside which the issuer's log has the folder; in memory without. */
  readonly dir?: string;
  readonly store?: string;
  readonly onFault: (code: string) => void;
  /** Where its log goes; nowhere without. */
  readonly log?: LogLines;
}

export interface StartedService {
  readonly url: string;
  /** For terminals. */
  readonly iso?: Place;
  /** For processors. */
  readonly line?: Place;
  /** For `ecard network watch`. */
  readonly watch?: string;
  close(): Promise<void>;
}

/**
 * A service's keys: of a file, else of its environment, else sample keys.
 *
 * @param written - What the environment holds
 * @throws {CommandError} `KEYS_INVALID`
 */
export async function serviceKeysOf<Name extends KeyHolder>(
  service: Name,
  file: string | undefined,
  written: string | undefined,
): Promise<ServiceKeys<Name>> {
  if (file === undefined && !written) return sampleServiceKeys(service);
  const keys = readServiceKeys(service, file === undefined ? written! : await keysIn(file));
  if (keys !== undefined) return keys;
  throw invalid(`${file ?? "ECARD_NETWORK_KEYS"} holds no keys of ${service}: make some with ecard network keys`);
}

/** What a file says that its owner alone reads. @throws {CommandError} `KEYS_INVALID` */
export async function keysIn(file: string): Promise<string> {
  try {
    const text = (await readAtMost(file, KEYS_MAX)).toString();
    if (process.platform === "win32" || ((await stat(file)).mode & OTHERS) === 0) return text;
  } catch (cause) {
    throw invalid(`The key file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  throw invalid(`Others can read the key file ${file}: chmod 600 it, and make new keys where they may have`);
}

function invalid(sentence: string, cause?: unknown): CommandError {
  return new CommandError("KEYS_INVALID", sentence, EXIT.usage, { cause });
}

/** @throws {CommandError} `SAMPLE_KEYS_LOOPBACK`; {SqlError} `STORE_GONE`; what `startIssuer`, `startProcessorApart` and `startAcsApart` throw */
export async function startService(
  service: ServiceName,
  keys: ServiceKeys<ServiceName>,
  options: ServiceOptions,
): Promise<StartedService> {
  if (keys.sample && !LOOPBACK.has(options.host)) {
    const sentence = "Sample keys are for this machine alone: listen on loopback, or bring keys (ecard network keys)";
    throw new CommandError("SAMPLE_KEYS_LOOPBACK", sentence, EXIT.usage);
  }
  const { dir, store } = options;
  if (dir === undefined) return STARTS[service](keys as never, options);
  const stores = [...(store === undefined ? [service] : []), ...(service === "issuer" ? ["log"] : [])];
  expectStores(dir, stores);
  const started = await STARTS[service](keys as never, options);
  storesMade(dir, stores);
  return started;
}

const STARTS = { issuer, processor, acs } as const;

async function issuer(keys: ServiceKeys<"issuer">, options: ServiceOptions): Promise<StartedService> {
  const started = await startIssuer({
    ...{ ...shared("issuer", options), keys: keys.keys, acs: keys.acs },
    ...{ operator: operatorMaster(keys.keys), requestor: requestorMaster(keys.keys) },
    processor: { port: options.line, secret: keys.processor },
    ...(options.dir !== undefined && { logFile: join(options.dir, "log.sqlite") }),
  });
  return { ...at(started), line: started.line! };
}

async function processor(keys: ServiceKeys<"processor">, options: ServiceOptions): Promise<StartedService> {
  const watch = await openWatchDoor(options.watch);
  try {
    const started = await startProcessorApart({
      ...{ ...shared("processor", options), master: keys.master, isoPort: options.iso },
      issuer: { url: options.issuerUrl, line: options.issuerLine, secret: keys.issuer },
      acs: { url: options.acsUrl, secret: keys.acs },
      onMessage: watch.tell,
      onAuthentication: watch.tell,
    });
    const close = async () => {
      await started.close();
      await watch.close();
    };
    return { ...at(started), iso: started.iso, watch: watch.url, close };
  } catch (error) {
    await watch.close();
    throw error;
  }
}

async function acs(keys: ServiceKeys<"acs">, options: ServiceOptions): Promise<StartedService> {
  const started = await startAcsApart({
    ...{ ...shared("acs", options), master: keys.master, cavvKey: keys.cavvKey },
    issuer: { url: options.issuerUrl, secret: keys.issuer },
    processor: { url: options.processorUrl, secret: keys.processor },
  });
  return at(started);
}

function shared(service: ServiceName, { host, http: httpPort, dir, store = dir, onFault, log }: ServiceOptions) {
  return { host, httpPort, file: placeOf(store, service), onFault, ...(log && { log }) };
}

function at({ url, close }: { readonly url: string; close(): Promise<void> }): Pick<StartedService, "url" | "close"> {
  return { url, close };
}
