// Names that are taken once, by whichever process of a service they come to, until they are over: nonces of signed requests. Those of one turn of the
// event loop, or that come while others are written, are one transaction.

import { type SqlDatabase, SqlError } from "./port.js";

/** For a service's migrations. */
export const TAKEN_TABLE = `
  CREATE TABLE taken_once (name TEXT PRIMARY KEY, over INTEGER NOT NULL) STRICT;
  CREATE INDEX taken_once_by_time ON taken_once (over);`;

/** How long a name is kept behind its end, seconds: another process's clock may be behind. */
const KEPT_S = 120;
/** Swept at most once in so many seconds, so many rows at once. */
const SWEPT_EVERY_S = 10;
const SWEPT_AT_ONCE = 10_000;
/** Names of one transaction, at most. */
const AT_ONCE = 256;
const INSERT = "INSERT INTO taken_once (name, over) VALUES (?, ?)";

interface Waiting {
  readonly values: readonly [name: string, over: number];
  readonly resolve: (isFirst: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export class TakenOnce {
  readonly #sql: SqlDatabase;
  readonly #waiting: Waiting[] = [];
  #isBusy = false;
  #sweptAt = 0;

  constructor(sql: SqlDatabase) {
    this.#sql = sql;
  }

  /**
   * Whether nobody has taken it before.
   *
   * @param over - Seconds since 1970, as `now`: from when on it may be forgotten. @throws {SqlError} `STORE_UNAVAILABLE`: it may be taken, or not
   */
  take(name: string, over: number, now: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ values: [name, over], resolve, reject });
      if (this.#isBusy) return;
      this.#isBusy = true;
      setImmediate(() => void this.#work(now));
    });
  }

  async #work(now: number): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, AT_ONCE);
      try {
        const isFirst = await this.#takeAll(group.map(({ values }) => values));
        for (const [i, { resolve }] of group.entries()) resolve(isFirst[i]!);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isBusy = false;
    if (now >= this.#sweptAt + SWEPT_EVERY_S || now < this.#sweptAt) await this.#sweep(now);
  }

  /** That one is there already is rare, and undoes the group: then each is written by itself. */
  async #takeAll(all: readonly Waiting["values"][]): Promise<readonly boolean[]> {
    try {
      if (new Set(all.map(([name]) => name)).size === all.length) {
        await this.#sql.runEach(INSERT, all);
        return all.map(() => true);
      }
    } catch (error) {
      if (error instanceof SqlError) throw error;
    }
    const isFirst: boolean[] = [];
    for (const values of all) {
      isFirst.push((await this.#sql.run(`${INSERT} ON CONFLICT (name) DO NOTHING`, ...values)) === 1);
    }
    return isFirst;
  }

  async #sweep(now: number): Promise<void> {
    this.#sweptAt = now;
    const old = `SELECT name FROM taken_once WHERE over < ? ORDER BY over LIMIT ${SWEPT_AT_ONCE}`;
    try {
      await this.#sql.run(`DELETE FROM taken_once WHERE name IN (${old})`, now - KEPT_S);
    } catch {
      // The next time, then.
    }
  }
}
