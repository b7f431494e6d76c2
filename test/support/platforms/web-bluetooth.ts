// `navigator.bluetooth` as Chrome has it, over a stack of ours: its habits and its errors (webbluetoothcg.github.io/web-bluetooth, and Chrome's words).
// Nothing of the adapter is known here.

import type { Characteristic, Connection, GattCentral, Seen } from "../gatt-central.js";

/** What the browser asks for by itself, and tells nobody. */
const BROWSER_MTU = 517;
/** How long somebody looks at an empty list before they close it, ms. */
const PATIENCE_MS = 150;

export class FakeWebBluetooth {
  /** A click has just happened. */
  userActivation = true;
  available = true;
  /** Writes without response that wait for the air; one more is dropped without a word, as CoreBluetooth does. */
  roomForWrites = 16;
  /** What the browser agrees with the card. */
  mtu = BROWSER_MTU;
  dropped = 0;
  readonly #central: GattCentral;

  constructor(central: GattCentral) {
    this.#central = central;
  }

  async getAvailability(): Promise<boolean> {
    return this.available;
  }

  /** The user takes the first card that the list shows. */
  async requestDevice({ filters }: { filters: { services: string[] }[] }): Promise<FakeDevice> {
    if (!this.userActivation)
      throw new DOMException("Must be handling a user gesture to show a permission request.", "SecurityError");
    const wanted = (one: Seen) => filters.some(({ services }) => services.every((uuid) => one.services.includes(uuid)));
    let stop: () => Promise<void> = async () => undefined;
    const seen = await new Promise<Seen | undefined>((resolve) => {
      const closed = setTimeout(() => resolve(undefined), PATIENCE_MS);
      void this.#central
        .scan((one) => {
          if (!wanted(one)) return;
          clearTimeout(closed);
          resolve(one);
        })
        .then((end) => {
          stop = end;
        });
    });
    await stop();
    if (seen === undefined) throw new DOMException("User cancelled the requestDevice() chooser.", "NotFoundError");
    return new FakeDevice(this, this.#central, seen);
  }
}

class FakeDevice extends EventTarget {
  readonly id: string;
  readonly name: string | undefined;
  readonly gatt: FakeServer;

  constructor(browser: FakeWebBluetooth, central: GattCentral, seen: Seen) {
    super();
    // An opaque name of this page's.
    this.id = Buffer.from(`page ${seen.address}`).toString("base64");
    this.name = seen.name;
    this.gatt = new FakeServer(browser, central, seen, this);
  }
}

class FakeServer {
  connection: Connection | undefined;
  readonly browser: FakeWebBluetooth;
  readonly device: FakeDevice;
  readonly #central: GattCentral;
  readonly #seen: Seen;
  #attempt: AbortController | undefined;
  #busy = false;

  constructor(browser: FakeWebBluetooth, central: GattCentral, seen: Seen, device: FakeDevice) {
    this.browser = browser;
    this.#central = central;
    this.#seen = seen;
    this.device = device;
  }

  get connected(): boolean {
    return this.connection?.isUp === true;
  }

  async connect(): Promise<this> {
    if (this.connected) return this;
    const attempt = new AbortController();
    this.#attempt = attempt;
    const given = new Promise<never>((_, reject) => {
      attempt.signal.addEventListener("abort", () =>
        reject(new DOMException("User or script cancelled the connection.", "AbortError")),
      );
    });
    const connecting = this.#central.connect(this.#seen.address, this.#seen.addressType).then(async (connection) => {
      if (attempt.signal.aborted) return connection.disconnect();
      connection.onGone(() => {
        if (this.connection === connection) this.device.dispatchEvent(new Event("gattserverdisconnected"));
      });
      await Promise.race([
        connection.exchangeMtu(this.browser.mtu),
        new Promise<void>((gone) => connection.onGone(gone)),
      ]);
      this.connection = connection;
      if (!connection.isUp) throw new DOMException("Connection failed for unknown reason.", "NetworkError");
    });
    connecting.catch(() => undefined);
    await Promise.race([connecting, given]);
    return this;
  }

  disconnect(): void {
    this.#attempt?.abort();
    void this.#central.cancel();
    const connection = this.connection;
    this.connection = undefined;
    if (connection?.isUp) {
      connection.disconnect();
      queueMicrotask(() => this.device.dispatchEvent(new Event("gattserverdisconnected")));
    }
  }

  async getPrimaryService(uuid: string): Promise<FakeService> {
    const connection = this.connection;
    const characteristics = await this.operation(connection, () => connection!.find(uuid));
    if (characteristics === undefined)
      throw new DOMException(`No Services matching UUID ${uuid} found in Device.`, "NotFoundError");
    return new FakeService(this, connection!, characteristics);
  }

  /** One at a time a device; on the connection that it was found on. */
  async operation<T>(on: Connection | undefined, work: () => Promise<T>): Promise<T> {
    if (!this.connected)
      throw new DOMException(
        "GATT Server is disconnected. Cannot perform GATT operations. (Re)connect first with `device.gatt.connect`.",
        "NetworkError",
      );
    if (on !== this.connection)
      throw new DOMException(
        "Characteristic is no longer valid. Remember to retrieve the characteristic again after reconnecting.",
        "InvalidStateError",
      );
    if (this.#busy) throw new DOMException("GATT operation already in progress.", "NetworkError");
    this.#busy = true;
    try {
      const gone = new Promise<never>((_, reject) =>
        on!.onGone(() =>
          reject(new DOMException("GATT Server is disconnected while performing an operation.", "NetworkError")),
        ),
      );
      gone.catch(() => undefined);
      return await Promise.race([work(), gone]);
    } catch (error) {
      if (error instanceof DOMException) throw error;
      throw new DOMException("GATT operation failed for unknown reason.", "NotSupportedError");
    } finally {
      this.#busy = false;
    }
  }
}

class FakeService {
  constructor(
    readonly server: FakeServer,
    readonly connection: Connection,
    readonly characteristics: readonly Characteristic[],
  ) {}

  async getCharacteristic(uuid: string): Promise<FakeCharacteristic> {
    const found = this.characteristics.find((one) => one.uuid === uuid);
    if (found === undefined)
      throw new DOMException(`No Characteristics matching UUID ${uuid} found in Service.`, "NotFoundError");
    return this.server.operation(this.connection, async () => new FakeCharacteristic(this, found));
  }
}

class FakeCharacteristic extends EventTarget {
  value: DataView | undefined;
  readonly #service: FakeService;
  readonly #found: Characteristic;

  constructor(service: FakeService, found: Characteristic) {
    super();
    this.#service = service;
    this.#found = found;
  }

  async writeValueWithResponse(value: Uint8Array): Promise<void> {
    const { server, connection } = this.#service;
    const own = this.#checked(value);
    await server.operation(connection, async () => {
      // A longer one is a queued write: the card refuses those.
      if (own.length > connection.mtu - 3) await connection.request(Uint8Array.of(0x16, 0, 0, 0, 0));
      await connection.write(this.#found, own);
    });
  }

  async writeValueWithoutResponse(value: Uint8Array): Promise<void> {
    const { server, connection } = this.#service;
    const own = this.#checked(value);
    await server.operation(connection, async () => {
      // Taken is not sent; what is too long, or one too many, is gone.
      const fits = own.length <= connection.mtu - 3 && connection.backlog < server.browser.roomForWrites;
      if (fits) void connection.command(this.#found, own);
      else server.browser.dropped++;
    });
  }

  async startNotifications(): Promise<this> {
    const { server, connection } = this.#service;
    await server.operation(connection, () =>
      connection.notify(this.#found, (value) => {
        // A view of a larger buffer, as it may be.
        const room = new Uint8Array(value.length + 8);
        room.set(value, 5);
        this.value = new DataView(room.buffer, 5, value.length);
        this.dispatchEvent(new Event("characteristicvaluechanged"));
      }),
    );
    return this;
  }

  #checked(value: Uint8Array): Uint8Array {
    if (value.length > 512) throw new DOMException("Value can't exceed 512 bytes.", "InvalidModificationError");
    return value.slice();
  }
}
