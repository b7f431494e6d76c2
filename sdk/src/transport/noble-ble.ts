// Adapter for @stoprocent/noble (2.8): cards over the Bluetooth of a computer. Structural: whoever has noble hands it in, and the SDK depends on no
// library. What noble does and does not do is covered here; the rest is gatt.ts's.

import { INTERVAL_MIN } from "@enabling-card/wire";
import { sdkError, throwIfAborted } from "../errors.js";
import type { CardLink, CardTransport } from "./card-link.js";
import {
  bothWays,
  CARD_GATT,
  dialGatt,
  type GattDial,
  type GattOptions,
  type GattService,
  gattOptions,
  identifierIn,
  SMP_GATT,
} from "./gatt.js";
import { type KnownTableStore, KnownTables } from "./known-tables.js";
import type { Noble, NoblePeripheral } from "./noble.js";
import { forget } from "./noble-memory.js";
import { characteristicsOf } from "./noble-tables.js";
import { firstOf, newOnly, SharedScan } from "./scan.js";

export interface NobleTransportOptions extends GattOptions {
  /** Where tables of attributes outlive the process: a card whose table is known is spoken to 14 connection intervals sooner. A transport remembers them by itself. */
  readonly tables?: KnownTableStore;
}

/** noble writes UUIDs without dashes. */
const bare = (uuid: string) => uuid.replaceAll("-", "");
const SERVICE = bare(CARD_GATT.service);
/** What looking takes of the time to connect at most. Who calls has a limit of his own, as a rule the same, which began before Bluetooth did: this is to be told before it. */
const LOOKING = 3 / 4;
/** An update wants the shortest interval that the card asks for: 15 ms, in 1.25 ms. */
const FAST = { minInterval: INTERVAL_MIN, maxInterval: INTERVAL_MIN };

/** Cards around this computer. */
export function nobleTransport(noble: Noble, options: NobleTransportOptions = {}): CardTransport {
  const ways = gattOptions(options);
  const { timeoutMs } = ways;
  const tables = new KnownTables(options.tables);
  const known = new Map<string, NoblePeripheral>();
  let stopHearing: () => void = () => undefined;
  const scan = new SharedScan<NoblePeripheral>(
    {
      async start(found) {
        // Cards change their addresses: what was known would grow without end.
        for (const peripheral of known.values()) if (peripheral.state === "disconnected") forget(noble, peripheral);
        known.clear();
        const heard = (peripheral: NoblePeripheral) => {
          known.set(peripheral.id, peripheral);
          found(peripheral);
        };
        noble.on("discover", heard);
        stopHearing = () => noble.removeListener("discover", heard);
        // Before the scan's own time is over, so that this is what is told.
        await noble.waitForPoweredOnAsync(timeoutMs / 2).catch((cause: unknown) => {
          throw sdkError("BLUETOOTH_OFF", undefined, { cause });
        });
        await noble.startScanningAsync([SERVICE], true);
      },
      async stop() {
        stopHearing();
        await noble.stopScanningAsync();
      },
    },
    { timeoutMs },
  );

  async function connect(id: string, gatt: GattService, signal?: AbortSignal): Promise<CardLink> {
    throwIfAborted(signal);
    const peripheral = known.get(id) ?? (await firstOf(scan, (one) => one.id === id, timeoutMs * LOOKING, signal));
    await scan.settled(); // some adapters do not connect while they scan
    return dialGatt(nobleDial({ noble, peripheral, mtu: ways.mtu, gatt, tables }), ways, signal);
  }

  return {
    discover: (signal) => newOnly(scan, shownBy, signal),
    ...bothWays(connect),
  };
}

function shownBy({ id, rssi, advertisement }: NoblePeripheral) {
  const { localName, manufacturerData } = advertisement;
  return { id, name: localName, rssi, identifier: identifierIn(manufacturerData) };
}

interface Dialled {
  readonly noble: Noble;
  readonly peripheral: NoblePeripheral;
  readonly mtu: number;
  readonly gatt: GattService;
  readonly tables: KnownTables;
}

function nobleDial({ noble, peripheral, mtu, gatt, tables }: Dialled): GattDial {
  const uuids = { service: bare(gatt.service), rx: bare(gatt.rx), tx: bare(gatt.tx) };
  let isUp = false;
  let gone: () => void = () => undefined;
  /** noble keeps each peripheral that it ever saw, and with it whoever listens to it. */
  let stopHearing: () => void = () => undefined;
  /** The table of a card that is listened to and has said nothing yet: it may be made up. */
  let unproved: string | undefined;
  const leave = () => {
    peripheral.removeListener("disconnect", gone);
    stopHearing();
    if (unproved !== undefined) void tables.forget(unproved);
    unproved = undefined;
  };
  return {
    id: peripheral.id,
    gatt,
    async connect(lost) {
      gone = () => {
        isUp = false;
        leave();
        lost();
      };
      peripheral.on("disconnect", gone);
      await peripheral.connectAsync(gatt === SMP_GATT ? { mtu, ...FAST } : { mtu });
      isUp = true;
    },
    async find() {
      const { rx, tx, subscribe, hash } = await characteristicsOf(noble, peripheral, uuids, tables);
      return {
        mtu: peripheral.mtu ?? undefined,
        holdsBack: true, // until the controller has a buffer
        // An error of the card, and the end of the connection, leave it pending for ever.
        write: (chunk, response) => rx.writeAsync(Buffer.from(chunk), !response),
        async subscribe(hear) {
          const heard = (data: Uint8Array) => {
            unproved = undefined;
            hear(Uint8Array.from(data));
          };
          tx.on("data", heard);
          unproved = hash;
          stopHearing = () => void tx.removeListener("data", heard);
          await subscribe();
          return stopHearing;
        },
      };
    },
    async hangUp() {
      if (isUp) await peripheral.disconnectAsync();
      else peripheral.cancelConnect(); // it looks for it without end
    },
    forget: leave,
  };
}
