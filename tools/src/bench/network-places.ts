// Where a bench's networks keep their stores, files of SQLite or databases of a PostgreSQL, each gone with the bench; and issuer and processor there, before
// they run and in a process of their own.

import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Issuer, type IssuerOptions, sampleKeys } from "@enabling-card/issuer";
import { placeOf, processorMaster } from "@enabling-card/network";
import { Processor } from "@enabling-card/processor";
import { ownDatabase } from "@enabling-card/sql";
import type { Stores } from "./network-requests.js";

export interface Place {
  readonly engine: "sqlite" | "postgresql";
  /** A folder, or a URL. */
  readonly store: string;
  /** The log is a file whatever the engine is. */
  readonly logFile: string;
}

/** A network's files in a folder. */
export function folderPlace(store: string): Place {
  return { engine: "sqlite", store, logFile: placeOf(store, "log") };
}

/** As many places as are asked for. @param server - Of PostgreSQL: a database of it each */
export async function places(server?: string) {
  const folder = await mkdtemp(join(tmpdir(), "ecard-network-"));
  const gone: (() => Promise<void>)[] = [() => rm(folder, { recursive: true })];
  return {
    async next(): Promise<Place> {
      if (server === undefined) return folderPlace(await mkdtemp(join(folder, "place-")));
      const { url, drop } = await ownDatabase(server, "bench");
      gone.push(drop);
      return { engine: "postgresql", store: url, logFile: join(folder, `log-${gone.length}.sqlite`) };
    },
    async gone(): Promise<void> {
      for (const end of gone.splice(0).reverse()) await end();
    },
  };
}

/** The issuer's store and log. */
export function filesOf({ store, logFile }: Place): Required<Pick<IssuerOptions, "file" | "logFile">> {
  return { file: placeOf(store, "issuer"), logFile };
}

/** What `work` gives, of the stores of a network that does not run. */
export async function withStores<T>(place: Place, work: (stores: Stores) => Promise<T>): Promise<T> {
  const keys = sampleKeys();
  const issuer = await Issuer.open({ ...filesOf(place), keys });
  try {
    const findAccount = () => Promise.reject(new Error("nobody asks for accounts here"));
    const file = placeOf(place.store, "processor");
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
export async function networkProcess({ store, logFile }: Place) {
  const child = fork(
    fileURLToPath(new URL("network-process.js", import.meta.url).href.replace(/\.js$/, ".ts")),
    [store, logFile],
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
