// Bare inserts, for comparison: same engine, same durability, rows as long, as many a transaction.

import { join } from "node:path";
import { openDatabase } from "@enabling-card/sql";
import Database from "better-sqlite3";
import type { Place } from "./network-places.js";

/** Octets of what an authorisation writes: a decision and its two index entries, and the grant's row. */
const ROW_OCTETS = 300;
/** They are measured for so long, and no longer than authorisations are. */
const INSERT_SECONDS = 5;
const TABLE = "CREATE TABLE bare (request TEXT PRIMARY KEY, row BLOB NOT NULL) STRICT";
const INSERT = "INSERT INTO bare (request, row) VALUES (?, ?)";

export function insertsPerSecond(place: Place, group: number, seconds: number): Promise<number> {
  const most = Math.min(seconds, INSERT_SECONDS);
  return place.engine === "sqlite"
    ? inFile(join(place.store, `bare-${group}.sqlite`), group, most)
    : atServer(place.store, group, most);
}

async function inFile(file: string, group: number, seconds: number): Promise<number> {
  const db = new Database(file);
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.exec(TABLE);
    const insert = db.prepare(INSERT);
    const row = new Uint8Array(ROW_OCTETS);
    let rows = 0;
    const transaction = db.transaction(() => {
      for (let i = 0; i < group; i++) insert.run(nameOf(rows++), row);
    });
    const start = performance.now();
    while (performance.now() - start < 1000 * seconds) transaction.immediate();
    return (rows * 1000) / (performance.now() - start);
  } finally {
    db.close();
  }
}

/** As many beside each other as the services have. */
async function atServer(url: string, group: number, seconds: number): Promise<number> {
  const database = await openDatabase(url, { service: "bare", migrations: [TABLE] });
  try {
    const row = new Uint8Array(ROW_OCTETS);
    let rows = 0;
    const start = performance.now();
    const lane = async () => {
      while (performance.now() - start < 1000 * seconds) {
        await database.transaction(async (sql) => {
          for (let i = 0; i < group; i++) await sql.run(INSERT, nameOf(i), row);
        });
        rows += group;
      }
    };
    await Promise.all(Array.from({ length: database.lanes }, lane));
    return (rows * 1000) / (performance.now() - start);
  } finally {
    await database.close();
  }
}

function nameOf(row: number): string {
  return String(Math.random()) + row;
}
