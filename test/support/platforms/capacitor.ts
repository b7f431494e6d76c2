// `BleClient` of @capacitor-community/bluetooth-le as its 8.3.0 behaves, over a stack of ours: one queue for all that an app calls, DataViews, a callback a
// key, sentences for errors. What is under way when the connection goes is left to its time-out, and holds the queue up until then.

import type { Characteristic, Connection, GattCentral, Seen } from "../gatt-central.js";
import { idOf } from "./ble-plx.js";

const SMP_SERVICE = "8d53dc1d-1db7-4cd3-868b-8a527460aa84";

const CONNECT_MS = 10_000;
const OPERATION_MS = 5_000;
const ANDROID_MTU = 512;
const IOS_MTU = 185;

interface Timeout {
  timeout?: number;
}

interface ScanResult {
  device: { deviceId: string; name?: string };
  localName?: string;
  rssi?: number;
  manufacturerData?: Record<string, DataView>;
}

export class FakeCapacitor {
  enabled = true;
  permission = true;
  /** Of a page the MTU is hidden. */
  readonly #platform: "android" | "ios" | "web";
  /** iOS drops what it has no room for. */
  roomForWrites = 16;
  readonly #central: GattCentral;
  readonly #seen = new Map<string, Seen>();
  readonly #links = new Map<string, Connection>();
  readonly #found = new Map<string, readonly Characteristic[]>();
  /** By key, one each: `disconnected|id`, `notification|id|service|characteristic`. */
  readonly #callbacks = new Map<string, (value?: DataView) => void>();
  #isInitialised = false;
  #queue: Promise<unknown> = Promise.resolve();
  #stopScan: (() => Promise<void>) | undefined;

  constructor(central: GattCentral, platform: "android" | "ios" | "web") {
    this.#central = central;
    this.#platform = platform;
  }

  initialize(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.permission) throw new Error("Permission denied.");
      this.#isInitialised = true;
    });
  }

  isEnabled(): Promise<boolean> {
    return this.#inTurn(async () => this.enabled);
  }

  requestLEScan({ services = [] }: { services?: string[] }, callback: (result: ScanResult) => void): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isInitialised) throw new Error("Bluetooth LE not initialized.");
      await this.#stopScan?.();
      this.#stopScan = await this.#central.scan((one) => {
        if (!services.every((uuid) => one.services.includes(uuid))) return;
        const deviceId = idOf(one);
        this.#seen.set(deviceId, one);
        const { name, rssi, manufacturerData: data } = one;
        callback({
          device: { deviceId, ...(name && { name }) },
          ...(name && { localName: name }),
          rssi,
          ...(data && { manufacturerData: { [`${data[0]! | (data[1]! << 8)}`]: new DataView(data.buffer, 2) } }),
        });
      });
    });
  }

  stopLEScan(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stopScan?.();
      this.#stopScan = undefined;
    });
  }

  connect(id: string, onDisconnect?: (id: string) => void, { timeout = CONNECT_MS }: Timeout = {}): Promise<void> {
    return this.#inTurn(async () => {
      if (onDisconnect) this.#callbacks.set(`disconnected|${id}`, () => onDisconnect(id));
      const seen = this.#seen.get(id);
      if (!this.#isInitialised || seen === undefined) throw new Error("Bluetooth LE not initialized.");
      if (this.#links.has(id)) return;
      await timed("Connection timeout.", timeout, this.#connect(id, seen), () => void this.#central.cancel());
    });
  }

  disconnect(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const connection = this.#links.get(id);
      if (connection === undefined) {
        await this.#central.cancel();
        throw new Error("Not connected to device.");
      }
      const gone = new Promise<void>((resolve) => connection.onGone(resolve));
      connection.disconnect();
      await timed("Disconnection timeout.", OPERATION_MS, gone);
    });
  }

  getMtu(id: string): Promise<number> {
    return this.#inTurn(async () => {
      if (this.#platform === "web") throw new Error("getMtu is not available on web.");
      return this.#up(id).mtu;
    });
  }

  write(id: string, service: string, uuid: string, value: DataView, { timeout = OPERATION_MS }: Timeout = {}) {
    return this.#inTurn(async () => {
      const { connection, found } = this.#at(id, service, uuid);
      await timed("Write timeout.", timeout, connection.write(found, octets(value)));
    });
  }

  writeWithoutResponse(
    id: string,
    service: string,
    uuid: string,
    value: DataView,
    { timeout = OPERATION_MS }: Timeout = {},
  ) {
    return this.#inTurn(async () => {
      const { connection, found } = this.#at(id, service, uuid);
      const own = octets(value);
      const fits = own.length <= connection.mtu - 3;
      if (this.#platform === "android") {
        if (!fits) throw new Error("Writing characteristic failed.");
        await timed("Write timeout.", timeout, connection.command(found, own));
      } else if (fits && connection.backlog < this.roomForWrites) void connection.command(found, own);
    });
  }

  startNotifications(
    id: string,
    service: string,
    uuid: string,
    callback: (value: DataView) => void,
    { timeout = OPERATION_MS }: Timeout = {},
  ): Promise<void> {
    return this.#inTurn(async () => {
      const { connection, found } = this.#at(id, service, uuid);
      const key = `notification|${id}|${service}|${uuid}`;
      this.#callbacks.set(key, (value) => callback(value!));
      const setting = connection.notify(found, (value) => {
        // Through hexadecimal and back, into a buffer of its own.
        if (this.#links.get(id) === connection) this.#callbacks.get(key)?.(new DataView(value.slice().buffer));
      });
      await timed("Setting notification timeout.", timeout, setting);
    });
  }

  stopNotifications(id: string, service: string, uuid: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#callbacks.delete(`notification|${id}|${service}|${uuid}`);
      this.#up(id);
    });
  }

  async #connect(id: string, seen: Seen): Promise<void> {
    const connection = await this.#central.connect(seen.address, seen.addressType).catch(() => {
      throw new Error("Connection failed with status 133 (GATT_ERROR).");
    });
    this.#links.set(id, connection);
    const gone = new Promise<never>((_, reject) =>
      connection.onGone(() => {
        this.#links.delete(id);
        this.#callbacks.get(`disconnected|${id}`)?.();
        reject(new Error("Connection failed with status 8 (GATT_CONN_TIMEOUT)."));
      }),
    );
    gone.catch(() => undefined);
    const find = async () => {
      // Of all services the card's and SMP's are enough here: what is on the air is the same.
      for (const service of [...new Set([...seen.services, SMP_SERVICE])])
        this.#found.set(`${id}|${service}`, (await connection.find(service)) ?? []);
      await connection.exchangeMtu(this.#platform === "ios" ? IOS_MTU : ANDROID_MTU);
    };
    await Promise.race([find(), gone]);
  }

  #up(id: string): Connection {
    const connection = this.#links.get(id);
    if (connection === undefined) throw new Error("Not connected to device.");
    return connection;
  }

  #at(id: string, service: string, uuid: string): { connection: Connection; found: Characteristic } {
    const connection = this.#up(id);
    const found = this.#found.get(`${id}|${service}`)?.find((one) => one.uuid === uuid);
    if (found === undefined) throw new Error("Characteristic not found.");
    return { connection, found };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

function octets(value: DataView): Uint8Array {
  if (!(value instanceof DataView)) throw new Error("Invalid data.");
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
}

/** A refusal of the card's fails an operation at once; an end of the connection leaves it to its time. */
function timed<T>(sentence: string, ms: number, work: Promise<T>, late: () => void = () => undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      late();
      reject(new Error(sentence));
    }, ms);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: Error) => {
        clearTimeout(timer);
        reject(new Error(error.message.startsWith("Connection") ? error.message : "Writing characteristic failed."));
      },
    );
  });
}
