// Adapter for @stoprocent/noble (2.8): cards over the Bluetooth of a computer. Structural: whoever has noble hands it in, and the SDK depends on no
// library. What noble does and does not do is covered here; the rest is gatt.ts's.

import { INTERVAL_MIN } from "@enabling-card/wire";
import { CardError, sdkError, throwIfAborted } from "../errors.js";
import type { CardLink, CardTransport, DiscoveredCard } from "./card-link.js";
import {
  CARD_GATT,
  dialGatt,
  type GattDial,
  type GattOptions,
  type GattService,
  gattOptions,
  identifierIn,
  SMP_GATT,
} from "./gatt.js";
import { firstOf, newOnly, SharedScan } from "./scan.js";

// biome-ignore lint/suspicious/noExplicitAny: noble's events have listeners of many shapes
type Listener = (...values: any[]) => void;

interface Emitter {
  on(event: string, listener: Listener): unknown;
  removeListener(event: string, listener: Listener): unknown;
}

export interface NobleCharacteristic extends Emitter {
  readonly uuid: string;
  /** Takes a Buffer, and no other octets. */
  writeAsync(data: Buffer, withoutResponse: boolean): Promise<void>;
  subscribeAsync(): Promise<void>;
}

export interface NoblePeripheral extends Emitter {
  readonly id: string;
  readonly rssi: number;
  /** The server's, once it was exchanged; null before. */
  readonly mtu: number | null;
  readonly advertisement: { readonly localName?: string; readonly manufacturerData?: Uint8Array };
  connectAsync(options?: object): Promise<void>;
  cancelConnect(): void;
  disconnectAsync(): Promise<void>;
  discoverSomeServicesAndCharacteristicsAsync(
    services: string[],
    characteristics: string[],
  ): Promise<{ readonly characteristics: readonly NobleCharacteristic[] }>;
}

/** What is used of noble. */
export interface Noble extends Emitter {
  waitForPoweredOnAsync(timeoutMs?: number): Promise<void>;
  startScanningAsync(services?: string[], allowDuplicates?: boolean): Promise<void>;
  stopScanningAsync(): Promise<void>;
}

export type NobleTransportOptions = GattOptions;

/** noble writes UUIDs without dashes. */
const bare = (uuid: string) => uuid.replaceAll("-", "");
const SERVICE = bare(CARD_GATT.service);
/** An update wants the shortest interval that the card asks for: 15 ms, in 1.25 ms. */
const FAST = { minInterval: INTERVAL_MIN, maxInterval: INTERVAL_MIN };

/** Cards around this computer. */
export function nobleTransport(noble: Noble, options: NobleTransportOptions = {}): CardTransport {
  const ways = gattOptions(options);
  const { timeoutMs } = ways;
  const known = new Map<string, NoblePeripheral>();
  let stopHearing: () => void = () => undefined;
  const scan = new SharedScan<NoblePeripheral>(
    {
      async start(found) {
        known.clear(); // cards change their addresses: what was known would grow without end
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
    {
      timeoutMs,
      coded: (cause) => (cause instanceof CardError ? cause : sdkError("CARD_NOT_FOUND", undefined, { cause })),
    },
  );

  async function* cards(signal?: AbortSignal): AsyncGenerator<DiscoveredCard> {
    for await (const peripheral of scan.listen(signal)) yield discovered(peripheral);
  }

  async function connect(id: string, gatt: GattService, signal?: AbortSignal): Promise<CardLink> {
    throwIfAborted(signal);
    const peripheral = known.get(id) ?? (await firstOf(scan, (one) => one.id === id, timeoutMs, signal));
    await scan.settled(); // some adapters do not connect while they scan
    return dialGatt(nobleDial(peripheral, ways.mtu, gatt), ways, signal);
  }

  return {
    discover: (signal) => newOnly(cards(signal)),
    connect: (id, { signal } = {}) => connect(id, CARD_GATT, signal),
    connectLoader: (id, { signal } = {}) => connect(id, SMP_GATT, signal),
  };
}

function discovered({ id, rssi, advertisement }: NoblePeripheral): DiscoveredCard {
  const { localName, manufacturerData } = advertisement;
  const identifier = identifierIn(manufacturerData);
  return {
    id,
    ...(localName && { name: localName }),
    ...(Number.isFinite(rssi) && { rssi }),
    ...(identifier && { identifier }),
  };
}

function nobleDial(peripheral: NoblePeripheral, mtu: number, gatt: GattService): GattDial {
  const [service, rxUuid, txUuid] = [gatt.service, gatt.rx, gatt.tx].map(bare) as [string, string, string];
  let isUp = false;
  let gone: () => void = () => undefined;
  /** noble keeps each peripheral that it ever saw, and with it whoever listens to it. */
  let stopHearing: () => void = () => undefined;
  const forget = () => {
    peripheral.removeListener("disconnect", gone);
    stopHearing();
  };
  return {
    id: peripheral.id,
    gatt,
    async connect(lost) {
      gone = () => {
        isUp = false;
        forget();
        lost();
      };
      peripheral.on("disconnect", gone);
      await peripheral.connectAsync(gatt === SMP_GATT ? { mtu, ...FAST } : { mtu });
      isUp = true;
    },
    async find() {
      const { characteristics } = await peripheral.discoverSomeServicesAndCharacteristicsAsync(
        [service],
        [...new Set([rxUuid, txUuid])],
      );
      const rx = characteristics.find((one) => one.uuid === rxUuid);
      const tx = characteristics.find((one) => one.uuid === txUuid);
      if (rx === undefined || tx === undefined) throw sdkError("CARD_NOT_FOUND", "it does not have the service");
      return {
        mtu: peripheral.mtu ?? undefined,
        holdsBack: true, // until the controller has a buffer
        // An error of the card, and the end of the connection, leave it pending for ever.
        write: (chunk, response) => rx.writeAsync(Buffer.from(chunk), !response),
        async subscribe(hear) {
          const heard = (data: Uint8Array) => hear(Uint8Array.from(data));
          tx.on("data", heard);
          stopHearing = () => void tx.removeListener("data", heard);
          await tx.subscribeAsync();
          return stopHearing;
        },
      };
    },
    async hangUp() {
      if (isUp) await peripheral.disconnectAsync();
      else peripheral.cancelConnect(); // it looks for it without end
    },
    forget,
  };
}
