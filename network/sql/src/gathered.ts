// Reads that many ask for at about one time, each for itself, asked together: of a server a journey each would cost more than the reading.

import type { Sql, SqlValue, SqlValues } from "./port.js";

/** Of one statement at once, at most. */
const AT_ONCE = 256;

interface Waiting {
  readonly values: SqlValues;
  readonly resolve: (row: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** `Sql` whose `row`s of one turn of the event loop, or that came while others were asked for, are one statement a text. All else is asked as it comes. */
export class Gathered implements Sql {
  readonly #sql: Sql;
  /** By statement: who waits for the next one. While it is there somebody will ask. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  row<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      const one = { values, resolve: resolve as (row: unknown) => void, reject };
      const waiting = this.#waiting.get(text);
      if (waiting !== undefined) {
        waiting.push(one);
        return;
      }
      this.#waiting.set(text, [one]);
      setImmediate(() => void this.#ask(text));
    });
  }

  rows<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row[]> {
    return this.#sql.rows(text, ...values);
  }

  run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#sql.run(text, ...values);
  }

  rowEach<Row>(text: string, all: readonly SqlValues[]): Promise<(Row | undefined)[]> {
    return this.#sql.rowEach(text, all);
  }

  runEach(text: string, all: readonly SqlValues[]): Promise<void> {
    return this.#sql.runEach(text, all);
  }

  async #ask(text: string): Promise<void> {
    const waiting = this.#waiting.get(text)!;
    while (waiting.length > 0) {
      const group = waiting.splice(0, AT_ONCE);
      try {
        const rows = await this.#sql.rowEach(
          text,
          group.map(({ values }) => values),
        );
        for (const [i, { resolve }] of group.entries()) resolve(rows[i]);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#waiting.delete(text);
  }
}
