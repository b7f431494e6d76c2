// The network through its real doors: authorisations at a rate, and at most; grants over HTTP; and bare inserts of the same engine beside them.

import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Issuer, type IssuerOptions, sampleKeys } from "@enabling-card/issuer";
import { processorMaster } from "@enabling-card/network";
import { Processor } from "@enabling-card/processor";
import Database from "better-sqlite3";
import { rounded } from "../output.js";
import { benchCards, grantsPerSecond } from "./network-grants.js";
import { loadClosed, loadOpen, percentile } from "./network-load.js";
import { type MadeRequests, makeRequests, type Stores } from "./network-requests.js";

export interface NetworkBenchOptions {
  /** Authorisations a second that are asked, for so long, behind so much of warming up. */
  readonly rate?: number;
  readonly seconds?: number;
  readonly warmUpSeconds?: number;
  readonly tokens?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string, done: number, all: number) => void;
}

export interface NetworkBench {
  readonly engine: string;
  readonly tokens: number;
  /** At the rate that was asked, from each request's scheduled start. */
  readonly authorisationsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly approved: number;
  readonly asked: number;
  /** Authorisations in one transaction, on average. */
  readonly group: number;
  /** As fast as they are answered. */
  readonly mostPerSecond: number;
  readonly mostGroup: number;
  /** Bare inserts a second of rows as long, as many a transaction as at the rate, and at most. */
  readonly insertsPerSecond: number;
  readonly mostInsertsPerSecond: number;
  /** Sealed grants a second, over HTTP. */
  readonly grantsPerSecond: number;
  /** Inserts a second over authorisations a second, both as fast as they go and as many a transaction. */
  readonly ratioToBareInserts: number;
}

/** Octets of what an authorisation writes: a decision and its two index entries, and the grant's row. */
const ROW_OCTETS = 300;
/** Bare inserts are measured for so long, and no longer than authorisations are. */
const INSERT_SECONDS = 5;
const MOST_SECONDS = 10;
const GRANT_SECONDS = 10;

export async function benchNetwork(options: NetworkBenchOptions = {}): Promise<NetworkBench> {
  const { rate = 2000, seconds = 60, warmUpSeconds = 10, tokens = 1000, signal, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), "ecard-network-"));
  try {
    const files = filesIn(folder);
    const warm = rate * warmUpSeconds;
    const measured = rate * seconds;
    const most = 3 * rate * Math.min(MOST_SECONDS, seconds);
    const { requests } = await made(folder, warm + measured + most, tokens, onProgress);
    const cards = await benchCards(files);
    const issuer = await networkProcess(folder);
    try {
      const part = (from: number, count: number) => ({ from, to: from + count, ...(signal && { signal }) });
      onProgress?.("warming up", 0, measured);
      await loadOpen(issuer.iso, requests, { rate, ...part(0, warm) });
      const before = await issuer.transactions();
      onProgress?.("authorisations", 0, measured);
      const open = await loadOpen(issuer.iso, requests, { rate, ...part(warm, measured) });
      const between = await issuer.transactions();
      onProgress?.("as fast as it goes", measured, measured);
      const closed = await loadClosed(issuer.iso, requests, part(warm + measured, most));
      const after = await issuer.transactions();
      onProgress?.("grants", measured, measured);
      const grants = await grantsPerSecond(issuer.url, cards, Math.min(GRANT_SECONDS, seconds));
      const group = measured / Math.max(1, between - before);
      const mostGroup = most / Math.max(1, after - between);
      const mostPerSecond = most / closed.seconds;
      const mostInsertsPerSecond = insertsPerSecond(join(folder, "bare.db"), Math.round(mostGroup), seconds);
      return {
        engine: "sqlite",
        tokens,
        authorisationsPerSecond: rounded(measured / open.seconds, 1),
        p50Ms: rounded(percentile(open.latenciesMs, 0.5), 1),
        p99Ms: rounded(percentile(open.latenciesMs, 0.99), 1),
        approved: open.approved,
        asked: measured,
        group: rounded(group, 1),
        mostPerSecond: rounded(mostPerSecond, 1),
        mostGroup: rounded(mostGroup, 1),
        insertsPerSecond: rounded(
          insertsPerSecond(join(folder, "bare-group.db"), Math.max(1, Math.round(group)), seconds),
          1,
        ),
        mostInsertsPerSecond: rounded(mostInsertsPerSecond, 1),
        grantsPerSecond: rounded(grants, 1),
        ratioToBareInserts: rounded(mostInsertsPerSecond / mostPerSecond, 1),
      };
    } finally {
      await issuer.end();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Files = Required<Pick<IssuerOptions, "file" | "logFile">>;

/** The issuer's files in a network's folder. */
export function filesIn(folder: string): Files {
  return { file: join(folder, "issuer.sqlite"), logFile: join(folder, "log.sqlite") };
}

async function made(
  folder: string,
  count: number,
  tokens: number,
  onProgress: NetworkBenchOptions["onProgress"],
): Promise<MadeRequests> {
  return withStores(folder, (stores) => makeRequests(stores, count, tokens, onProgress));
}

/** What `work` gives, of the stores of a network that does not run. */
export async function withStores<T>(folder: string, work: (stores: Stores) => Promise<T>): Promise<T> {
  const keys = sampleKeys();
  const issuer = await Issuer.open({ ...filesIn(folder), keys });
  try {
    const findAccount = () => Promise.reject(new Error("nobody asks for accounts here"));
    const file = join(folder, "processor.sqlite");
    const processor = await Processor.open({ master: processorMaster(keys), findAccount, file });
    try {
      return await work({ issuer, processor });
    } finally {
      await processor.close();
    }
  } finally {
    await issuer.close();
  }
}

/** Issuer and processor in a process of their own, as they run in the field. */
export async function networkProcess(folder: string) {
  const child = fork(
    fileURLToPath(new URL("network-process.js", import.meta.url).href.replace(/\.js$/, ".ts")),
    [folder],
    {
      execArgv: ["--import=tsx"],
    },
  );
  const [{ url, iso }] = (await once(child, "message")) as [{ url: string; iso: { host: string; port: number } }];
  return {
    ...{ child, url, iso },
    async transactions(): Promise<number> {
      child.send("transactions");
      const [{ transactions }] = (await once(child, "message")) as [{ transactions: number }];
      return transactions;
    },
    async end(): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.send("end");
      await once(child, "exit");
    },
  };
}

/** Same engine, same durability, rows as long, as many a transaction. */
function insertsPerSecond(file: string, group: number, seconds: number): number {
  const db = new Database(file);
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.exec("CREATE TABLE bare (request TEXT PRIMARY KEY, row BLOB NOT NULL) STRICT");
    const insert = db.prepare("INSERT INTO bare (request, row) VALUES (?, ?)");
    const row = new Uint8Array(ROW_OCTETS);
    let rows = 0;
    const transaction = db.transaction(() => {
      for (let i = 0; i < group; i++) insert.run(String(Math.random()) + rows++, row);
    });
    const start = performance.now();
    while (performance.now() - start < 1000 * Math.min(seconds, INSERT_SECONDS)) transaction.immediate();
    return (rows * 1000) / (performance.now() - start);
  } finally {
    db.close();
  }
}
