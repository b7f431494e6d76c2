// The devices that show codes, each by the card that registered it. A card's own, which shows the codes that it swipes, is nobody's to name.

import { FORGOTTEN_AT_ONCE, type Sql } from "@enabling-card/sql";

export interface DeviceRow {
  /** Sealed. */
  readonly key: Uint8Array;
  /** Keyed name of who registered it; null of a card's own, and of one that came before devices had an owner. */
  readonly owner: string | null;
  readonly removed: number;
}

/** For the processor's migrations. */
export const DEVICES_OWNED = `
  ALTER TABLE devices ADD COLUMN owner TEXT;
  ALTER TABLE devices ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX devices_by_owner ON devices (owner, removed);
  CREATE INDEX devices_removed ON devices (device) WHERE removed = 1;
  CREATE INDEX codes_by_device ON codes (device);`;

/** The table, as one transaction sees it, or each statement by itself. */
export class Devices {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** One that is there already stays as it is. */
  async add(device: string, key: Uint8Array, owner: string | null): Promise<void> {
    await this.#sql.run(
      "INSERT INTO devices (device, key, owner) VALUES (?, ?, ?) ON CONFLICT (device) DO NOTHING",
      device,
      key,
      owner,
    );
  }

  find(device: string): Promise<DeviceRow | undefined> {
    return this.#sql.row("SELECT key, owner, removed FROM devices WHERE device = ?", device);
  }

  /** Of an owner's: all that are in the table, and those of them that were not removed. */
  async count(owner: string): Promise<{ readonly all: number; readonly registered: number }> {
    const counted = "SELECT COUNT(*) AS n FROM devices WHERE owner = ?";
    const all = await this.#sql.row<{ n: number }>(counted, owner);
    const removed = await this.#sql.row<{ n: number }>(`${counted} AND removed = 1`, owner);
    return { all: all!.n, registered: all!.n - removed!.n };
  }

  /** It shows no code any more: those that were open are cancelled. */
  async remove(device: string): Promise<void> {
    await this.#sql.run("UPDATE devices SET removed = 1 WHERE device = ?", device);
    await this.#sql.run("UPDATE codes SET cancelled = 1 WHERE device = ? AND request IS NULL", device);
  }

  /** Forgets removed ones whose codes are forgotten, some at a time. */
  async forget(): Promise<void> {
    await this.#sql.run(
      `DELETE FROM devices WHERE device IN (SELECT device FROM devices WHERE removed = 1
         AND NOT EXISTS (SELECT 1 FROM codes WHERE codes.device = devices.device) LIMIT ${FORGOTTEN_AT_ONCE})`,
    );
  }
}
