// The link is lost at one packet after another of a pairing, through noble's own stack: whatever the card had taken by then, the phone gets in afterwards, and
// the card has one owner.

import { Air, Controller } from "@enabling-card/emulator";
import { Card, CardError, type CardTransport } from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { nobleOn } from "@enabling-card/tools";
import { expect } from "chai";
import { strangerPairs } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { pairOptions, watchedWorlds } from "../support/watched-worlds.js";

const ACL_DATA = 2;
/** Of the 23 at the phone's controller, both ways: of discovery some, of the handshake each. */
const CUTS = [1, 5, 9, 13, 15, 16, 17, 18, 19, 20, 21, 22];

describe("a link that is lost in a pairing", () => {
  const newWorld = watchedWorlds();

  for (const cut of CUTS) {
    it(`at packet ${cut}: the phone gets in afterwards, and nobody else`, async () => {
      const air = new Air({ time: "free" });
      const phone = new Controller(air, { address: "c0:ff:ee:00:00:0a" });
      const radio = new Controller(air);
      const w = await newWorld({ radio });
      const noble = nobleOn(phone);
      const transport = nobleTransport(noble, { timeoutMs: 1_500 });
      let packets = 0;
      phone.tap((_, packet) => {
        if (packet[0] === ACL_DATA && ++packets === cut) air.setReach(phone, radio, false);
        if (packet[0] === 4 && packet[1] === 0x05) air.setReach(phone, radio, true); // once both know
      });
      try {
        const card = await getIn(w, transport);
        expect(packets, "the cut was in the pairing").to.be.greaterThan(cut);
        expect((await card.state()).tokens).to.deep.equal([]);
        expect(await w.store.list(w.made.cardId)).to.have.length(1);
        await card.close();
        await expectError(() => strangerPairs(w), "PAIRING_CLOSED");
        expect(radio.violations).to.deep.equal([]);
      } finally {
        noble.stop();
        air.close();
      }
    });
  }

  /** As an app does: pairs, and where that was cut, comes back with what it kept, or pairs again. */
  async function getIn(w: Awaited<ReturnType<typeof newWorld>>, transport: CardTransport): Promise<Card> {
    const pair = () => Card.pair(transport, w.made.pairingCode, pairOptions(w));
    const again = async (error: unknown): Promise<Card> => {
      expect(error).to.be.instanceOf(CardError);
      expect((error as CardError).retryable, (error as CardError).code).to.equal(true);
      const kept = await w.store.list(w.made.cardId);
      if (kept.length === 0) return pair();
      const target = { store: w.store, cardId: w.made.cardId, timeoutMs: 2_000, reconnects: 0 };
      return Card.connect(transport, target).catch(pair);
    };
    return pair().catch(again);
  }
});
