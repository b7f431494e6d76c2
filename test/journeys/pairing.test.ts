// Pairing and its end: the phone's library against the card's own firmware in the emulator.

import { Card, type CardError, type CardTransport, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { decodePairingCode, encodePairingCode, MessageType, Phase, Status } from "@enabling-card/wire";
import { expect } from "chai";
import { pairedPhone } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { lyingAfterThird } from "../support/lying-link.js";
import { cutting, pairOptions, present, soon, watchedWorlds } from "../support/watched-worlds.js";

const newWorld = watchedWorlds();

/** Links of which a write fails where the card hangs up on it: answer and end have come by then. */
function late(transport: CardTransport): CardTransport {
  return {
    discover: transport.discover,
    async connect(id, options) {
      const link = await transport.connect(id, options);
      let gone: CardError | undefined;
      link.onDisconnect((reason) => {
        gone = reason;
      });
      return {
        ...link,
        async write(chunk, how) {
          await link.write(chunk, how);
          if (gone !== undefined) throw gone;
        },
      };
    },
  };
}

describe("phone and card: pairing", () => {
  it("makes the card recognisable to its owner, and to nobody before", async () => {
    const made = await newWorld();
    expect(made.emulator.advertised()).to.equal(undefined);
    const transport = memoryTransport([made.emulator]);
    const card = await Card.pair(transport, made.made.pairingCode, pairOptions(made));
    expect(made.emulator.advertised()).to.have.length(16);
    await card.close();
    await (await Card.connect(transport, { store: made.store })).close();
  });

  for (const mtu of [23, 48, 185, 247, 517]) {
    it(`and paying work at an MTU of ${mtu}`, async () => {
      const made = await newWorld();
      const phone = await pairedPhone(made, mtu);
      await phone.card.load(await phone.grant());
      expect((await present(made, phone.card)).passesSent).to.be.greaterThan(0);
      await phone.card.close();
    });
  }

  it("with a wrong secret, or another card's sheet, is PAIRING_FAILED, and leaves the card free", async () => {
    const made = await newWorld();
    const other = await newWorld();
    const transport = memoryTransport([made.emulator]);
    const { cardId, secret } = decodePairingCode(made.made.pairingCode);
    secret[0]! ^= 1;
    const wrong = encodePairingCode({ cardId, secret });
    await expectError(() => Card.pair(transport, other.made.pairingCode, pairOptions(made)), "PAIRING_FAILED");
    expect(await made.store.list()).to.deep.equal([]);
    await expectError(() => Card.pair(transport, wrong, pairOptions(made)), "PAIRING_FAILED");
    expect((await made.store.list()).map(({ confirmed }) => confirmed)).to.deep.equal([false]);
    expect(made.emulator.advertised()).to.equal(undefined);
    await (await Card.pair(transport, made.made.pairingCode, pairOptions(made))).close();
  });

  it("of a card with an owner waits for 3 s on its button, and then the old phone is out", async () => {
    const made = await newWorld();
    const transport = memoryTransport([made.emulator]);
    await (await Card.pair(transport, made.made.pairingCode, pairOptions(made))).close();
    const second = { ...pairOptions(made), phoneName: "Bo's phone", store: new MemoryPairingStore() };
    await expectError(() => Card.pair(transport, made.made.pairingCode, second), "PAIRING_CLOSED");
    made.emulator.hold(3_100);
    await (await Card.pair(transport, made.made.pairingCode, second)).close();
    const link = await transport.connect(made.emulator.id);
    await expectError(() => Card.connect(link, { store: made.store }), "NOT_PAIRED");
  });

  it("can be cancelled at each step, and made at once after it", async () => {
    const made = await newWorld();
    const transport = memoryTransport([made.emulator]);
    for (const at of ["connecting", "greeting", "certificate", "keeping", "confirming"]) {
      const abort = new AbortController();
      const onProgress = (step: string) => step === at && abort.abort();
      const options = { ...pairOptions(made), signal: abort.signal, onProgress };
      await expectError(() => Card.pair(transport, made.made.pairingCode, options), "ABORTED");
    }
    await (await Card.pair(transport, made.made.pairingCode, pairOptions(made))).close();
  });

  it("cut at any chunk leaves both either strangers or able to go on", async () => {
    const whole = cutting(Number.POSITIVE_INFINITY);
    const first = await newWorld();
    await (await Card.pair(whole.wrap(first, 64), first.made.pairingCode, pairOptions(first))).close();
    expect(whole.chunks()).to.be.greaterThan(8);
    for (let cut = 0; cut < whole.chunks(); cut++) {
      const made = await newWorld();
      const cutter = cutting(cut);
      await expectError(() => Card.pair(cutter.wrap(made, 64), made.made.pairingCode, pairOptions(made)), "LINK_LOST");
      const transport = memoryTransport([made.emulator], { mtu: 64 });
      const owned = made.emulator.advertised() !== undefined;
      const card = owned
        ? await Card.connect(transport, { store: made.store })
        : await Card.pair(transport, made.made.pairingCode, pairOptions(made));
      expect((await card.refresh()).phase).to.equal(Phase.Empty);
      await card.close();
    }
  });

  it("with a forged refusal in the place of the card's answer does not lock the owner out", async () => {
    const made = await newWorld();
    const air = memoryTransport([made.emulator]);
    const lying = lyingAfterThird(air, Uint8Array.of(0xc0, 3, 0, 1, MessageType.Fault, Status.PairingFailed));
    await expectError(() => Card.pair(lying, made.made.pairingCode, pairOptions(made)), "PAIRING_FAILED");
    expect(made.emulator.advertised(), "the card has this owner").to.have.length(16);
    const card = await Card.connect(air, { store: made.store, reconnects: 0 });
    expect((await made.store.list()).map(({ confirmed }) => confirmed)).to.deep.equal([true]);
    await card.close();
  });
});

describe("phone and card: the end", () => {
  it("unpair frees the card for the next owner", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.unpair();
    expect(made.emulator.advertised()).to.equal(undefined);
    const next = { ...pairOptions(made), store: new MemoryPairingStore() };
    await (await Card.pair(memoryTransport([made.emulator]), made.made.pairingCode, next)).close();
  });

  it("unpair is done though the link goes before its stack has said that it wrote", async () => {
    const made = await newWorld();
    const air = memoryTransport([made.emulator]);
    const card = await Card.pair(late(air), made.made.pairingCode, pairOptions(made));
    await card.unpair();
    expect(await made.store.list()).to.deep.equal([]);
  });

  it("of the power is the end of a grant, and of nothing else", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    made.emulator.restart();
    await soon();
    const info = await phone.card.refresh();
    expect(info.phase).to.equal(Phase.Empty);
    expect(info.timeKnown).to.equal(false);
    await phone.card.close();
  });
});
