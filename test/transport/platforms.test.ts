// What one platform alone does: how a browser asks, what a phone's system refuses, an MTU that shows itself, a stack that drops what it has no room for, and
// a serial line whose card was left in the middle of a frame.

import { EventEmitter } from "node:events";
import { Air, Controller } from "@enabling-card/emulator";
import {
  blePlxTransport,
  Card,
  type CardLink,
  type CardTransport,
  capacitorTransport,
  serialTransport,
  webBluetoothTransport,
} from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { encodeLineFrame, type LineFrame, LineFrames, LineKind } from "@enabling-card/wire";
import { expect } from "chai";
import { pairedPhone } from "../support/card-with-issuer.js";
import { ChunkWatch } from "../support/chunk-watch.js";
import { expectError } from "../support/expect-refusal.js";
import { GattCentral } from "../support/gatt-central.js";
import { imageOrSkip } from "../support/mcu-image.js";
import { FakeBleError, FakeBlePlx } from "../support/platforms/ble-plx.js";
import { FakeCapacitor } from "../support/platforms/capacitor.js";
import { FakeSerialPort } from "../support/platforms/serial-port.js";
import { FakeWebBluetooth } from "../support/platforms/web-bluetooth.js";
import { qemuWithPhone } from "../support/qemu-with-phone.js";
import { pairOptions, soon, watchedWorlds } from "../support/watched-worlds.js";

const newWorld = watchedWorlds();

/** The same transport, and its newest link. */
function lastLinkOf(transport: CardTransport) {
  let last: CardLink | undefined;
  const noting: CardTransport = {
    ...transport,
    async connect(id, options) {
      last = await transport.connect(id, options);
      return last;
    },
  };
  return { transport: noting, last: () => last! };
}

describe("a transport's options", () => {
  const noble = new EventEmitter() as never;

  for (const options of [{ mtu: 22 }, { mtu: 518 }, { mtu: 100.5 }])
    it(`refuse an MTU that is none: ${options.mtu}`, async () => {
      await expectError(async () => nobleTransport(noble, options), "ARGUMENT_INVALID");
    });

  // A timer that is given what it cannot count ends at once.
  for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])
    it(`refuse a time that no timer has: ${timeoutMs}`, async () => {
      await expectError(async () => nobleTransport(noble, { timeoutMs }), "ARGUMENT_INVALID");
    });
});

describe("a phone's system", () => {
  let air: Air;
  let central: GattCentral;
  let w: Awaited<ReturnType<typeof newWorld>>;

  beforeEach(async () => {
    air = new Air({ time: "free" });
    central = new GattCentral(new Controller(air, { address: "c0:ff:ee:00:00:0a" }));
    w = await newWorld({ radio: new Controller(air) });
  });
  afterEach(() => air.close());

  const pair = (transport: CardTransport) => Card.pair(transport, w.made.pairingCode, pairOptions(w));

  it("that is a computer with its adapter off says so (noble)", async () => {
    const off = Object.assign(new EventEmitter(), {
      waitForPoweredOnAsync: () => Promise.reject(new Error("Timeout waiting for Noble to be powered on")),
      startScanningAsync: async () => undefined,
      stopScanningAsync: async () => undefined,
    });
    const error = await expectError(() => pair(nobleTransport(off)), "BLUETOOTH_OFF");
    expect(error.retryable).to.equal(false);
    await soon();
    expect(off.listenerCount("discover"), "nobody listens to it any more").to.equal(0);
  });

  it("that is a browser without Web Bluetooth says which one has it", async () => {
    const error = await expectError(async () => webBluetoothTransport(undefined), "WEB_BLUETOOTH_MISSING");
    expect(error.message).to.match(/Chrome.*Edge.*https|https.*Chrome.*Edge/);
    expect(error.retryable).to.equal(false);
  });

  it("that is a browser shows its list from a click alone, where there is Bluetooth, and its user may choose nothing", async () => {
    const browser = new FakeWebBluetooth(central);
    const transport = webBluetoothTransport(browser);
    browser.userActivation = false;
    await expectError(() => pair(transport), "BLUETOOTH_FORBIDDEN");
    browser.userActivation = true;
    browser.available = false;
    await expectError(() => pair(transport), "BLUETOOTH_OFF");
    browser.available = true;
    w.emulator.stop();
    await expectError(() => transport.choose(), "CARD_NOT_CHOSEN");
    w.emulator.start();
    await (await pair(transport)).close();
  });

  it("that is a browser gives each choice once: a card that was let go has another address", async () => {
    const browser = new FakeWebBluetooth(central);
    const transport = webBluetoothTransport(browser);
    const { id, name } = await transport.choose();
    expect(name).to.equal("ecard");
    const card = await Card.pair({ transport, id }, w.made.pairingCode, pairOptions(w));
    await card.close();
    await expectError(() => transport.connect(id), "CARD_NOT_FOUND");
    browser.userActivation = false;
    await expectError(() => Card.connect(transport, { store: w.store }), "BLUETOOTH_FORBIDDEN");
    browser.userActivation = true;
    await (await Card.connect(transport, { store: w.store })).close();
  });

  it("that hides the MTU shows it in the card's chunks: later ones to the card are as long", async () => {
    const transport = webBluetoothTransport(new FakeWebBluetooth(central));
    const sizes = new Set<number>();
    let maxWrite = () => 0;
    const noting: CardTransport = {
      ...transport,
      async connect(id, options) {
        const link = await transport.connect(id, options);
        maxWrite = () => link.maxWrite;
        return {
          id: link.id,
          get maxWrite() {
            return link.maxWrite;
          },
          write(chunk, how) {
            sizes.add(chunk.length);
            return link.write(chunk, how);
          },
          subscribe: link.subscribe,
          onDisconnect: link.onDisconnect,
          close: link.close,
        };
      },
    };
    const { card, grant } = await pairedPhone(w, 247, noting);
    expect(maxWrite()).to.equal(244);
    await card.load(await grant());
    expect(Math.min(...sizes)).to.be.at.most(20);
    expect(Math.max(...sizes)).to.equal(244);
    await card.close();
  });

  it("that says -1 for an MTU has not told one: the card's chunks show it (Capacitor)", async () => {
    const client = new FakeCapacitor(central, "android");
    client.getMtu = async () => -1;
    const { transport, last } = lastLinkOf(capacitorTransport(client));
    const card = await pair(transport);
    expect(last().maxWrite).to.equal(244);
    await card.close();
  });

  it("that refuses to ask for an MTU has the least there is, and pairs (ble-plx)", async () => {
    const manager = new FakeBlePlx(central, { platform: "android" });
    manager.requestMTUForDevice = () => Promise.reject(new FakeBleError(206, "MTU change failed"));
    const { transport, last } = lastLinkOf(blePlxTransport(manager));
    const card = await pair(transport);
    expect(last().maxWrite).to.equal(20);
    await card.close();
  });

  it("that drops writes which it has no room for is not given more than it has", async () => {
    const browser = new FakeWebBluetooth(central);
    browser.mtu = 23; // so that a load has 200 chunks
    const { card, grant } = await pairedPhone(w, 23, webBluetoothTransport(browser));
    await card.load(await grant());
    expect(browser.dropped).to.equal(0);
    await card.close();
  });

  it("that has Bluetooth switched off, or stops a scan, says so (ble-plx)", async () => {
    const manager = new FakeBlePlx(central, { platform: "android" });
    const transport = blePlxTransport(manager, { timeoutMs: 500 });
    manager.poweredOn = false;
    await expectError(() => pair(transport), "BLUETOOTH_OFF");
    manager.poweredOn = true;
    w.emulator.stop();
    const looking = pair(transport);
    looking.catch(() => undefined);
    while (manager.scanFault === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    manager.scanFault(new FakeBleError(601, "Location services are disabled"));
    await expectError(() => looking, "BLUETOOTH_FORBIDDEN");
    await expectError(() => transport.connect("AA:BB:CC:DD:EE:FF"), "CARD_NOT_FOUND");
    w.emulator.start();
    await (await pair(transport)).close();
  });

  it("that tells only a listener that it does not listen ends the link (ble-plx)", async () => {
    const manager = new FakeBlePlx(central, { platform: "android" });
    const transport = blePlxTransport(manager, { timeoutMs: 500 });
    manager.refusesMonitor = true;
    await expectError(() => pair(transport), "LINK_LOST");
    manager.refusesMonitor = false;
    await (await pair(transport)).close();
  });

  it("that calls the end of listening an error keeps the link of whoever listens no more (ble-plx)", async () => {
    const transport = blePlxTransport(new FakeBlePlx(central, { platform: "android" }), { timeoutMs: 500 });
    for await (const { id } of transport.discover()) {
      const link = await transport.connect(id);
      const stop = await link.subscribe(() => undefined);
      const ends: unknown[] = [];
      link.onDisconnect((reason) => ends.push(reason));
      stop();
      await soon();
      expect(ends).to.deep.equal([]);
      await (await link.subscribe(() => undefined))();
      await link.close();
      break;
    }
  });

  it("that forbids Bluetooth, or has it switched off, says so until it does not (capacitor)", async () => {
    const client = new FakeCapacitor(central, "android");
    const transport = capacitorTransport(client, { timeoutMs: 500 });
    client.permission = false;
    await expectError(() => pair(transport), "BLUETOOTH_FORBIDDEN");
    client.permission = true;
    client.enabled = false;
    await expectError(() => pair(transport), "BLUETOOTH_OFF");
    client.enabled = true;
    await (await pair(transport)).close();
  });

  it("that tells what cards advertise has its owner's identifier from each, in its own shape", async () => {
    const transports = [
      blePlxTransport(new FakeBlePlx(central, { platform: "ios" })),
      capacitorTransport(new FakeCapacitor(central, "ios")),
    ];
    await (await pair(transports[0]!)).close();
    for (const transport of transports) {
      const over = new AbortController();
      for await (const { identifier, name, rssi } of transport.discover(over.signal)) {
        if (identifier === undefined) continue;
        expect(identifier).to.deep.equal(w.emulator.advertised());
        expect([name, rssi]).to.deep.equal(["ecard", -52]);
        over.abort();
      }
    }
  });
});

describe("a serial line", () => {
  it("has its frames whole, in any portions", () => {
    const octets = Uint8Array.from({ length: 300 }, (_, i) => i);
    const frame = encodeLineFrame(LineKind.Chunk, octets);
    expect([...frame.subarray(0, 4)]).to.deep.equal([300 & 0xff, 300 >> 8, LineKind.Chunk, 0]);
    for (const portion of [1, 2, 7, 303]) {
      const frames = new LineFrames();
      const given: LineFrame[] = [];
      for (let at = 0; at < frame.length; at += portion) given.push(...frames.push(frame.slice(at, at + portion)));
      expect(given).to.deep.equal([{ kind: LineKind.Chunk, octets }]);
    }
  });

  it("finds its card again after a phone that went in the middle of a frame", async () => {
    const w = await newWorld();
    const port = new FakeSerialPort(w.emulator, new ChunkWatch());
    await port.open({ baudRate: 115_200 });
    const writer = port.writable!.getWriter();
    await writer.write(Uint8Array.of(200, 0, LineKind.Chunk, 1, 2, 3));
    writer.releaseLock();
    await port.close();
    const transport = serialTransport(port);
    const card = await Card.pair(transport, w.made.pairingCode, { ...pairOptions(w), timeoutMs: 8_000 });
    expect((await card.state()).tokens).to.deep.equal([]);
    await card.close();
  });

  it("is not lost by a card that answers late: what was sent meanwhile is caught up with", async () => {
    const w = await newWorld();
    const port = new FakeSerialPort(w.emulator, new ChunkWatch());
    port.logDelayMs = 450; // later than it is waited for, once
    const card = await Card.pair(serialTransport(port), w.made.pairingCode, { ...pairOptions(w), timeoutMs: 8_000 });
    expect((await card.state()).tokens).to.deep.equal([]);
    await card.close();
  });

  it("with nobody at its end, or somebody's already, has no card", async () => {
    const w = await newWorld();
    const port = new FakeSerialPort(w.emulator, new ChunkWatch());
    const silent = { write: async () => undefined, onOctets: () => () => undefined, onClose: () => () => undefined };
    let isClosed = false;
    const close = async () => {
      isClosed = true;
    };
    const nobody = serialTransport(async () => ({ ...silent, close }), { timeoutMs: 100 });
    await expectError(() => nobody.connect("serial"), "CARD_NOT_FOUND");
    expect(isClosed).to.equal(true);
    await port.open({ baudRate: 115_200 });
    await expectError(() => serialTransport(port).connect("serial"), "CARD_NOT_FOUND");
  });

  it("leads to the image on a Cortex-M: a phone comes back over it and loads", async function () {
    this.timeout(60_000);
    const bench = await qemuWithPhone(imageOrSkip(this), {});
    try {
      await bench.phone.close();
      const transport = serialTransport(async () => bench.qemu.octetLine());
      const phone = await Card.connect(transport, { store: bench.store, cardId: bench.phone.cardId });
      const { cap } = await phone.load(await bench.grant(phone));
      expect(cap).to.equal(1000);
      expect((await phone.state()).tokens).to.have.length(1);
      await phone.close();
      expect(bench.qemu.traps).to.deep.equal([]);
    } finally {
      await bench.close();
    }
  });
});
