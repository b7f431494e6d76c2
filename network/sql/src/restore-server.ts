// A service's tables in a PostgreSQL that its own tools brought back to an earlier moment: what happened behind that must be made up for, as for a copy of a
// SQLite store (backup.ts). Such a database does not know that it is one; when it was last written to, the names of commits tell (postgresql.ts).

import pg from "pg";
import type { Amendments, RestoredStore } from "./backup.js";
import { SqlError } from "./port.js";
import { inPlaces } from "./together-text.js";

const CONNECT_MS = 2000;
const LAST_COMMIT = "SELECT COALESCE(FLOOR(EXTRACT(EPOCH FROM MAX(at))), 0)::float8 AS at FROM commits";

/** Which of `services` have tables there. @throws {SqlError} `STORE_UNAVAILABLE` */
export function servicesAt(url: string, services: readonly string[]): Promise<readonly string[]> {
  return withClient(url, async (client) => {
    const text = "SELECT schemaname FROM pg_tables WHERE tablename = 'schema_version' AND schemaname = ANY ($1)";
    const { rows } = await client.query<{ schemaname: string }>(text, [services]);
    return services.filter((service) => rows.some(({ schemaname }) => schemaname === service));
  });
}

/**
 * Makes up for what may have happened since, in one transaction, however long that takes. Done twice it makes up for more, and nothing is wrong.
 *
 * @param service - Whose tables they are, of this version
 * @param amendments - Of what was written to last then; where it throws nothing is changed
 * @throws {SqlError} `STORE_UNAVAILABLE`, where somebody uses it meanwhile as well
 */
export function restoreServer(
  url: string,
  service: string,
  amendments: (copiedAt: number) => Amendments,
): Promise<RestoredStore> {
  return withClient(url, async (client) => {
    await client.query(`SET search_path = ${client.escapeIdentifier(service)}`);
    await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
    const copiedAt = (await client.query<{ at: number }>(LAST_COMMIT)).rows[0]!.at;
    const changed: Record<string, number> = {};
    for (const [name, { text, values }] of Object.entries(amendments(copiedAt))) {
      const places = values.map((_, i) => `$${i + 1}`);
      changed[name] = (await client.query(inPlaces(text, places), [...values])).rowCount ?? 0;
    }
    await client.query("COMMIT");
    return { copiedAt, changed };
  });
}

/** What is not committed when it ends is undone. */
async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_MS });
  client.on("error", () => undefined); // a line that breaks fails what waits on it
  try {
    await client.connect().catch((cause) => {
      throw new SqlError("STORE_UNAVAILABLE", { cause });
    });
    return await work(client);
  } catch (cause) {
    throw cause instanceof pg.DatabaseError ? new SqlError("STORE_UNAVAILABLE", { cause }) : cause;
  } finally {
    await client.end().catch(() => undefined);
  }
}
