// `BleManager` of react-native-ble-plx as its 3.5.1 behaves, over a stack of ours: base64, errors with codes, one queue of operations a device, an MTU for
// who asks, a monitor that tells of its end as of an error.

import type { Characteristic, Connection, GattCentral, Seen } from "../gatt-central.js";

export class FakeBleError extends Error {
  constructor(
    readonly errorCode: number,
    message: string,
  ) {
    super(message);
  }
}

const cancelled = () => new FakeBleError(2, "Operation was cancelled");
const disconnected = (id: string) => new FakeBleError(201, `Device ${id} was disconnected`);
const notConnected = (id: string) => new FakeBleError(205, `Device ${id} is not connected`);

/** Android 14 asks for this, whatever it is told. */
const ANDROID_14_MTU = 517;
const IOS_MTU = 185;

export interface BlePlxHabits {
  readonly platform: "android" | "android 14" | "ios";
}

interface Monitor {
  readonly handle: number;
  listener(error: Error | null, characteristic: { value: string } | null): void;
}

interface Link {
  readonly connection: Connection;
  mtu: number;
  hasAskedMtu: boolean;
  services: Map<string, readonly Characteristic[]>;
  queue: Promise<unknown>;
  readonly monitors: Set<Monitor>;
}

export class FakeBlePlx {
  poweredOn = true;
  /** The next monitor cannot be set, which its listener hears, and nobody else. */
  refusesMonitor = false;
  /** Of `BleErrorCode`: what scanning ends with, on its own. */
  scanFault: ((error: Error) => void) | undefined;
  readonly #central: GattCentral;
  readonly #habits: BlePlxHabits;
  readonly #seen = new Map<string, Seen>();
  readonly #links = new Map<string, Link>();
  readonly #ends = new Map<string, Set<(error: Error | null, device: null) => void>>();
  #stopScan: (() => Promise<void>) | undefined;

  constructor(central: GattCentral, habits: BlePlxHabits) {
    this.#central = central;
    this.#habits = habits;
  }

  async startDeviceScan(
    uuids: string[] | null,
    _options: object | null,
    listener: (error: Error | null, device: ReturnType<FakeBlePlx["device"]> | null) => void,
  ): Promise<void> {
    await this.#stopScan?.();
    if (!this.poweredOn) return listener(new FakeBleError(102, "BluetoothLE is powered off"), null);
    this.scanFault = (error) => listener(error, null);
    this.#stopScan = await this.#central.scan((one) => {
      if (uuids !== null && !uuids.every((uuid) => one.services.includes(uuid))) return;
      const id = idOf(one);
      this.#seen.set(id, one);
      listener(null, this.device(id));
    });
  }

  async stopDeviceScan(): Promise<void> {
    await this.#stopScan?.();
    this.#stopScan = undefined;
  }

  async connectToDevice(id: string, { timeout }: { timeout?: number } = {}) {
    if (!this.poweredOn) throw new FakeBleError(102, "BluetoothLE is powered off");
    const seen = this.#seen.get(id);
    if (seen === undefined) throw new FakeBleError(204, `Device ${id} not found`);
    if (this.#links.has(id)) throw new FakeBleError(203, `Device ${id} is already connected`);
    let late: ReturnType<typeof setTimeout> | undefined;
    if (timeout !== undefined) late = setTimeout(() => void this.#central.cancel(), timeout);
    try {
      const connection = await this.#central.connect(seen.address, seen.addressType);
      const mtu = this.#habits.platform === "ios" ? IOS_MTU : 23;
      if (mtu !== 23) await connection.exchangeMtu(mtu);
      const link: Link = {
        connection,
        mtu: connection.mtu,
        hasAskedMtu: false,
        services: new Map(),
        queue: Promise.resolve(),
        monitors: new Set(),
      };
      this.#links.set(id, link);
      connection.onGone(() => this.#gone(id, link));
      return this.device(id);
    } catch (error) {
      // It tells of the end of what never began, first.
      for (const tell of this.#ends.get(id) ?? []) tell(null, null);
      throw error instanceof FakeBleError ? error : cancelled();
    } finally {
      clearTimeout(late);
    }
  }

  async cancelDeviceConnection(id: string): Promise<unknown> {
    const link = this.#links.get(id);
    if (link === undefined) {
      await this.#central.cancel();
      throw notConnected(id);
    }
    link.connection.disconnect();
    return this.device(id);
  }

  onDeviceDisconnected(id: string, listener: (error: Error | null, device: null) => void) {
    const ends = this.#ends.get(id) ?? new Set();
    this.#ends.set(id, ends.add(listener));
    return { remove: () => void ends.delete(listener) };
  }

  requestMTUForDevice(id: string, mtu: number) {
    return this.#operation(id, async (link) => {
      const { platform } = this.#habits;
      if (platform !== "ios" && !link.hasAskedMtu) {
        link.hasAskedMtu = true;
        await link.connection.exchangeMtu(platform === "android 14" ? ANDROID_14_MTU : mtu);
        link.mtu = link.connection.mtu;
      }
      return this.device(id);
    });
  }

  discoverAllServicesAndCharacteristicsForDevice(id: string) {
    return this.#operation(id, async (link) => {
      // Of all services those that are asked for below are looked for then: what is on the air is the same.
      link.services.set("", []);
      return this.device(id);
    });
  }

  async writeCharacteristicWithResponseForDevice(id: string, service: string, uuid: string, base64: string) {
    const value = Buffer.from(base64, "base64");
    return this.#on(id, service, uuid, 401, (link, found) => link.connection.write(found, value));
  }

  async writeCharacteristicWithoutResponseForDevice(id: string, service: string, uuid: string, base64: string) {
    const value = Buffer.from(base64, "base64");
    return this.#on(id, service, uuid, 401, async (link, found) => {
      // Android says so when the stack has taken it, and takes no more than fits.
      if (value.length <= link.mtu - 3) await link.connection.command(found, value);
    });
  }

  monitorCharacteristicForDevice(
    id: string,
    service: string,
    uuid: string,
    listener: (error: Error | null, characteristic: { value: string } | null) => void,
  ) {
    let monitor: Monitor | undefined;
    let isOver = false;
    const link = this.#links.get(id);
    const setting = this.#on(id, service, uuid, 403, async (on, found) => {
      if (this.refusesMonitor) throw new Error("status 133");
      monitor = { handle: found.handle, listener };
      on.monitors.add(monitor);
      await on.connection.notify(found, (value) => {
        for (const one of on.monitors)
          if (one.handle === found.handle) one.listener(null, { value: Buffer.from(value).toString("base64") });
      });
    });
    setting.catch((error: Error) => !isOver && listener(error, null));
    return {
      remove: () => {
        if (isOver) return;
        isOver = true;
        if (monitor !== undefined) link?.monitors.delete(monitor);
        setImmediate(() => listener(cancelled(), null)); // cancelTransaction
      },
    };
  }

  device(id: string) {
    const seen = this.#seen.get(id)!;
    return {
      id,
      name: seen.name ?? null,
      localName: seen.name ?? null,
      rssi: seen.rssi,
      mtu: this.#links.get(id)?.mtu ?? 23,
      manufacturerData: seen.manufacturerData ? Buffer.from(seen.manufacturerData).toString("base64") : null,
    };
  }

  /** Each waits for the one before, as in RxAndroidBle's queue; what waits when the connection goes fails. */
  #operation<T>(id: string, work: (link: Link) => Promise<T>): Promise<T> {
    const link = this.#links.get(id);
    if (link === undefined) return Promise.reject(notConnected(id));
    const gone = new Promise<never>((_, reject) => link.connection.onGone(() => reject(disconnected(id))));
    gone.catch(() => undefined);
    const turn = Promise.race([link.queue.then(() => work(link)), gone]);
    link.queue = turn.catch(() => undefined);
    return turn;
  }

  #on<T>(
    id: string,
    service: string,
    uuid: string,
    code: number,
    work: (link: Link, found: Characteristic) => Promise<T>,
  ): Promise<T> {
    return this.#operation(id, async (link) => {
      if (!link.services.has("")) throw new FakeBleError(405, `Characteristics not discovered for ${id}`);
      if (!link.services.has(service)) link.services.set(service, (await link.connection.find(service)) ?? []);
      const found = link.services.get(service)?.find((one) => one.uuid === uuid);
      if (found === undefined) throw new FakeBleError(404, `Characteristic ${uuid} not found`);
      return await work(link, found).catch((error: Error) => {
        throw new FakeBleError(code, `Operation on ${uuid} failed: ${error.message}`);
      });
    });
  }

  #gone(id: string, link: Link): void {
    this.#links.delete(id);
    for (const { listener } of link.monitors) listener(disconnected(id), null);
    for (const tell of this.#ends.get(id) ?? []) tell(null, null);
  }
}

/** As Android writes an address. */
export function idOf({ address }: Seen): string {
  return address.toUpperCase().replace(/(..)(?!$)/g, "$1:");
}
