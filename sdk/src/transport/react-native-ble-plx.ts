// Adapter for react-native-ble-plx (3.5): cards around an iPhone or an Android phone. Structural: the app hands its `BleManager` in. Values are base64;
// Android has the MTU that is asked for, iOS one of its own.

import { fromBase64, toBase64 } from "../base64.js";
import type { SdkErrorCode } from "../errors.js";
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
} from "./gatt.js";
import { newOnly, SharedScan } from "./scan.js";

export interface BlePlxDevice {
  readonly id: string;
  readonly name: string | null;
  readonly localName: string | null;
  readonly rssi: number | null;
  /** 23 before it is connected; afterwards what was agreed. */
  readonly mtu: number;
  /** Base64: company identifier, then what the company says. */
  readonly manufacturerData: string | null;
}

interface Subscription {
  remove(): void;
}

/** What is used of its `BleManager`. */
export interface BlePlxManager {
  startDeviceScan(
    uuids: string[] | null,
    options: { allowDuplicates?: boolean } | null,
    listener: (error: Error | null, device: BlePlxDevice | null) => void,
  ): Promise<void>;
  stopDeviceScan(): Promise<void>;
  connectToDevice(id: string, options?: { timeout?: number }): Promise<BlePlxDevice>;
  cancelDeviceConnection(id: string): Promise<unknown>;
  onDeviceDisconnected(id: string, listener: () => void): Subscription;
  requestMTUForDevice(id: string, mtu: number): Promise<BlePlxDevice>;
  discoverAllServicesAndCharacteristicsForDevice(id: string): Promise<BlePlxDevice>;
  writeCharacteristicWithResponseForDevice(id: string, service: string, rx: string, base64: string): Promise<unknown>;
  writeCharacteristicWithoutResponseForDevice(
    id: string,
    service: string,
    rx: string,
    base64: string,
  ): Promise<unknown>;
  monitorCharacteristicForDevice(
    id: string,
    service: string,
    tx: string,
    listener: (error: Error | null, characteristic: { readonly value: string | null } | null) => void,
  ): Subscription;
}

/** Cards around this phone. */
export function blePlxTransport(manager: BlePlxManager, options: GattOptions = {}): CardTransport {
  const ways = gattOptions(options);
  const scan = new SharedScan<BlePlxDevice>(
    {
      start: (found, failed) =>
        manager.startDeviceScan([CARD_GATT.service], { allowDuplicates: true }, (error, device) => {
          if (error !== null) failed(error);
          else if (device !== null) found(device);
        }),
      stop: () => manager.stopDeviceScan(),
    },
    { timeoutMs: ways.timeoutMs, codeOf },
  );

  async function connect(id: string, gatt: GattService, signal?: AbortSignal): Promise<CardLink> {
    await scan.settled();
    return dialGatt(plxDial(manager, id, gatt, ways), ways, signal);
  }

  return {
    discover: (signal) => newOnly(scan, shownBy, signal),
    ...bothWays(connect),
  };
}

function shownBy({ id, name, localName, rssi, manufacturerData }: BlePlxDevice) {
  const identifier = manufacturerData === null ? undefined : identifierIn(fromBase64(manufacturerData));
  return { id, name: localName ?? name, rssi, identifier };
}

function plxDial(
  manager: BlePlxManager,
  id: string,
  gatt: GattService,
  { mtu, timeoutMs }: Required<GattOptions>,
): GattDial {
  const { service, rx, tx } = gatt;
  let subscription: Subscription | undefined;
  let lost: () => void = () => undefined;
  return {
    id,
    gatt,
    codeOf,
    async connect(gone) {
      lost = gone;
      subscription = manager.onDeviceDisconnected(id, gone);
      await manager.connectToDevice(id, { timeout: timeoutMs });
    },
    async find() {
      // Android 14 asks for 517 whatever it is told, and once a connection; iOS answers with what it has agreed by itself. Where it is refused, 23 stay.
      const asked = await manager.requestMTUForDevice(id, mtu).catch(() => undefined);
      await manager.discoverAllServicesAndCharacteristicsForDevice(id);
      return {
        mtu: asked?.mtu,
        write: (chunk, response) =>
          response
            ? manager.writeCharacteristicWithResponseForDevice(id, service, rx, toBase64(chunk))
            : manager.writeCharacteristicWithoutResponseForDevice(id, service, rx, toBase64(chunk)),
        // It does not tell when it is set: what is called later comes after it, and where it fails, or the connection goes, its listener hears of it.
        async subscribe(hear) {
          let isOver = false; // it calls being stopped an error, too
          const monitor = manager.monitorCharacteristicForDevice(id, service, tx, (error, characteristic) => {
            if (isOver) return;
            if (error === null) return hear(fromBase64(characteristic?.value ?? ""));
            isOver = true;
            lost();
          });
          return () => {
            isOver = true;
            monitor.remove();
          };
        },
      };
    },
    hangUp: () => manager.cancelDeviceConnection(id),
    forget: () => subscription?.remove(),
  };
}

/** `BleErrorCode`s that say more than that it failed. */
const CODES: Readonly<Record<number, SdkErrorCode>> = {
  3: "LINK_TIMEOUT", // OperationTimedOut
  100: "BLUETOOTH_OFF", // BluetoothUnsupported
  101: "BLUETOOTH_FORBIDDEN", // BluetoothUnauthorized
  102: "BLUETOOTH_OFF", // BluetoothPoweredOff
  201: "LINK_LOST", // DeviceDisconnected
  302: "CARD_NOT_FOUND", // ServiceNotFound
  404: "CARD_NOT_FOUND", // CharacteristicNotFound
  601: "BLUETOOTH_FORBIDDEN", // LocationServicesDisabled: Android before 12 does not scan then
};

function codeOf(error: unknown): SdkErrorCode | undefined {
  return CODES[(error as { errorCode?: number }).errorCode ?? -1];
}
