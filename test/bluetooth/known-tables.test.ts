// What a phone remembers of cards' tables of attributes, by their hash: one read in place of a search, whatever a store gives back, and whoever made it up.

import { Air, Controller } from "@enabling-card/emulator";
import { Card, type CardTransport } from "@enabling-card/sdk";
import { type KnownTable, type KnownTableStore, nobleTransport } from "@enabling-card/sdk/node";
import { nobleOn, type StoppableNoble } from "@enabling-card/tools";
import { expect } from "chai";
import type { World } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { pairOptions, soon, watchedWorlds } from "../support/watched-worlds.js";

const newWorld = watchedWorlds();
const TIMEOUT_MS = 1_000;
/** ATT requests that look for something, and one that reads a handle (Core 6.0, Vol 3 Part F 3.4.8). */
const SEARCHES = [0x04, 0x06, 0x08, 0x10];
const READ = 0x0a;

class Store implements KnownTableStore {
  tables: unknown;
  constructor(tables: unknown = []) {
    this.tables = tables;
  }
  load = async () => this.tables;
  async save(tables: readonly KnownTable[]): Promise<void> {
    this.tables = JSON.parse(JSON.stringify(tables));
  }
  get kept(): readonly KnownTable[] {
    return this.tables as readonly KnownTable[];
  }
}

describe("tables of attributes that a phone knows", () => {
  let air: Air;
  let noble: StoppableNoble;
  let w: World;
  let requests: number[];

  beforeEach(async () => {
    air = new Air({ time: "free" });
    const phone = new Controller(air, { address: "c0:ff:ee:00:00:0a" });
    noble = nobleOn(phone);
    w = await newWorld({ radio: new Controller(air) });
    requests = [];
    phone.tap((direction, packet) => {
      if (direction === "to-controller" && packet[0] === 2 && packet[7] === 4) requests.push(packet[9]!);
    });
  });
  afterEach(() => {
    noble.stop();
    air.close();
  });

  const over = (tables: KnownTableStore) => nobleTransport(noble, { tables, timeoutMs: TIMEOUT_MS });
  const pair = async (transport: CardTransport) =>
    (await Card.pair(transport, w.made.pairingCode, pairOptions(w))).close();
  const back = async (transport: CardTransport) => {
    requests = [];
    await (await Card.connect(transport, { store: w.store })).close();
    return {
      searches: requests.filter((one) => SEARCHES.includes(one)).length,
      reads: requests.filter((one) => one === READ).length,
    };
  };

  it("are all that is kept of a card: noble forgets the addresses that it had", async () => {
    const transport = over(new Store());
    await pair(transport);
    for (let times = 0; times < 4; times++) await back(transport);
    const { _peripherals, _bindings } = noble as unknown as {
      _peripherals: Map<string, unknown>;
      _bindings: { _addresses: object; scannable: object; _gap: { _discoveries: object } };
    };
    expect(_peripherals.size, "peripherals").to.be.at.most(2);
    const { _addresses, scannable, _gap } = _bindings;
    for (const kept of [_addresses, scannable, _gap._discoveries]) expect(Object.keys(kept).length).to.be.at.most(2);
  });

  it("are read once, from one run to the next: then a card's hash is all that is asked for", async () => {
    const store = new Store();
    const transport = over(store);
    await pair(transport);
    expect(await back(transport)).to.deep.equal({ searches: 0, reads: 1 });
    expect(store.kept).to.have.length(1);
    expect(await back(over(new Store(store.tables))), "another run").to.deep.equal({ searches: 0, reads: 1 });
    const forgetful = await back(nobleTransport(noble));
    expect(forgetful.searches).to.be.greaterThan(2);
  });

  it("hold the loader's service beside the card's", async () => {
    const store = new Store();
    const transport = over(store);
    await pair(transport);
    for (const searches of [true, false]) {
      requests = [];
      for await (const { id } of transport.discover()) {
        await (await transport.connectLoader!(id)).close();
        break;
      }
      expect(requests.some((one) => SEARCHES.includes(one))).to.equal(searches);
    }
    expect(store.kept.map(({ services }) => services.length)).to.deep.equal([2]);
    expect((await back(transport)).searches).to.equal(0);
  });

  it("whose hash is another's are left alone, and the card's is learnt beside them", async () => {
    const store = new Store();
    await pair(over(store));
    const other = { ...store.kept[0]!, hash: "00".repeat(16) };
    const another = { ...store.kept[0]!, hash: "11".repeat(16), hashHandle: 3 };
    store.tables = [other, another];
    expect((await back(over(store))).searches).to.be.greaterThan(2);
    expect(store.kept.map(({ hash }) => hash).slice(1)).to.deep.equal([other.hash, another.hash]);
    expect((await back(over(store))).searches).to.equal(0);
  });

  it("that somebody made up for a card's hash cost one attempt, and are forgotten", async () => {
    const store = new Store();
    await pair(over(store));
    const [table] = store.kept;
    const services = table!.services.map((service) => ({
      ...service,
      characteristics: service.characteristics.map((one) => ({ ...one, startHandle: 1, valueHandle: 2, endHandle: 3 })),
    }));
    const lying = new Store([{ ...table!, services }]);
    const transport = over(lying);
    await expectError(() => Card.connect(transport, { store: w.store, timeoutMs: 500 }), "LINK_TIMEOUT");
    await soon();
    expect(lying.kept).to.deep.equal([]);
    expect((await back(transport)).searches).to.be.greaterThan(2);
    expect(lying.kept, "the card's own").to.deep.equal([table]);
  });

  it("are eight at most: those that were used last", async () => {
    const store = new Store();
    await pair(over(store));
    const own = store.kept[0]!;
    store.tables = Array.from({ length: 12 }, (_, i) => ({ ...own, hash: i.toString(16).padStart(32, "0") }));
    await back(over(store));
    expect(store.kept.map(({ hash }) => hash)).to.deep.equal([
      own.hash,
      ...[0, 1, 2, 3, 4, 5, 6].map((i) => `${i}`.padStart(32, "0")),
    ]);
  });

  it("are as if there were none where a store fails, or gives what is no table", async () => {
    const store = new Store();
    await pair(over(store));
    const table = store.kept[0]!;
    const [service] = table.services;
    const [characteristic] = service!.characteristics;
    const having = (changed: object) => [
      { ...table, services: [{ ...service, characteristics: [{ ...characteristic, ...changed }] }] },
    ];
    const wrong: readonly unknown[] = [
      ...[null, 7, "tables", {}, [null], [7], [[]]],
      ...[{ hash: 7 }, { hash: "00" }, { hash: "zz".repeat(16) }].map((changed) => [{ ...table, ...changed }]),
      ...[0, 65_536, 1.5, "13"].map((hashHandle) => [{ ...table, hashHandle }]),
      ...[[], {}, [null], new Array(9).fill(service)].map((services) => [{ ...table, services }]),
      ...[0, 70_000, Number.NaN].map((endHandle) => [{ ...table, services: [{ ...service, endHandle }] }]),
      ...[[], new Array(17).fill(characteristic)].map((characteristics) => [
        { ...table, services: [{ ...service, characteristics }] },
      ]),
      ...[
        { uuid: 7 },
        { uuid: "2a00" },
        { valueHandle: 0 },
        { endHandle: 1 },
        { properties: 256 },
        { properties: "notify" },
      ].map(having),
    ];
    for (const tables of wrong) {
      const { searches } = await back(over(new Store(tables)));
      expect(searches, JSON.stringify(tables)).to.be.greaterThan(2);
    }
    const failing = { load: () => Promise.reject(new Error("gone")), save: () => Promise.reject(new Error("full")) };
    const transport = over(failing);
    expect((await back(transport)).searches).to.be.greaterThan(2);
    expect((await back(transport)).searches, "remembered all the same").to.equal(0);
  });
});
