// A phone's own stack against the card's: noble, with the SDK on it, pairs, comes back, loads and presents; and what goes wrong on the way. In this
// process, on controllers of the emulated air.

import { Air, BtSnoop, Controller, type ControllerOptions } from "@enabling-card/emulator";
import { Card, type CardTransport } from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { nobleOn, type StoppableNoble } from "@enabling-card/tools";
import { ATT_HEADER, fromHex, LE_MTU_MAX, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { pairedPhone, type World } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { pairOptions, present, watchedWorlds } from "../support/watched-worlds.js";

const PHONE = "c0:ff:ee:00:00:0a";
const newWorld = watchedWorlds();

describe("noble and the card", () => {
  let air: Air;
  let phone: Controller;
  let radio: Controller;
  let noble: StoppableNoble;
  let w: World;

  async function begin(options: ControllerOptions = {}, loss = 0): Promise<CardTransport> {
    air = new Air({ time: "free", loss });
    phone = new Controller(air, { address: PHONE });
    radio = new Controller(air, options);
    noble = nobleOn(phone);
    w = await newWorld({ radio });
    return nobleTransport(noble);
  }
  afterEach(() => {
    noble.stop();
    air.close();
    expect(radio.violations, "the card kept to its controller's buffers").to.deep.equal([]);
    expect(phone.violations).to.deep.equal([]);
  });

  const pair = (transport: CardTransport) => Card.pair(transport, w.made.pairingCode, pairOptions(w));
  const back = (transport: CardTransport) =>
    Card.connect(transport, { store: w.store, cardId: w.made.cardId, timeoutMs: 5000 });

  it("pair, part, find each other again, and pay", async () => {
    const transport = await begin();
    const phone = await pairedPhone(w, LE_MTU_MAX, transport);
    await phone.card.close();

    const card = await back(transport);
    await card.load(await phone.grant({ challenge: card.info.challenge }));
    const { passesSent } = await present(w, card);
    expect(passesSent).to.be.greaterThan(0);
    expect(w.emulator.coil.emission()?.passes).to.have.length(passesSent);
    await card.close();
  });

  for (const [what, options, loss] of [
    ["has one buffer of 27 octets", { aclOctets: 27, aclBuffers: 1 }, 0],
    ["knows no data length extension", { dataOctets: 27 }, 0],
    ["hears two of three packets", {}, 0.33],
  ] as const) {
    it(`pair where the card's controller ${what}`, async () => {
      const card = await pair(await begin(options, loss));
      expect((await card.state()).tokens).to.deep.equal([]);
      await card.close();
    });
  }

  it("show nobody who the card is before it has an owner, and its owner alone afterwards", async () => {
    const transport = await begin();
    const first = await seen(transport);
    expect(first.name).to.equal("ecard");
    expect(first.identifier).to.equal(undefined);
    await (await pair(transport)).close();
    const owned = await seen(transport, (one) => one.identifier !== undefined);
    expect(toHex(owned.identifier!)).to.equal(toHex(w.emulator.advertised()!));
    expect(owned.id, "and another address").not.to.equal(first.id);
  });

  async function seen(
    transport: CardTransport,
    wanted = (_: { readonly id: string; readonly identifier?: Uint8Array }) => true,
  ) {
    const over = new AbortController();
    for await (const one of transport.discover(over.signal)) {
      if (!wanted(one)) continue;
      over.abort();
      return one;
    }
    throw new Error("nobody was found");
  }

  it("say of an id that is no card's any more that it is not there, also where Bluetooth took its time to begin", async () => {
    await begin();
    const timeoutMs = 800;
    const transport = nobleTransport(noble, { timeoutMs });
    const late: CardTransport = {
      ...transport,
      connect: (id, options) =>
        new Promise((resolve) => setTimeout(resolve, 50)).then(() => transport.connect(id, options)),
    };
    const { id } = await seen(transport);
    await (await transport.connect(id)).close();
    const now = await seen(transport, (one) => one.id !== id);
    expect(now.id).not.to.equal(id);
    const call = () => Card.pair({ transport: late, id }, w.made.pairingCode, { ...pairOptions(w), timeoutMs });
    expect((await expectError(call, "CARD_NOT_FOUND")).message).to.match(/id changes.*look for it again/);
  });

  it("agree on the smaller MTU, whoever asks for what", async () => {
    await begin();
    for (const [asked, agreed] of [
      [23, 23],
      [185, 185],
      [247, 247],
      [517, LE_MTU_MAX],
    ] as const) {
      const transport = nobleTransport(noble, { mtu: asked });
      const { id } = await seen(transport);
      const link = await transport.connect(id);
      expect(link.maxWrite, `${asked} asked`).to.equal(agreed - ATT_HEADER);
      await expectError(() => link.write(new Uint8Array(link.maxWrite + 1), { response: true }), "ARGUMENT_INVALID");
      await link.close();
    }
  });

  it("lose each other in a session, and a call finds the card again", async () => {
    const transport = await begin();
    const card = await pair(transport);
    air.setReach(phone, radio, false);
    await new Promise<void>((resolve) => {
      const ask = setInterval(() => {
        if (phone.held.size > 0) return;
        clearInterval(ask);
        resolve();
      }, 5);
    });
    air.setReach(phone, radio, true);
    expect((await card.state()).tokens).to.deep.equal([]);
    await card.close();
  });

  it("are alone: a second phone finds no card while the first is connected", async () => {
    const transport = await begin();
    const card = await pair(transport);
    const second = new Controller(air, { address: "c0:ff:ee:00:00:0d" });
    const reports: Uint8Array[] = [];
    second.onPacket((packet) => packet[1] === 0x3e && reports.push(packet));
    second.send(fromHex("01010c08ffffffffffffff3f")); // LE events are masked unless asked for
    second.send(fromHex("010b200701100010000000"));
    second.send(fromHex("010c20020100"));
    await card.state();
    expect(reports).to.deep.equal([]);
    await card.close();
    while (reports.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(toHex(reports[0]!)).to.include(toHex(radio.randomAddress));
    second.powerOff();
  });

  it("end a link whose phone says nothing, after 5 s of the card's", async () => {
    const transport = await begin();
    const link = await transport.connect((await seen(transport)).id);
    const gone = new Promise<string>((resolve) => link.onDisconnect(({ code }) => resolve(code)));
    w.emulator.advance(5_001);
    expect(await gone).to.equal("LINK_LOST");
    expect((await seen(transport)).name).to.equal("ecard");
  });

  it("leave the line alone while the radio has the session, and the radio while the line has it", async () => {
    const transport = await begin();
    const card = await pair(transport);
    const line = w.emulator.connectLine();
    await new Promise<void>((resolve) => line.onClose(resolve));
    expect((await card.state()).tokens).to.deep.equal([]);
    await card.close();
    await seen(transport);

    const held = w.emulator.connectLine();
    expect(radio.isAdvertising).to.equal(false);
    await held.close();
    expect((await seen(transport)).name).to.equal("ecard");
  });

  it("lose each other where the card's power goes", async () => {
    const transport = await begin();
    const link = await transport.connect((await seen(transport)).id);
    const gone = new Promise<string>((resolve) => link.onDisconnect(({ code }) => resolve(code)));
    w.emulator.restart();
    expect(await gone).to.equal("LINK_LOST");
  });

  it("leave a record that says what went over the card's HCI", async () => {
    const transport = await begin();
    const snoop = new BtSnoop(radio);
    let packets = 0;
    radio.tap(() => packets++);
    const card = await pair(transport);
    await card.close();
    const file = snoop.file();
    expect(new TextDecoder().decode(file.slice(0, 7))).to.equal("btsnoop");
    const view = new DataView(file.buffer);
    expect([view.getUint32(8), view.getUint32(12)]).to.deep.equal([1, 1002]);
    let records = 0;
    for (let at = 16; at < file.length; at += 24 + view.getUint32(at)) {
      expect(view.getUint32(at)).to.equal(view.getUint32(at + 4));
      expect([1, 2, 4]).to.include(file[at + 24]);
      records++;
    }
    expect(records).to.equal(packets).and.to.be.greaterThan(20);
  });
});
