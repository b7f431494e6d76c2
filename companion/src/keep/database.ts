// What this browser keeps, in one IndexedDB: pairings, registrations, accounts, payments, when a card was here last, settings. Keys are handles of WebCrypto where the browser
// has X25519, which gives their secret half to nobody, these pages among them.

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Account, Payment, StoredPairing, StoredRegistration, Together } from "./records.js";

export interface Kept extends DBSchema {
  /** By the card's id and whether it is confirmed: at most one of each. */
  pairings: { key: [cardId: string, confirmed: number]; value: StoredPairing };
  registrations: { key: [cardId: string, tokenRef: string]; value: StoredRegistration };
  accounts: { key: string; value: Account };
  payments: { key: number; value: Payment; indexes: { startedMs: number } };
  togethers: { key: string; value: Together };
  settings: { key: string; value: string };
}

export type Database = IDBPDatabase<Kept>;

const NAME = "enabling-card";
const VERSION = 2;

/** Why nothing can be kept, in words of the user's. */
export class KeepError extends Error {
  override readonly name = "KeepError";

  constructor(
    readonly code: "STORAGE_MISSING" | "STORAGE_NEWER" | "STORAGE_FULL",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** @throws {KeepError} where the browser keeps nothing here, or a newer version of these pages did */
export async function openDatabase(): Promise<Database> {
  try {
    return await openDB<Kept>(NAME, VERSION, {
      upgrade(database, before) {
        if (before < 2) database.createObjectStore("togethers", { keyPath: "card" });
        if (before > 0) return;
        database.createObjectStore("pairings", { keyPath: ["card", "confirmedAs"] });
        database.createObjectStore("registrations", { keyPath: ["card", "token"] });
        database.createObjectStore("accounts", { keyPath: "card" });
        const payments = database.createObjectStore("payments", { keyPath: "id", autoIncrement: true });
        payments.createIndex("startedMs", "startedMs");
        database.createObjectStore("settings");
      },
      // Another tab wants a newer version: this one lets go, and is loaded anew.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "VersionError") {
      const message = "A newer version of this app was here: close its other tabs, then load this page again";
      throw new KeepError("STORAGE_NEWER", message, { cause });
    }
    const message =
      "This browser keeps nothing for this page: leave its private window, or allow site data, then load it again";
    throw new KeepError("STORAGE_MISSING", message, { cause });
  }
}

/** What is to be kept; a disk that is full is told as such. */
export async function keeping<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "QuotaExceededError") {
      const message = "There is no room left to keep this: free some space on this device, then try again";
      throw new KeepError("STORAGE_FULL", message, { cause });
    }
    throw cause;
  }
}
