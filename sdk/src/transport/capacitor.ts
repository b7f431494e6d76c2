// Adapter for @capacitor-community/bluetooth-le (8.3): cards around an iPhone or an Android phone. Structural: the app hands its `BleClient` in. Values are
// DataViews. It finds services and asks for an MTU (512, on Android) by itself as it connects. In a page, web-bluetooth.ts does more.

import { COMPANY_ID, concat } from "@enabling-card/wire";
import { type SdkErrorCode, sdkError } from "../errors.js";
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
  octetsOf,
} from "./gatt.js";
import { newOnly, SharedScan } from "./scan.js";

export interface CapacitorScanResult {
  readonly device: { readonly deviceId: string; readonly name?: string };
  readonly localName?: string;
  /** dBm. */
  readonly rssi?: number;
  /** By company identifier, in decimal; without it. */
  readonly manufacturerData?: { readonly [company: string]: DataView };
}

interface Timeout {
  timeout?: number;
}

/** What is used of its `BleClient`. */
export interface CapacitorBleClient {
  initialize(options?: { androidNeverForLocation?: boolean }): Promise<void>;
  isEnabled(): Promise<boolean>;
  requestLEScan(
    options: { services?: string[]; allowDuplicates?: boolean },
    callback: (result: CapacitorScanResult) => void,
  ): Promise<void>;
  stopLEScan(): Promise<void>;
  connect(id: string, onDisconnect?: (id: string) => void, options?: Timeout): Promise<void>;
  disconnect(id: string): Promise<void>;
  getMtu(id: string): Promise<number>;
  write(id: string, service: string, rx: string, value: DataView, options?: Timeout): Promise<void>;
  writeWithoutResponse(id: string, service: string, rx: string, value: DataView, options?: Timeout): Promise<void>;
  startNotifications(
    id: string,
    service: string,
    tx: string,
    callback: (value: DataView) => void,
    options?: Timeout,
  ): Promise<void>;
  stopNotifications(id: string, service: string, tx: string): Promise<void>;
}

/** Cards around this phone. */
export function capacitorTransport(client: CapacitorBleClient, options: GattOptions = {}): CardTransport {
  const ways = gattOptions(options);
  let initialised: Promise<void> | undefined;

  /** Asks for permission, the first time; its other calls fail before. */
  async function ready(): Promise<void> {
    // What it shows of a place is nobody's business here.
    initialised ??= client.initialize({ androidNeverForLocation: true }).catch((cause: unknown) => {
      initialised = undefined;
      throw sdkError(codeOf(cause) ?? "BLUETOOTH_OFF", undefined, { cause });
    });
    await initialised;
    if (!(await client.isEnabled())) throw sdkError("BLUETOOTH_OFF");
  }

  const scan = new SharedScan<CapacitorScanResult>(
    {
      async start(found) {
        await ready();
        await client.requestLEScan({ services: [CARD_GATT.service], allowDuplicates: true }, found);
      },
      stop: () => client.stopLEScan(),
    },
    { timeoutMs: ways.timeoutMs, codeOf },
  );

  async function connect(id: string, gatt: GattService, signal?: AbortSignal): Promise<CardLink> {
    await scan.settled();
    return dialGatt(capacitorDial(client, ready, id, gatt, ways.timeoutMs), ways, signal);
  }

  return {
    discover: (signal) => newOnly(scan, shownBy, signal),
    ...bothWays(connect),
  };
}

function shownBy({ device, localName, rssi, manufacturerData }: CapacitorScanResult) {
  const ours = manufacturerData?.[COMPANY_ID];
  const company = Uint8Array.of(COMPANY_ID & 0xff, COMPANY_ID >> 8);
  const identifier = ours && identifierIn(concat(company, octetsOf(ours)));
  return { id: device.deviceId, name: localName ?? device.name, rssi, identifier };
}

function capacitorDial(
  client: CapacitorBleClient,
  ready: () => Promise<void>,
  id: string,
  gatt: GattService,
  timeoutMs: number,
): GattDial {
  const { service, rx, tx } = gatt;
  // Half of it for an operation, as in its own defaults: one that the end of a connection leaves holds up its queue, where the next connect waits.
  const timeout = { timeout: timeoutMs / 2 };
  let gone: (() => void) | undefined;
  return {
    id,
    gatt,
    codeOf,
    async connect(lost) {
      await ready();
      gone = lost;
      // It keeps one listener a card, and calls it for any end of any connection to it.
      await client.connect(id, () => gone?.(), { timeout: timeoutMs });
    },
    async find() {
      const mtu = await client.getMtu(id).catch(() => -1); // a page cannot tell, and Android says -1 where it was not agreed
      return {
        mtu: mtu > 0 ? mtu : undefined,
        write(chunk, response) {
          const value = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
          return response
            ? client.write(id, service, rx, value, timeout)
            : client.writeWithoutResponse(id, service, rx, value, timeout);
        },
        async subscribe(hear) {
          await client.startNotifications(id, service, tx, (value) => hear(octetsOf(value)), timeout);
          return () => void client.stopNotifications(id, service, tx).catch(() => undefined);
        },
      };
    },
    hangUp: () => client.disconnect(id),
    forget: () => {
      gone = undefined;
    },
  };
}

/** Its errors have sentences, and no codes. */
function codeOf(error: unknown): SdkErrorCode | undefined {
  const { message = "" } = error as { message?: string };
  if (/permission/i.test(message)) return "BLUETOOTH_FORBIDDEN";
  if (/timeout/i.test(message)) return "LINK_TIMEOUT";
  return undefined;
}
