// Adapter for Web Bluetooth (webbluetoothcg.github.io/web-bluetooth): cards of a page in Chrome, Edge or Opera. The browser asks its user for each card,
// hides what cards advertise, the MTU and who else is there. Typed by shape: `navigator.bluetooth`, or what has its calls.

import { CardError, type SdkErrorCode, sdkError, throwIfAborted } from "../errors.js";
import { within } from "../link/message-link.js";
import type { CardLink, CardTransport, DiscoveredCard } from "./card-link.js";
import {
  bothWays,
  CARD_GATT,
  dialGatt,
  type GattDial,
  type GattOptions,
  type GattService,
  gattOptions,
  octetsOf,
  SMP_GATT,
} from "./gatt.js";

export interface WebBluetoothCharacteristic {
  readonly value?: DataView | undefined;
  writeValueWithResponse(value: Uint8Array<ArrayBuffer>): Promise<void>;
  writeValueWithoutResponse(value: Uint8Array<ArrayBuffer>): Promise<void>;
  startNotifications(): Promise<unknown>;
  addEventListener(type: "characteristicvaluechanged", listener: () => void): void;
  removeEventListener(type: "characteristicvaluechanged", listener: () => void): void;
}

export interface WebBluetoothServer {
  connect(): Promise<unknown>;
  disconnect(): void;
  getPrimaryService(uuid: string): Promise<{ getCharacteristic(uuid: string): Promise<WebBluetoothCharacteristic> }>;
}

export interface WebBluetoothDevice {
  readonly id: string;
  readonly name?: string | undefined;
  readonly gatt?: WebBluetoothServer | undefined;
  addEventListener(type: "gattserverdisconnected", listener: () => void): void;
  removeEventListener(type: "gattserverdisconnected", listener: () => void): void;
}

/** What is used of `navigator.bluetooth`. */
export interface WebBluetooth {
  getAvailability(): Promise<boolean>;
  requestDevice(options: {
    filters: { services: string[] }[];
    optionalServices?: string[];
  }): Promise<WebBluetoothDevice>;
}

export interface WebBluetoothTransport extends CardTransport {
  /**
   * Has the browser ask its user for a card. From a click alone: browsers allow it nowhere else.
   *
   * @throws {CardError} `CARD_NOT_CHOSEN`, `BLUETOOTH_OFF`, `BLUETOOTH_FORBIDDEN`, `ABORTED`
   */
  choose(signal?: AbortSignal): Promise<DiscoveredCard>;
}

/**
 * Cards that the browser's user chooses. `discover` gives those that were chosen and not connected to since, the newest first; where there is none it asks
 * for one. A card has another address each time it goes on the air, so that what was chosen is good for one connection.
 *
 * @param bluetooth - the page's, unless told
 * @throws {CardError} `WEB_BLUETOOTH_MISSING` where the browser has none, or hides it as the page came without https
 */
export function webBluetoothTransport(
  bluetooth: WebBluetooth | undefined = pageBluetooth(),
  options: GattOptions = {},
): WebBluetoothTransport {
  if (bluetooth === undefined) throw sdkError("WEB_BLUETOOTH_MISSING");
  const ways = gattOptions(options);
  const chosen = new Map<string, WebBluetoothDevice>();

  async function choose(signal?: AbortSignal): Promise<DiscoveredCard> {
    throwIfAborted(signal);
    try {
      if (!(await within(bluetooth!.getAvailability(), ways.timeoutMs, signal))) throw sdkError("BLUETOOTH_OFF");
      // The user may take any time over it.
      const asked = bluetooth!.requestDevice({
        filters: [{ services: [CARD_GATT.service] }],
        optionalServices: [SMP_GATT.service],
      });
      const device = await within(asked, undefined, signal);
      chosen.delete(device.id);
      chosen.set(device.id, device);
      return discovered(device);
    } catch (cause) {
      if (cause instanceof CardError) throw cause;
      throw sdkError(codeOf(cause) ?? "CARD_NOT_CHOSEN", undefined, { cause });
    }
  }

  async function connect(id: string, gatt: GattService, signal?: AbortSignal): Promise<CardLink> {
    const device = chosen.get(id);
    if (device?.gatt === undefined) throw sdkError("CARD_NOT_FOUND", "it was not chosen for this connection");
    try {
      const link = await dialGatt(webDial(device, device.gatt, gatt), ways, signal);
      link.onDisconnect(() => chosen.delete(id));
      return link;
    } catch (error) {
      chosen.delete(id);
      throw error;
    }
  }

  return {
    hidesIdentifiers: true,
    choose,
    async *discover(signal) {
      if (signal?.aborted) return;
      if (chosen.size === 0) {
        try {
          await choose(signal);
        } catch (error) {
          if (signal?.aborted) return;
          throw error;
        }
      }
      for (const device of [...chosen.values()].reverse()) yield discovered(device);
    },
    ...bothWays(connect),
  };
}

function pageBluetooth(): WebBluetooth | undefined {
  return (globalThis as { navigator?: { bluetooth?: WebBluetooth } }).navigator?.bluetooth;
}

function discovered({ id, name }: WebBluetoothDevice): DiscoveredCard {
  return { id, ...(name && { name }) };
}

function webDial(device: WebBluetoothDevice, server: WebBluetoothServer, gatt: GattService): GattDial {
  let gone: () => void = () => undefined;
  return {
    id: device.id,
    gatt,
    codeOf,
    async connect(lost) {
      gone = lost;
      device.addEventListener("gattserverdisconnected", gone);
      await server.connect();
    },
    async find() {
      const service = await server.getPrimaryService(gatt.service);
      const rx = await service.getCharacteristic(gatt.rx);
      const tx = await service.getCharacteristic(gatt.tx);
      return {
        mtu: undefined,
        write: (chunk, response) => (response ? rx.writeValueWithResponse(chunk) : rx.writeValueWithoutResponse(chunk)),
        async subscribe(hear) {
          const changed = () => tx.value && hear(octetsOf(tx.value));
          tx.addEventListener("characteristicvaluechanged", changed);
          await tx.startNotifications();
          return () => tx.removeEventListener("characteristicvaluechanged", changed);
        },
      };
    },
    // Also ends an attempt to connect.
    hangUp: async () => server.disconnect(),
    forget: () => device.removeEventListener("gattserverdisconnected", gone),
  };
}

/** DOMExceptions by name; "NetworkError" is any failure on the air. */
function codeOf(error: unknown): SdkErrorCode | undefined {
  const { name } = error as { name?: string };
  return name === "SecurityError" || name === "NotAllowedError" ? "BLUETOOTH_FORBIDDEN" : undefined;
}
