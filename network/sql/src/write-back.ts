// A SQLite's write-ahead log is written back into its file: by whoever commits, while the store is quiet; of a busy one by a thread, so that nobody waits
// for a disk that writes what was durable already.

import { Worker } from "node:worker_threads";
import type Database from "better-sqlite3";

/** Pages that are written back at once, where nobody is in a hurry. */
const PAGES_AT_ONCE = 200;
/** Transactions from which a store is a busy one. */
const BUSY_FROM = 1000;
/** Its thread is asked every so many. */
const EVERY = 128;
/** Pages of the log from which what the thread left is written back at once, so that the log begins anew: 32 MB. */
const LOG_MAX = 8192;
/** How long nobody commits before a busy store's log is cut, ms: what it once needed it does not keep. */
const QUIET_MS = 1000;

export class WriteBack {
  readonly #db: Database.Database;
  readonly #afterOthers: (work: () => Promise<void>) => Promise<void>;
  #thread: Worker | undefined;
  #isAsked = false;
  #committed = 0;
  #quietAt = 0;
  #quiet: NodeJS.Timeout | undefined;

  /** @param afterOthers - Calls `work` when no transaction goes on. */
  constructor(db: Database.Database, afterOthers: (work: () => Promise<void>) => Promise<void>) {
    this.#db = db;
    this.#afterOthers = afterOthers;
    db.pragma(`wal_autocheckpoint = ${PAGES_AT_ONCE}`);
  }

  /** Behind each commit. */
  committed(): void {
    this.#committed++;
    if (this.#committed === BUSY_FROM && !this.#db.memory) this.#begin();
    if (this.#thread !== undefined) this.#awaitQuiet();
    if (this.#thread === undefined || this.#isAsked || this.#committed % EVERY !== 0) return;
    this.#isAsked = true;
    this.#thread.postMessage("write back");
  }

  #awaitQuiet(): void {
    this.#quietAt = performance.now() + QUIET_MS;
    if (this.#quiet !== undefined) return;
    const look = () => {
      const left = this.#quietAt - performance.now();
      this.#quiet = left > 0 ? setTimeout(look, left).unref() : undefined;
      if (this.#quiet === undefined) this.#thread?.postMessage("quiet");
    };
    this.#quiet = setTimeout(look, QUIET_MS).unref();
  }

  async end(): Promise<void> {
    clearTimeout(this.#quiet);
    const thread = this.#thread;
    if (thread === undefined) return;
    thread.ref(); // somebody waits for it
    await new Promise<void>((resolve) => {
      thread.once("exit", () => resolve());
      thread.postMessage("end");
    });
  }

  #begin(): void {
    const thread = new Worker(new URL("./checkpoints.mjs", import.meta.url), { workerData: { file: this.#db.name } });
    thread.unref();
    this.#db.pragma("wal_autocheckpoint = 0");
    thread.on("message", ({ log }: { readonly log: number }) => {
      this.#isAsked = false;
      if (log > LOG_MAX) void this.#afterOthers(async () => void this.#db.pragma("wal_checkpoint(PASSIVE)"));
    });
    thread.on("error", () => undefined); // its exit follows
    thread.once("exit", () => {
      this.#thread = undefined;
      if (this.#db.open) this.#db.pragma(`wal_autocheckpoint = ${PAGES_AT_ONCE}`);
    });
    this.#thread = thread;
  }
}
