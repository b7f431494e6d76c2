// What adapters over a platform's GATT client share, and noble's: connections that come too late, what is advertised, and scans.

import { EventEmitter } from "node:events";
import { COMPANY_ID, IDENTIFIER_SIZE } from "@enabling-card/wire";
import { expect } from "chai";
import { CARD_GATT, dialGatt, type GattDial, gattOptions, identifierIn } from "../src/transport/gatt.js";
import type { Noble, NoblePeripheral } from "../src/transport/noble.js";
import { nobleTransport } from "../src/transport/noble-ble.js";
import { expectError } from "./expect-error.js";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a connection that comes when nobody wants it any more", () => {
  it("is hung up", async () => {
    let comes: () => void = () => undefined;
    let hangUps = 0;
    const dial: GattDial = {
      id: "a",
      gatt: CARD_GATT,
      connect: () =>
        new Promise<void>((resolve) => {
          comes = resolve;
        }),
      find: () => Promise.reject(new Error("never")),
      hangUp: async () => ++hangUps,
      forget: () => undefined,
    };
    const given = new AbortController();
    const call = expectError(() => dialGatt(dial, gattOptions({}), given.signal), "ABORTED");
    given.abort();
    await call;
    expect(hangUps, "the attempt").to.equal(1);
    comes();
    await turn();
    expect(hangUps, "and the connection").to.equal(2);
  });
});

describe("an identifier in what a card advertises", () => {
  const data = (company: number, octets: number) =>
    Uint8Array.of(company & 255, company >> 8, ...new Uint8Array(octets).fill(7));

  it("is our company's, 16 octets, and nobody else's", () => {
    expect(identifierIn(data(COMPANY_ID, IDENTIFIER_SIZE))).to.deep.equal(new Uint8Array(IDENTIFIER_SIZE).fill(7));
    expect(identifierIn(data(COMPANY_ID ^ 1, IDENTIFIER_SIZE))).to.equal(undefined);
    expect(identifierIn(data(COMPANY_ID ^ 0x100, IDENTIFIER_SIZE))).to.equal(undefined);
    for (const octets of [0, IDENTIFIER_SIZE - 1, IDENTIFIER_SIZE + 1])
      expect(identifierIn(data(COMPANY_ID, octets))).to.equal(undefined);
    expect(identifierIn(undefined)).to.equal(undefined);
  });
});

/** noble with cards around it, some of which advertise. Nobody answers a call. */
class FakeNoble extends EventEmitter implements Noble {
  scans = 0;
  isScanning = false;
  readonly heard = new Set<NoblePeripheral>();
  readonly calls: string[] = [];

  card(id: string): NoblePeripheral {
    const card = Object.assign(new EventEmitter(), {
      id,
      rssi: -50,
      mtu: null,
      advertisement: {},
      connectAsync: async () => {
        this.calls.push(`${id}${this.isScanning ? ", while it scans" : ""}`);
        throw new Error("no answer");
      },
      cancelConnect: () => undefined,
      disconnectAsync: async () => undefined,
      discoverServicesAsync: async () => [],
    });
    this.heard.add(card);
    return card;
  }

  async waitForPoweredOnAsync(): Promise<void> {}

  async startScanningAsync(): Promise<void> {
    this.scans++;
    this.isScanning = true;
    setImmediate(() => {
      for (const card of this.heard) this.emit("discover", card);
    });
  }

  /** Takes its time, as adapters do. */
  async stopScanningAsync(): Promise<void> {
    for (let turns = 0; turns < 3; turns++) await turn();
    this.isScanning = false;
  }
}

describe("noble's transport", () => {
  it("connects when the scan is over, and not while it ends", async () => {
    const noble = new FakeNoble();
    noble.card("a");
    const transport = nobleTransport(noble);
    for await (const { id } of transport.discover()) {
      expect(id).to.equal("a");
      break;
    }
    expect(noble.isScanning, "it has not ended yet").to.equal(true);
    await expectError(() => transport.connect("a"), "CARD_NOT_FOUND");
    expect(noble.calls).to.deep.equal(["a"]);
  });

  it("keeps the cards of its last scan alone, as addresses change: an older one is looked for again", async () => {
    const noble = new FakeNoble();
    const older = noble.card("a");
    const transport = nobleTransport(noble, { timeoutMs: 50 });
    for await (const _ of transport.discover()) break;
    noble.heard.clear();
    noble.card("b");
    for await (const _ of transport.discover()) break;
    await expectError(() => transport.connect("a"), "CARD_NOT_FOUND");
    expect(noble.scans).to.equal(3);
    expect(noble.calls, "nobody is called who was not heard").to.deep.equal([]);
    noble.heard.add(older);
    await expectError(() => transport.connect("a"), "CARD_NOT_FOUND");
    expect(noble.calls).to.deep.equal(["a"]);
  });
});
