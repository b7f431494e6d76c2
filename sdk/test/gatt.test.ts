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

describe("a link's chunks", () => {
  let hear: (chunk: Uint8Array) => void = () => undefined;
  const written: number[][] = [];
  const linkAt = (mtu: number | undefined, asked?: number) =>
    dialGatt(
      {
        id: "a",
        gatt: CARD_GATT,
        connect: async () => undefined,
        find: async () => ({
          mtu,
          async write(chunk) {
            written.push([...chunk]);
          },
          async subscribe(listener) {
            hear = listener;
            return () => undefined;
          },
        }),
        hangUp: async () => undefined,
        forget: () => undefined,
      },
      gattOptions(asked === undefined ? {} : { mtu: asked }),
      undefined,
    );

  for (const [what, told, asked, longest] of [
    ["no MTU", undefined, undefined, 20],
    ["an MTU", 185, undefined, 182],
    ["the server's MTU, more than was asked for", 247, 100, 97],
    ["more than a card takes", 517, 517, 244],
    ["more than there is", 65_535, undefined, 244],
    ["less than there is", 22, undefined, 20],
    ["nothing", 0, undefined, 20],
    ["less than nothing", -1, undefined, 20],
    ["what is no number", Number.NaN, undefined, 20],
    ["half an octet", 100.5, undefined, 20],
  ] as const)
    it(`have at most ${longest} octets where the platform tells ${what}`, async () => {
      const link = await linkAt(told, asked);
      expect(link.maxWrite).to.equal(longest);
      await link.write(new Uint8Array(longest), { response: true });
      await expectError(() => link.write(new Uint8Array(longest + 1), { response: true }), "ARGUMENT_INVALID");
    });

  it("grow by what is notified where the MTU is hidden, never beyond what was asked for and a card takes, and never shrink", async () => {
    for (const [asked, most] of [
      [undefined, 244],
      [100, 97],
      [517, 244],
    ] as const) {
      const link = await linkAt(undefined, asked);
      await link.subscribe(() => undefined);
      hear(new Uint8Array(50));
      expect(link.maxWrite).to.equal(50);
      hear(new Uint8Array(600));
      expect(link.maxWrite).to.equal(most);
      hear(new Uint8Array(1));
      expect(link.maxWrite).to.equal(most);
    }
  });

  it("are as they were when they were given away, whatever becomes of them while they wait", async () => {
    const link = await linkAt(247);
    const chunk = Uint8Array.of(1, 2, 3);
    const waiting = [new Uint8Array(1), chunk].map((one) => link.write(one, { response: true }));
    chunk.fill(9);
    await Promise.all(waiting);
    expect(written.slice(-1)).to.deep.equal([[1, 2, 3]]);
  });

  it("do not grow by what is notified where the MTU is told", async () => {
    const link = await linkAt(50);
    await link.subscribe(() => undefined);
    hear(new Uint8Array(244));
    expect(link.maxWrite).to.equal(47);
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
