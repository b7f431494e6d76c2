// A card in the Bluetooth that Chromium emulates for tests (DevTools protocol, domain BluetoothEmulation): the page's stack is the browser's own, and
// behind the emulation each GATT operation goes on to a card that Node reaches another way. The emulation has one address, no MTU and no pace.

import { type CardLink, type CardTransport, withTimeLimit } from "@enabling-card/sdk";
import { CARD_RX, CARD_SERVICE, CARD_TX, cardUuid } from "@enabling-card/wire";
import type { CDPSession } from "playwright-core";

const SERVICE = cardUuid(CARD_SERVICE);
/** Where the browser sees the card. */
export const ADDRESS = "10:20:30:40:50:60";
const NAME = "ecard";
/** Client Characteristic Configuration: without it the browser refuses to subscribe. */
const CONFIGURATION = "00002902-0000-1000-8000-00805f9b34fb";
/** HCI's "connection failed to be established" (Core 6.0, Vol 1 Part F 1.3), and ATT's "unlikely error" (Vol 3 Part F 3.4.1.1). */
const NOT_CONNECTED = 0x3e;
const UNLIKELY = 0x0e;

/** How long the emulated radio looks for the card, ms. */
const PATIENCE_MS = 2_000;

/** In which what the page has begun comes here; a page that is gone has begun nothing, ms. */
const SETTLE_MS = 1_000;

/** The page's operations (page/operations.ts). */
export interface PageOperations {
  /** Begins no more. Resolves to how many it has begun on this connection. */
  hold(): Promise<number>;
  /** The connection has ended: what was held fails by itself, and the next one's count begins. */
  release(): Promise<void>;
}

type CdpEvents = {
  readonly gatt: { readonly address: string; readonly type: "connection" | "discovery" };
  readonly characteristic: {
    readonly characteristicId: string;
    readonly type: "read" | "write" | "subscribe-to-notifications" | "unsubscribe-from-notifications";
    readonly data?: string;
    readonly writeType?: "write-default-deprecated" | "write-with-response" | "write-without-response";
  };
};

type Asked = Pick<CdpEvents["characteristic"], "characteristicId" | "type">;

export class EmulatedPeripheral {
  readonly #browser: CDPSession;
  readonly #page: PageOperations;
  #behind: CardTransport | undefined;
  #link: CardLink | undefined;
  #tx: string | undefined;
  #unsubscribe: (() => void) | undefined;
  /** The last connection's end, until the browser knows of it. */
  #going: Promise<void> = Promise.resolve();
  /** The connection that is being made, and what ends the trying. */
  #connecting: Promise<unknown> = Promise.resolve();
  #attempt = new AbortController();
  /** Chunks that the page has not read yet: its next read takes one (page/notifications.ts). */
  #chunks: Uint8Array[] = [];
  /** Operations of the page that came on this connection, and who waits for one. */
  #begun = 0;
  #onBegun: () => void = () => undefined;
  /** Those that want an answer and have none yet. */
  readonly #waiting = new Map<string, Asked>();

  /** @param browser - A session of the browser itself, not of a page. */
  static async on(browser: CDPSession, page: PageOperations): Promise<EmulatedPeripheral> {
    const peripheral = new EmulatedPeripheral(browser, page);
    await browser.send("BluetoothEmulation.enable", { state: "powered-on", leSupported: true });
    return peripheral;
  }

  private constructor(browser: CDPSession, page: PageOperations) {
    this.#browser = browser;
    this.#page = page;
    const on = <One>(event: string, heard: (one: One) => Promise<void>) =>
      // A browser that closes answers nothing any more.
      browser.on(event as never, (one: One) => void heard(one).catch(() => undefined));
    on<CdpEvents["gatt"]>("BluetoothEmulation.gattOperationReceived", (one) => this.#operated(one));
    on<CdpEvents["characteristic"]>("BluetoothEmulation.characteristicOperationReceived", (one) => this.#used(one));
  }

  /** Which card the next connection leads to. A peripheral that was connected to is no longer there. */
  async lead(transport: CardTransport): Promise<void> {
    this.#behind = transport;
    await this.#going.catch(() => undefined);
    await this.#browser.send("BluetoothEmulation.simulatePreconnectedPeripheral", {
      address: ADDRESS,
      name: NAME,
      manufacturerData: [],
      knownServiceUuids: [SERVICE],
    });
  }

  /** The page has hung up, or given up, which the emulation neither tells nor knows. */
  async hangUp(): Promise<void> {
    this.#attempt.abort();
    await this.#connecting;
    const link = this.#link;
    await this.#gone();
    await link?.close();
  }

  /** The browser has no more Bluetooth: one emulation at a time. */
  async end(): Promise<void> {
    await this.hangUp().catch(() => undefined);
    await this.#browser.send("BluetoothEmulation.disable");
    await this.#browser.detach();
  }

  async setPower(state: "powered-on" | "powered-off"): Promise<void> {
    await this.#browser.send("BluetoothEmulation.setSimulatedCentralState", { state });
  }

  async #operated({ address, type }: CdpEvents["gatt"]): Promise<void> {
    if (address.toLowerCase() !== ADDRESS) return;
    const operation = type === "connection" ? this.#connect() : this.#addServices();
    const answered = operation.then((code) =>
      this.#browser.send("BluetoothEmulation.simulateGATTOperationResponse", { address, type, code }),
    );
    this.#connecting = answered.catch(() => undefined);
    await answered;
  }

  async #connect(): Promise<number> {
    await this.#going.catch(() => undefined);
    this.#attempt = new AbortController();
    const link = await withTimeLimit(PATIENCE_MS, this.#attempt.signal, (over) => this.#found(over));
    if (link === undefined) return NOT_CONNECTED;
    this.#link = link;
    link.onDisconnect(() => {
      if (this.#link === link) void this.#gone().catch(() => undefined);
    });
    return 0;
  }

  /** The first card that can be connected to: one that was heard a moment ago may have another address by now. */
  async #found(over: AbortSignal): Promise<CardLink | undefined> {
    while (!over.aborted && this.#behind !== undefined) {
      try {
        for await (const { id } of this.#behind.discover(over)) return await this.#behind.connect(id, { signal: over });
      } catch {
        // Again, while there is time.
      }
    }
    return undefined;
  }

  /** Forgotten by the browser with each connection. */
  async #addServices(): Promise<number> {
    if (this.#tx !== undefined) return 0;
    const { serviceId } = await this.#browser.send("BluetoothEmulation.addService", {
      address: ADDRESS,
      serviceUuid: SERVICE,
    });
    const add = async (characteristicUuid: string, properties: Readonly<Record<string, true>>): Promise<string> => {
      const { characteristicId } = await this.#browser.send("BluetoothEmulation.addCharacteristic", {
        ...{ serviceId, characteristicUuid, properties },
      });
      return characteristicId;
    };
    await add(cardUuid(CARD_RX), { write: true, writeWithoutResponse: true });
    this.#tx = await add(cardUuid(CARD_TX), { notify: true });
    await this.#browser.send("BluetoothEmulation.addDescriptor", {
      characteristicId: this.#tx,
      descriptorUuid: CONFIGURATION,
    });
    return 0;
  }

  async #used(operation: CdpEvents["characteristic"]): Promise<void> {
    const { characteristicId, type, data = "", writeType } = operation;
    const isTx = characteristicId === this.#tx;
    if (type === "write" || type === "read") {
      this.#begun++;
      this.#onBegun();
    }
    if (type === "write") {
      const response = writeType !== "write-without-response";
      if (response) this.#waiting.set(keyOf(operation), operation);
      const written = this.#link?.write(Uint8Array.from(Buffer.from(data, "base64")), { response });
      const code = await (written?.then(() => 0) ?? Promise.resolve(UNLIKELY)).catch(() => UNLIKELY);
      await this.#answer(operation, code);
    } else if (type === "read") {
      this.#waiting.set(keyOf(operation), operation);
      if (isTx && this.#unsubscribe !== undefined) await this.#say();
      else await this.#answer(operation, UNLIKELY);
    } else {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
      this.#waiting.set(keyOf(operation), operation);
      if (isTx && type === "subscribe-to-notifications") {
        this.#unsubscribe = await this.#link?.subscribe((chunk) => {
          this.#chunks.push(chunk);
          void this.#say().catch(() => undefined);
        });
      }
      await this.#answer(operation, this.#link === undefined ? UNLIKELY : 0);
    }
  }

  async #say(): Promise<void> {
    const read: Asked = { characteristicId: this.#tx!, type: "read" };
    const chunk = this.#waiting.has(keyOf(read)) ? this.#chunks.shift() : undefined;
    if (chunk !== undefined) await this.#answer(read, 0, chunk);
  }

  /** Once each: the end of its connection may have been first. */
  async #answer(asked: Asked, code: number, data?: Uint8Array): Promise<void> {
    if (!this.#waiting.delete(keyOf(asked))) return;
    await this.#browser.send("BluetoothEmulation.simulateCharacteristicOperationResponse", {
      ...{ characteristicId: asked.characteristicId, type: asked.type, code },
      ...(data && { data: Buffer.from(data).toString("base64") }),
    });
  }

  /** Whoever hung up: the browser is told. The services are forgotten with the connection. */
  #gone(): Promise<void> {
    if (this.#link === undefined) return this.#going;
    this.#unsubscribe?.();
    this.#link = this.#unsubscribe = undefined;
    this.#chunks = [];
    this.#going = this.#tellGone();
    return this.#going;
  }

  /**
   * A read or a write that has no answer when the emulation ends its connection takes all of the page's Bluetooth with it: the browser drops it, and no
   * promise of the page is settled any more. So the page begins nothing, what it had begun is waited for and refused, and only then the end comes.
   */
  async #tellGone(): Promise<void> {
    await this.#connecting;
    const begun = await this.#page.hold().catch(() => 0);
    const over = AbortSignal.timeout(SETTLE_MS);
    while (this.#begun < begun && !over.aborted) {
      await new Promise<void>((resolve) => {
        this.#onBegun = resolve;
        over.addEventListener("abort", () => resolve());
      });
    }
    await Promise.all([...this.#waiting.values()].map((asked) => this.#answer(asked, UNLIKELY)));
    this.#tx = undefined;
    await this.#browser.send("BluetoothEmulation.simulateGATTDisconnection", { address: ADDRESS });
    await this.#page.release().catch(() => undefined);
    this.#begun = 0;
  }
}

/** An answer names these alone: of each kind the browser has one at a time. */
const keyOf = ({ characteristicId, type }: Asked): string => `${type} ${characteristicId}`;
