// A store as it is looked at before it counts: rows that many ask for beside each other are asked for together, and once; what is written meanwhile is not.

import { Gathered, type Sql, type SqlValue, type SqlValues } from "@enabling-card/sql";

/** `Sql` that is asked for each row once. */
export class Ahead implements Sql {
  readonly #sql: Sql;
  readonly #gathered: Gathered;
  readonly #rows = new Map<string, Promise<unknown>>();
  /** Of the store: the transaction is undone by it, and says no more why. */
  #failure: { readonly cause: unknown } | undefined;
  isLooking = false;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#gathered = new Gathered(sql);
  }

  /** `work`, with all that it writes left out. */
  async look(work: () => Promise<unknown>): Promise<void> {
    this.isLooking = true;
    await work();
    this.isLooking = false;
    if (this.#failure) throw this.#failure.cause;
  }

  row<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    const name = JSON.stringify([text, values]);
    const known = this.#rows.get(name);
    if (known !== undefined) return known as Promise<Row | undefined>;
    const row = this.#gathered.row<Row>(text, ...values);
    row.catch((cause) => {
      this.#failure ??= { cause };
    });
    this.#rows.set(name, row);
    return row;
  }

  async rows<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row[]> {
    return this.isLooking ? [] : this.#sql.rows(text, ...values);
  }

  async run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    if (this.isLooking) return 0;
    this.#rows.clear(); // any of them may be another now
    return this.#sql.run(text, ...values);
  }

  rowEach<Row>(text: string, all: readonly SqlValues[]): Promise<(Row | undefined)[]> {
    return this.#sql.rowEach(text, all);
  }

  async runEach(text: string, all: readonly SqlValues[]): Promise<void> {
    if (this.isLooking) return;
    this.#rows.clear();
    await this.#sql.runEach(text, all);
  }
}
