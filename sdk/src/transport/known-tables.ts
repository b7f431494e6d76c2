// What cards' tables of attributes were found to be, by their Database Hash (Core 6.0, Vol 3 Part G 7.3): who knows a table asks a card for its hash
// alone, one read, and looks for nothing. Cards of one firmware have one table, whatever address they are at.

import { fromHex } from "@enabling-card/wire";

/** Handles of a characteristic, and its properties as its declaration has them. UUIDs are as the platform writes them. */
export interface KnownCharacteristic {
  readonly uuid: string;
  readonly startHandle: number;
  readonly valueHandle: number;
  readonly endHandle: number;
  readonly properties: number;
}

export interface KnownService {
  readonly uuid: string;
  readonly startHandle: number;
  readonly endHandle: number;
  readonly characteristics: readonly KnownCharacteristic[];
}

export interface KnownTable {
  /** The Database Hash, 16 octets, hexadecimal; and where it is read. */
  readonly hash: string;
  readonly hashHandle: number;
  readonly services: readonly KnownService[];
}

/** Where an app keeps tables from one run to the next. It holds no secret; what it gives is checked, and what is not in order is as if it were not there. */
export interface KnownTableStore {
  load(): Promise<unknown>;
  save(tables: readonly KnownTable[]): Promise<void>;
}

/** Tables that are kept: the latest ones. */
const TABLES_MAX = 8;
const SERVICES_MAX = 8;
const CHARACTERISTICS_MAX = 16;
const HASH_SIZE = 16;

/** The tables that a transport knows: its own, and those of a store if it has one. */
export class KnownTables {
  readonly #store: KnownTableStore | undefined;
  #tables: readonly KnownTable[] | undefined;

  constructor(store?: KnownTableStore) {
    this.#store = store;
  }

  async all(): Promise<readonly KnownTable[]> {
    this.#tables ??= tablesIn(await this.#store?.load().catch(() => undefined));
    return this.#tables;
  }

  /** A table that led to a card that said nothing: who made it up may have had another's hash. */
  async forget(hash: string): Promise<void> {
    await this.#keep((await this.all()).filter((table) => table.hash !== hash));
  }

  /** A service of a table; those of the same table that are known stay. */
  async learn({ hash, hashHandle }: Omit<KnownTable, "services">, service: KnownService): Promise<void> {
    const all = await this.all();
    const known = all.find((table) => table.hash === hash)?.services ?? [];
    const services = [service, ...known.filter(({ uuid }) => uuid !== service.uuid)].slice(0, SERVICES_MAX);
    const others = all.filter((table) => table.hash !== hash);
    await this.#keep([{ hash, hashHandle, services }, ...others].slice(0, TABLES_MAX));
  }

  /** A store that fails costs a search the next time, and no link. */
  async #keep(tables: readonly KnownTable[]): Promise<void> {
    this.#tables = tables;
    await this.#store?.save(tables).catch(() => undefined);
  }
}

/** What of a stored value is tables. */
function tablesIn(stored: unknown): readonly KnownTable[] {
  return Array.isArray(stored) ? stored.slice(0, TABLES_MAX).filter(isTable) : [];
}

function isTable(value: unknown): value is KnownTable {
  const { hash, hashHandle, services } = fieldsOf(value);
  return isHash(hash) && isHandle(hashHandle) && isListOf(services, SERVICES_MAX, isService);
}

function isService(value: unknown): value is KnownService {
  const { uuid, startHandle, endHandle, characteristics } = fieldsOf(value);
  return (
    typeof uuid === "string" &&
    isRising([startHandle, endHandle]) &&
    isListOf(characteristics, CHARACTERISTICS_MAX, isCharacteristic)
  );
}

function isCharacteristic(value: unknown): value is KnownCharacteristic {
  const { uuid, startHandle, valueHandle, endHandle, properties } = fieldsOf(value);
  return (
    typeof uuid === "string" &&
    isRising([startHandle, valueHandle, endHandle]) &&
    Number.isInteger(properties) &&
    ((properties as number) & ~0xff) === 0
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function isListOf(value: unknown, most: number, is: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.length <= most && value.every(is);
}

function isRising(handles: readonly unknown[]): boolean {
  return handles.every(
    (handle, i) => isHandle(handle) && (i === 0 || (handle as number) >= (handles[i - 1] as number)),
  );
}

function isHandle(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 0xffff;
}

function isHash(value: unknown): value is string {
  if (typeof value !== "string" || value.length !== 2 * HASH_SIZE) return false;
  try {
    return fromHex(value).length === HASH_SIZE;
  } catch {
    return false;
  }
}
