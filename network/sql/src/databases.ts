// Databases of a server of PostgreSQL, for who needs one that is nobody else's: made empty, and dropped with all that is in them.

import { randomBytes } from "node:crypto";
import pg from "pg";
import { SqlError } from "./port.js";

const CONNECT_MS = 2000;

export interface OwnDatabase {
  readonly url: string;
  /** Ends whoever is still in it. */
  drop(): Promise<void>;
}

/**
 * A new, empty database beside the one that `url` names, of the same user, whose right it must be (CREATEDB).
 *
 * @throws {SqlError} `STORE_UNAVAILABLE`, where there is no server, or it does not let this user make one
 */
export async function ownDatabase(url: string, what: string): Promise<OwnDatabase> {
  if (!/^[a-z]+$/.test(what)) throw new TypeError("What a database is for has small letters alone");
  const name = `ecard_${what}_${randomBytes(6).toString("hex")}`;
  await said(url, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => said(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function said(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_MS });
  client.on("error", () => undefined); // a line that breaks fails what waits on it
  try {
    await client.connect();
    await client.query(statement);
  } catch (cause) {
    throw new SqlError("STORE_UNAVAILABLE", { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
}
