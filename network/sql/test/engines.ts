// Where a test's stores are, in either engine: each has one of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresql } from "../../../test/support/postgresql.js";

/** By engine, a place for a new store. Files are gone behind the last test. */
export function engines() {
  let folder: string;
  let files = 0;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ecard-sql-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    sqlite: async () => join(folder, `${++files}.db`),
    postgresql: async () => (await postgresql()).database(),
  } as const;
}
