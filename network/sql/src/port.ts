// What a service asks of its store. Statements are written once, in what SQLite and PostgreSQL have in common, with ? for values; tables in
// SQLite's words (postgresql.ts says which of them are others there).

/** Whole numbers up to 2^53; octets are the caller's again after the call. */
export type SqlValue = string | number | Uint8Array | null;

export interface Sql {
  /** The first row of an answer. */
  row<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row | undefined>;
  rows<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row[]>;
  /** How many rows it changed. */
  run(text: string, ...values: readonly SqlValue[]): Promise<number>;
  /** What `row` says of each of `all`, in their order: of a server one journey, however many. */
  rowEach<Row>(text: string, all: readonly SqlValues[]): Promise<(Row | undefined)[]>;
  /** `run` of each of `all`, no two of one row, in any order. @param text - INSERT with VALUES of ? alone, or UPDATE with WHERE: of a server one journey */
  runEach(text: string, all: readonly SqlValues[]): Promise<void>;
}

export type SqlValues = readonly SqlValue[];

/** Asked by itself, a statement is a transaction of its own; one that reads sees what was committed when it began. */
export interface SqlDatabase extends Sql {
  readonly engine: "sqlite" | "postgresql";
  /** Transactions that go on beside each other; more wait for these. Of those of one service that write to the same tables each is in the others' way. */
  readonly lanes: number;
  /** How many were committed since it was opened. */
  readonly transactions: number;
  /**
   * All of `work` or nothing, as if no other ran meanwhile (serializable), and durable when it resolves. `work` asks `sql` alone, waits for nothing
   * else, and may be called again from its start where two were in each other's way. What it throws undoes it, and is thrown.
   *
   * @throws {SqlError} `STORE_UNAVAILABLE`: nothing was changed, but where it `isOpen`
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Writes something that says nothing. @throws {SqlError} `STORE_UNAVAILABLE` where a transaction could not be kept now */
  checkWritable(): Promise<void>;
  /** Waits for what is on its way. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Whose tables they are: of PostgreSQL a schema of that name, of SQLite the file is theirs alone. */
  readonly service: string;
  /** What makes each version of the tables of its predecessor, the first one of nothing: never altered, once it has been released. */
  readonly migrations: readonly string[];
}

export const SQL_ERRORS = {
  STORE_UNAVAILABLE: "The store is full, locked or gone: see that it runs and has room, then try again",
  STORE_GONE:
    "A store that was made here is gone, and what it held: restore the network from a copy, or begin a new one in an empty folder",
  STORE_IS_COPY: "This is a copy of a store: make it one again with ecard network restore",
  STORE_DAMAGED: "This is not a store of this version: restore it from a copy",
} as const;

export type SqlErrorCode = keyof typeof SQL_ERRORS;

export class SqlError extends Error {
  override readonly name = "SqlError";
  /** The answer to a commit was lost, and nobody could be asked what became of it: it may have been done. */
  readonly isOpen: boolean;

  constructor(
    readonly code: SqlErrorCode,
    options?: ErrorOptions & { readonly isOpen?: boolean; readonly detail?: string },
  ) {
    super(options?.detail ? `${SQL_ERRORS[code]} (${options.detail})` : SQL_ERRORS[code], options);
    this.isOpen = options?.isOpen ?? false;
  }
}

/** Which of `migrations` a store of `version` lacks. @throws {SqlError} `STORE_DAMAGED` for a later version, and for tables of nobody knows whom */
export function missingSteps(migrations: readonly string[], version: number, isEmpty: boolean): readonly string[] {
  if (version > migrations.length || (version === 0 && !isEmpty)) throw new SqlError("STORE_DAMAGED");
  return migrations.slice(version);
}
