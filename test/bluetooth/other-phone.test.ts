// A second stack, ble-host, which shares nothing with noble, against the card: it finds, asks, subscribes and is refused as the book says; and a card pairs
// over it.

import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { Air, Controller } from "@enabling-card/emulator";
import { Card, type CardLink } from "@enabling-card/sdk";
import { CARD_RX, CARD_SERVICE, CARD_TX, cardUuid, LE_MTU_MAX, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { pairOptions, watchedWorlds } from "../support/watched-worlds.js";

const require = createRequire(import.meta.url);
// biome-ignore lint/suspicious/noExplicitAny: ble-host has no types
type Untyped = any;
const called = <T>(call: (done: (value: T) => void) => void) => new Promise<T>((resolve) => call(resolve));

describe("ble-host and the card", () => {
  const newWorld = watchedWorlds();
  let air: Air;
  let radio: Controller;
  let manager: Untyped;
  let w: Awaited<ReturnType<typeof newWorld>>;

  beforeEach(async () => {
    air = new Air({ time: "free" });
    radio = new Controller(air);
    w = await newWorld({ radio });
    const phone = new Controller(air, { address: "c0:ff:ee:00:00:0c" });
    const transport = Object.assign(new EventEmitter(), {
      write: (packet: Buffer) => phone.send(Uint8Array.from(packet)),
    });
    phone.onPacket((packet) => setImmediate(() => transport.emit("data", Buffer.from(packet))));
    const { BleManager } = require("ble-host");
    manager = await new Promise((resolve, reject) =>
      BleManager.create(transport, {}, (error: unknown, made: unknown) => (error ? reject(error) : resolve(made))),
    );
  });
  afterEach(() => {
    air.close();
    expect(radio.violations).to.deep.equal([]);
  });

  async function connected(): Promise<Untyped> {
    const report = await called<Untyped>((done) => {
      const scan = manager.startScan({});
      scan.on("report", (one: Untyped) => {
        if (one.parsedDataItems?.localName !== "ecard") return;
        scan.stopScan();
        done(one);
      });
    });
    const connection = await called<Untyped>((done) => manager.connect(report.addressType, report.address, {}, done));
    await called((done) => connection.gatt.exchangeMtu(done));
    return connection;
  }

  async function characteristics(connection: Untyped): Promise<{ rx: Untyped; tx: Untyped; services: string[] }> {
    const services = await called<Untyped[]>((done) => connection.gatt.discoverAllPrimaryServices(done));
    const card = services.find(({ uuid }) => uuid.toLowerCase() === cardUuid(CARD_SERVICE));
    const found = await called<Untyped[]>((done) => card.discoverCharacteristics(done));
    const of = (number: number) => found.find(({ uuid }) => uuid.toLowerCase() === cardUuid(number));
    return { rx: of(CARD_RX), tx: of(CARD_TX), services: services.map(({ uuid }) => uuid) };
  }

  async function listen(tx: Untyped): Promise<void> {
    const [configuration] = await called<Untyped[]>((done) => tx.discoverDescriptors(done));
    expect(await called((done) => configuration.write(Buffer.from([1, 0]), done))).to.equal(0);
  }

  it("agree on an MTU and on six services", async () => {
    const connection = await connected();
    expect(connection.gatt.currentMtu).to.equal(LE_MTU_MAX);
    const { services, rx, tx } = await characteristics(connection);
    expect(services).to.have.length(6);
    expect(rx.properties).to.include({ write: true, writeWithoutResponse: true, read: false });
    expect(tx.properties).to.include({ notify: true, read: false });
  });

  it("hear what is wrong with a chunk, and that long writes are not taken", async () => {
    const connection = await connected();
    const { rx, tx } = await characteristics(connection);
    await listen(tx);
    const heard = called<Buffer>((done) => tx.on("change", done));
    expect(await called((done) => rx.write(Buffer.from([0x41, 0]), done))).to.equal(0);
    expect(toHex(await heard)).to.equal("c00300010712");
    const long = await called((done) => rx.writeLong(Buffer.alloc(400), 0, done));
    expect(long, "Request Not Supported").to.equal(6);
  });

  it("do not pair as Bluetooth does", async () => {
    const connection = await connected();
    const failed = called<unknown[]>((done) => connection.smp.on("pairingFail", (...why: unknown[]) => done(why)));
    connection.smp.sendPairingRequest({ ioCap: 3, bondingFlags: 1, mitm: false, sc: true, keypress: false });
    expect(await failed, "Pairing Not Supported, says the card").to.deep.equal([5, true]);
  });

  it("pair as ours does", async () => {
    const connection = await connected();
    const { rx, tx } = await characteristics(connection);
    const link: CardLink = {
      id: "by ble-host",
      maxWrite: connection.gatt.currentMtu - 3,
      write: (chunk, { response }) =>
        called((done) => {
          const octets = Buffer.from(chunk);
          if (response) rx.write(octets, done);
          else rx.writeWithoutResponse(octets, done);
        }),
      async subscribe(listener) {
        tx.on("change", (octets: Buffer) => listener(Uint8Array.from(octets)));
        await listen(tx);
        return () => undefined;
      },
      onDisconnect(listener) {
        connection.on("disconnect", listener);
        return () => connection.off("disconnect", listener);
      },
      close: () =>
        called((done) => {
          connection.on("disconnect", () => done(undefined));
          connection.disconnect();
        }),
    };
    const card = await Card.pair(link, w.made.pairingCode, pairOptions(w));
    expect((await card.state()).tokens).to.deep.equal([]);
    await card.close();
  });
});
