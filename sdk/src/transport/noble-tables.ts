// A card's characteristics, by noble: from a table that is known by its hash, where noble's binding lets one in (HCI), or found.

import { toHex } from "@enabling-card/wire";
import { sdkError } from "../errors.js";
import type { GattService } from "./gatt.js";
import type { KnownCharacteristic, KnownService, KnownTables } from "./known-tables.js";
import type { Noble, NobleCharacteristic, NoblePeripheral, NobleService } from "./noble.js";

/** Generic Attribute, and in it the Database Hash (Assigned Numbers 3.4.1, 3.8.1). */
const GENERIC_ATTRIBUTE = "1801";
const DATABASE_HASH = "2b2a";
const HASH_SIZE = 16;
/** Client Characteristic Configuration: notifications. */
const NOTIFY = [1, 0];

type Handles = Omit<KnownService, "characteristics">;

/** The characteristics of a service, which may be one, and how the second is had to notify. */
export interface Characteristics {
  readonly rx: NobleCharacteristic;
  readonly tx: NobleCharacteristic;
  readonly subscribe: () => Promise<unknown>;
  /** The hash of the table that they are from, where none was looked for. */
  readonly hash: string | undefined;
}

/** UUIDs without dashes. @throws {CardError} `CARD_NOT_FOUND` */
export async function characteristicsOf(
  noble: Noble,
  peripheral: NoblePeripheral,
  { service, rx, tx }: GattService,
  tables: KnownTables,
): Promise<Characteristics> {
  const known = await knownOf(noble, peripheral, service, [rx, tx], tables);
  const all = known
    ? noble.addCharacteristics?.(peripheral.id, service, [...known.characteristics])
    : await foundOf(peripheral, service, [rx, tx], tables);
  const [toCard, toPhone] = [rx, tx].map((uuid) => all?.find((one) => one.uuid === uuid));
  if (toCard === undefined || toPhone === undefined) throw sdkError("CARD_NOT_FOUND", "it does not have the service");
  const configuration = configurationOf(known?.characteristics.find((one) => one.uuid === tx));
  return {
    rx: toCard,
    tx: toPhone,
    subscribe: () =>
      configuration !== undefined && peripheral.writeHandleAsync
        ? peripheral.writeHandleAsync(configuration, Buffer.from(NOTIFY), false)
        : toPhone.subscribeAsync(), // looks for it first
    hash: known?.hash,
  };
}

/** Where a known characteristic's notifications are asked for: what notifies has such a descriptor (Vol 3 Part G 3.3.3.3), and here it is the only one. */
function configurationOf(known: KnownCharacteristic | undefined): number | undefined {
  return known !== undefined && known.endHandle === known.valueHandle + 1 ? known.endHandle : undefined;
}

/** From a table whose hash the card has too: one read, and none where no table is known. */
async function knownOf(
  noble: Noble,
  peripheral: NoblePeripheral,
  uuid: string,
  wanted: readonly string[],
  tables: KnownTables,
): Promise<{ readonly hash: string; readonly characteristics: readonly KnownCharacteristic[] } | undefined> {
  if (!noble.addServices || !noble.addCharacteristics || !peripheral.readHandleAsync) return undefined;
  const known = (await tables.all()).flatMap(({ hash, hashHandle, services }) => {
    const service = services.find((one) => one.uuid === uuid && has(one.characteristics, wanted));
    return service ? [{ hash, hashHandle, service }] : [];
  });
  for (const hashHandle of new Set(known.map((table) => table.hashHandle))) {
    const hash = toHex(await peripheral.readHandleAsync(hashHandle)); // no octets where the card refuses
    const table = known.find((one) => one.hash === hash && one.hashHandle === hashHandle);
    if (table === undefined) continue;
    const { characteristics, ...handles } = table.service;
    peripheral.services = []; // noble keeps those of each connection before
    noble.addServices(peripheral.id, [handles]);
    return { hash, characteristics };
  }
  return undefined;
}

/** By looking; what was found is learnt, where noble tells handles. */
async function foundOf(
  peripheral: NoblePeripheral,
  uuid: string,
  wanted: readonly string[],
  tables: KnownTables,
): Promise<readonly NobleCharacteristic[]> {
  let places: readonly Handles[] = [];
  const told = (_: unknown, services: readonly Handles[]) => {
    places = services;
  };
  peripheral.on("servicesDiscovered", told);
  const services = await peripheral
    .discoverServicesAsync([uuid, GENERIC_ATTRIBUTE])
    .finally(() => peripheral.removeListener("servicesDiscovered", told));
  const service = services.find((one) => one.uuid === uuid);
  if (service === undefined) return [];
  const { characteristics, handles } = await characteristicsIn(service, wanted);
  const place = places.find((one) => one.uuid === uuid);
  const generic = services.find((one) => one.uuid === GENERIC_ATTRIBUTE);
  if (place !== undefined && generic !== undefined && has(handles, wanted)) {
    const table = await hashIn(generic, peripheral);
    const { startHandle, endHandle } = place;
    if (table) await tables.learn(table, { uuid, startHandle, endHandle, characteristics: handles });
  }
  return characteristics;
}

const has = (all: readonly KnownCharacteristic[], wanted: readonly string[]): boolean =>
  wanted.every((uuid) => all.some((one) => one.uuid === uuid));

/** The Database Hash and its place; undefined where there is none to be read. */
async function hashIn(generic: NobleService, peripheral: NoblePeripheral) {
  const { handles } = await characteristicsIn(generic, [DATABASE_HASH]);
  const hashHandle = handles[0]?.valueHandle;
  if (hashHandle === undefined) return undefined;
  const hash = await peripheral.readHandleAsync?.(hashHandle);
  return hash?.length === HASH_SIZE ? { hash: toHex(hash), hashHandle } : undefined;
}

/** Those of a service that are wanted, and their handles where noble tells these. */
async function characteristicsIn(service: NobleService, wanted: readonly string[]) {
  let handles: readonly KnownCharacteristic[] = [];
  const told = (all: readonly KnownCharacteristic[]) => {
    handles = all
      .filter(({ uuid }) => wanted.includes(uuid))
      .map(({ uuid, startHandle, valueHandle, endHandle, properties }) => {
        return { uuid, startHandle, valueHandle, endHandle, properties };
      });
  };
  service.on("characteristicsDiscovered", told);
  const characteristics = await service.discoverCharacteristicsAsync([...new Set(wanted)]);
  service.removeListener("characteristicsDiscovered", told);
  return { characteristics, handles };
}
