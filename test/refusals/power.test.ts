// The power is cut at every write of pairing, load and present, and at several octets of each: afterwards the card is before
// the step or after it, never between, and never sends what it had no right to.

import { EmulatedCard, MemoryBlock } from "@enabling-card/emulator";
import { Card, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { builtFirmware } from "@enabling-card/tools";
import { Indicator, Phase, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";

/** Octets of a write after which the power goes: none, some of its head, most, all but the last. */
const TORN = [0, 1, 9, 40, 10_000];
/** No step writes more often; the loop asserts that it came to an end before. */
const WRITES_MAX = 40;

/** Runs `step` with the power going at write `n`, octet `byte`; false where the step was over before. */
async function cut(card: EmulatedCard, write: number, byte: number, step: () => Promise<unknown>): Promise<boolean> {
  card.store.cutPowerAt({ write, byte });
  const finished = await step().then(
    () => true,
    () => false,
  );
  const lost = !card.on;
  if (!lost) card.store.cutPowerAt(undefined);
  expect(lost || finished, "a step that was not cut ends well").to.equal(true);
  return lost;
}

async function everyCut(run: (write: number, byte: number) => Promise<boolean>): Promise<number> {
  let cuts = 0;
  for (const byte of TORN) {
    let write = 1;
    while (await run(write, byte)) {
      cuts++;
      expect(++write).to.be.lessThan(WRITES_MAX);
    }
  }
  return cuts;
}

/** Presents now, the user pressing twice when asked. */
async function presentNow(w: World, phone: Phone): Promise<number> {
  const presented = phone.card.present({ when: "now", timeoutMs: 500 });
  presented.catch(() => undefined);
  await w.emulator.shows(Indicator.Ask);
  w.emulator.pressTwice();
  return (await presented).passesSent;
}

describe("the power goes", () => {
  let w: World;
  afterEach(async () => {
    expect(w.emulator.traps).to.deep.equal([]);
    await w.close();
  });

  it("at each write of a pairing: the card has its old owner or its new one, and both can say so", async function () {
    this.timeout(120_000);
    w = await world();
    const bare = (w.block as MemoryBlock).snapshot();
    const { makerRoot, made } = w;
    const cuts = await everyCut(async (write, byte) => {
      const card = (
        await EmulatedCard.create({ firmware: await builtFirmware(), block: new MemoryBlock(bare) })
      ).start();
      const transport = memoryTransport([card]);
      const store = new MemoryPairingStore();
      const pair = (into: MemoryPairingStore) =>
        Card.pair(transport, made.pairingCode, { phoneName: "Ada", makerRoot, store: into, timeoutMs: 300 });
      if (!(await cut(card, write, byte, async () => (await pair(store)).close()))) return false;
      card.restart();
      const owned = card.advertised() !== undefined;
      const phone = owned ? await Card.connect(transport, { store }) : await pair(new MemoryPairingStore());
      expect(phone.info.phase).to.equal(Phase.Empty);
      expect(card.traps).to.deep.equal([]);
      await phone.close();
      card.stop();
      return true;
    });
    expect(cuts).to.equal(TORN.length);
  });

  it("at each write of a load: the ATC was counted and the grant is gone, or nothing happened and it can be loaded", async function () {
    this.timeout(120_000);
    w = await world();
    const phone = await pairedPhone(w);
    const cuts = await everyCut(async (write, byte) => {
      const before = (await phone.card.state()).tokens[0]?.atc ?? 0;
      const bundle = await phone.grant();
      if (!(await cut(w.emulator, write, byte, () => phone.card.load(bundle, { signal: AbortSignal.timeout(200) }))))
        return false;
      w.emulator.restart();
      const { tokens, info } = await phone.card.state();
      expect(info.phase).to.equal(Phase.Empty);
      const counted = (await w.service.issuer.store.token(toHex(phone.token.tokenRef)))!.atc;
      expect(tokens[0]?.atc ?? 0, "before the step or after it").to.be.oneOf([before, counted]);
      expect(info.passesSent).to.equal(0);
      expect(w.emulator.coil.emission()).to.equal(undefined);
      return true;
    });
    expect(cuts).to.equal(TORN.length);
    await phone.card.disarm();
    await phone.card.load(await phone.grant());
    expect(await presentNow(w, phone)).to.equal(2);
  });

  it("at each write of a present: no edge was played that flash does not count, and none follows", async function () {
    this.timeout(120_000);
    w = await world();
    const phone = await pairedPhone(w);
    const cuts = await everyCut(async (write, byte) => {
      await phone.card.disarm();
      const { grantHash } = await phone.card.load(await phone.grant());
      w.emulator.coil.clear();
      if (!(await cut(w.emulator, write, byte, () => presentNow(w, phone)))) return false;
      const played = w.emulator.coil.emissions().flatMap(({ passes }) => passes).length;
      w.emulator.restart();
      await phone.card.state();
      const { info } = phone.card;
      expect([...info.lastGrant!]).to.deep.equal([...grantHash]);
      expect(info.passesSent, "flash counts each pass before its first edge").to.be.within(played, played + 1);
      expect(info.phase).to.equal(Phase.Empty);
      w.emulator.coil.clear();
      w.emulator.pressTwice();
      w.emulator.touchHead();
      w.emulator.advance(10_000);
      expect(w.emulator.coil.emission()).to.equal(undefined);
      return true;
    });
    expect(cuts).to.equal(3 * TORN.length);
  });

  it("while the card is armed: the grant is gone", async () => {
    w = await world();
    const phone = await pairedPhone(w);
    await phone.card.load(await phone.grant());
    const armed = phone.card.present({ when: "swipe" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    await armed;
    w.emulator.restart();
    w.emulator.touchHead();
    expect(w.emulator.coil.emission()).to.equal(undefined);
    await phone.card.state();
    expect(phone.card.info.phase).to.equal(Phase.Empty);
  });

  it("at a try of the PIN: the try is counted", async function () {
    this.timeout(60_000);
    w = await world();
    const phone = await pairedPhone(w);
    await phone.card.setPin("2468");
    await phone.card.load(await phone.grant());
    for (let i = 0; i < 5; i++) {
      const wrong = () => phone.card.present({ when: "now", pin: "1111", timeoutMs: 300 });
      expect(
        await cut(w.emulator, 1, 10_000, wrong),
        "the count is the first write, whole when the power goes",
      ).to.equal(true);
      w.emulator.restart();
      await phone.card.state();
      await phone.card.disarm();
      await phone.card.load(await phone.grant());
    }
    const error = await phone.card.present({ when: "now", pin: "2468" }).catch((e: { code: string }) => e);
    expect(error).to.have.property("code", "PIN_LOCKED");
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });
});
