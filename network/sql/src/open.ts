// A place to a database: a file's path is SQLite's, a URL of postgres: is PostgreSQL's.

import type { DatabaseOptions, SqlDatabase } from "./port.js";
import { openPostgresql } from "./postgresql.js";
import { openSqlite } from "./sqlite.js";

/**
 * Opens a database, and makes its tables or brings them to this version, all steps or none.
 *
 * @param where - A file, `:memory:`, or `postgres://user:password@host:port/database`
 * @throws {SqlError} `STORE_DAMAGED`, `STORE_UNAVAILABLE`; SQLite's and Node's own where a file cannot be opened
 */
export function openDatabase(where: string, options: DatabaseOptions): Promise<SqlDatabase> {
  return /^postgres(ql)?:\/\//.test(where) ? openPostgresql(where, options) : openSqlite(where, options);
}
