// A card in the Bluetooth that Chromium emulates for tests (DevTools protocol, domain BluetoothEmulation): the page's stack is the browser's own, and
// behind the emulation each GATT operation goes on to a card that Node reaches another way. The emulation has one address, no MTU and no pace.

import { setTimeout as delay } from "node:timers/promises";
import type { CardLink, CardTransport } from "@enabling-card/sdk";
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

/** In which a write that is on its way comes, and is refused: an operation that waits hides the end of its connection from the page, ms. */
const SETTLE_MS = 50;
/** In which the page, having had a chunk, reads again, ms. */
const READ_MS = 300;

type CdpEvents = {
  readonly gatt: { readonly address: string; readonly type: "connection" | "discovery" };
  readonly characteristic: {
    readonly characteristicId: string;
    readonly type: "read" | "write" | "subscribe-to-notifications" | "unsubscribe-from-notifications";
    readonly data?: string;
    readonly writeType?: "write-default-deprecated" | "write-with-response" | "write-without-response";
  };
};

export class EmulatedPeripheral {
  readonly #browser: CDPSession;
  #behind: CardTransport | undefined;
  #link: CardLink | undefined;
  #tx: string | undefined;
  #unsubscribe: (() => void) | undefined;
  /** The last connection's end, until the browser knows of it. */
  #going: Promise<void> = Promise.resolve();
  /** Chunks that the page has not read yet; the page's read that waits for one (page/notifications.ts). */
  #chunks: Uint8Array[] = [];
  #isAsked = false;
  #onRead: () => void = () => undefined;

  /** @param browser - A session of the browser itself, not of a page. */
  static async on(browser: CDPSession): Promise<EmulatedPeripheral> {
    const peripheral = new EmulatedPeripheral(browser);
    await browser.send("BluetoothEmulation.enable", { state: "powered-on", leSupported: true });
    return peripheral;
  }

  private constructor(browser: CDPSession) {
    this.#browser = browser;
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

  /** The page has hung up, which the emulation neither tells nor knows. */
  async hangUp(): Promise<void> {
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
    const code = type === "connection" ? await this.#connect() : await this.#addServices();
    await this.#browser.send("BluetoothEmulation.simulateGATTOperationResponse", { address, type, code });
  }

  async #connect(): Promise<number> {
    await this.hangUp();
    const link = await this.#found();
    if (link === undefined) return NOT_CONNECTED;
    this.#link = link;
    link.onDisconnect(() => {
      if (this.#link === link) void this.#gone().catch(() => undefined);
    });
    return 0;
  }

  /** The first card that can be connected to: one that was heard a moment ago may have another address by now. */
  async #found(): Promise<CardLink | undefined> {
    const over = AbortSignal.timeout(PATIENCE_MS);
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

  async #used({ characteristicId, type, data = "", writeType }: CdpEvents["characteristic"]): Promise<void> {
    const isTx = characteristicId === this.#tx;
    const answer = (code: number) => this.#answer(characteristicId, type, code);
    if (type === "write") {
      const response = writeType !== "write-without-response";
      const written = this.#link?.write(Uint8Array.from(Buffer.from(data, "base64")), { response });
      const code = await (written?.then(() => 0) ?? Promise.resolve(UNLIKELY)).catch(() => UNLIKELY);
      if (response) await answer(code);
    } else if (type === "read") {
      if (isTx && this.#link === undefined) return this.#onRead();
      if (!isTx || this.#unsubscribe === undefined) return answer(UNLIKELY);
      this.#isAsked = true;
      await this.#say();
    } else {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
      if (isTx && type === "subscribe-to-notifications") {
        this.#unsubscribe = await this.#link?.subscribe((chunk) => {
          this.#chunks.push(chunk);
          void this.#say().catch(() => undefined);
        });
      }
      await answer(this.#link === undefined ? UNLIKELY : 0);
    }
  }

  async #say(): Promise<void> {
    const chunk = this.#isAsked ? this.#chunks.shift() : undefined;
    if (chunk === undefined) return;
    this.#isAsked = false;
    await this.#answer(this.#tx!, "read", 0, chunk);
  }

  async #answer(characteristicId: string, type: string, code: number, data?: Uint8Array): Promise<void> {
    await this.#browser.send("BluetoothEmulation.simulateCharacteristicOperationResponse", {
      ...{ characteristicId, type: type as "read", code },
      ...(data && { data: Buffer.from(data).toString("base64") }),
    });
  }

  /** Whoever hung up. A read that waits would hide it from the page; the services are forgotten with the connection. */
  #gone(): Promise<void> {
    if (this.#link === undefined) return this.#going;
    const reads = this.#unsubscribe !== undefined;
    const asked = this.#isAsked ? Promise.resolve() : this.#nextRead();
    this.#unsubscribe?.();
    this.#link = this.#unsubscribe = undefined;
    this.#chunks = [];
    this.#isAsked = false;
    this.#going = this.#tellGone(reads ? asked : undefined);
    return this.#going;
  }

  async #tellGone(asked: Promise<void> | undefined): Promise<void> {
    if (asked !== undefined) {
      await Promise.race([asked, delay(READ_MS)]);
      await this.#answer(this.#tx!, "read", UNLIKELY);
    }
    await delay(SETTLE_MS);
    this.#tx = undefined;
    await this.#browser.send("BluetoothEmulation.simulateGATTDisconnection", { address: ADDRESS });
  }

  #nextRead(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRead = resolve;
    });
  }
}
