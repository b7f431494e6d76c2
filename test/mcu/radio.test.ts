// The radio of a Cortex-M image: noble's own stack, over the air to a controller, and from there over a serial line to the card's host. And controllers
// that say what none should.

import { setTimeout as delay } from "node:timers/promises";
import { Air, Controller, type HciController } from "@enabling-card/emulator";
import { Card } from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { nobleOn, type StoppableNoble } from "@enabling-card/tools";
import { concat, fromHex, ModuleId } from "@enabling-card/wire";
import { expect } from "chai";
import { hostileToImage } from "../fuzz/image.js";
import { seeded } from "../fuzz/random.js";
import { imageOrSkip } from "../support/mcu-image.js";
import { type QemuWithPhone, qemuWithPhone } from "../support/qemu-with-phone.js";

/** A controller whose line loses its place: `before` comes in front of its next packet. */
class Noisy implements HciController {
  before: Uint8Array = new Uint8Array(0);
  readonly #controller: Controller;
  constructor(controller: Controller) {
    this.#controller = controller;
  }
  send(packet: Uint8Array): void {
    this.#controller.send(packet);
  }
  onPacket(listener: (packet: Uint8Array) => void): void {
    this.#controller.onPacket((packet) => {
      listener(concat(this.before, packet));
      this.before = new Uint8Array(0);
    });
  }
  powerOff(): void {
    this.#controller.powerOff();
  }
}

describe("the radio of a Cortex-M", () => {
  let air: Air;
  let noble: StoppableNoble | undefined;
  let bench: QemuWithPhone | undefined;
  afterEach(async () => {
    noble?.stop();
    await bench?.close();
    air?.close();
    noble = bench = undefined;
  });

  it("takes a phone's own stack: it pairs, comes back, loads and presents", async function () {
    this.timeout(60_000);
    const built = imageOrSkip(this);
    air = new Air({ time: "real" });
    const radio = new Controller(air);
    const phoneRadio = new Controller(air);
    noble = nobleOn(phoneRadio);
    bench = await qemuWithPhone(built, { radio, transport: nobleTransport(noble) });
    await bench.phone.close();
    const phone = await Card.connect(bench.air, { store: bench.store, cardId: bench.phone.cardId });
    await phone.load(await bench.grant(phone));
    const { passesSent } = await phone.present({ when: "now" });
    expect(passesSent).to.equal(2);
    expect(bench.qemu.emission()?.passes).to.have.length(2);
    await phone.close();
    expect(bench.qemu.traps).to.deep.equal([]);
    expect(radio.violations).to.deep.equal([]);
  });

  it("loses its phone where link or wallet traps, and takes it again", async function () {
    this.timeout(60_000);
    const built = imageOrSkip(this);
    air = new Air({ time: "real" });
    const phoneRadio = new Controller(air);
    noble = nobleOn(phoneRadio);
    bench = await qemuWithPhone(built, { radio: new Controller(air), transport: nobleTransport(noble) });
    for (const module of [ModuleId.Link, ModuleId.Wallet]) {
      expect(phoneRadio.held.size).to.equal(1);
      await bench.qemu.trap(module);
      await until(() => phoneRadio.held.size === 0);
      const phone = await Card.connect(bench.air, { store: bench.store, cardId: bench.phone.cardId });
      expect((await phone.state()).tokens).to.deep.equal([]);
    }
  });

  it("bears hostile controllers and phones, as made for the link alone, and pairs behind them", async function () {
    this.timeout(120_000);
    const built = imageOrSkip(this);
    const packets = 2_000; // more by npm run fuzz -- --target image
    const said = await hostileToImage(built, seeded(Number(process.env.SEED ?? 7)), packets);
    expect(said).to.be.at.least(packets);
  });

  for (const [what, octets] of [
    ["octets that begin no packet", "00ff0390"],
    ["a command, which is not a controller's to send", "01030c00"],
    ["an event's beginning, and nothing behind it", "043eff"],
    ["data longer than any buffer", "024020ffff"],
    ["an event as long as its header can say", `040eff${"00".repeat(255)}`],
  ] as const)
    it(`finds its place again after ${what}`, async function () {
      this.timeout(60_000);
      const built = imageOrSkip(this);
      air = new Air({ time: "real" });
      const radio = new Noisy(new Controller(air));
      radio.before = fromHex(octets);
      noble = nobleOn(new Controller(air));
      bench = await qemuWithPhone(built, { radio, transport: nobleTransport(noble) });
      expect(radio.before).to.have.length(0);
      expect((await bench.phone.state()).tokens).to.deep.equal([]);
      expect(bench.qemu.traps).to.deep.equal([]);
    });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(5);
}
