// A grant for a place without a network: taken at home, loaded when it is needed.

import { expect } from "chai";
import { pairedPhone, world } from "../support/card-with-issuer.js";

describe("an off-line grant", () => {
  it("is taken by a card whose clock is as late as its last on-line grant was under way", async () => {
    const w = await world();
    const phone = await pairedPhone(w);
    const online = await phone.grant();
    w.pass(90);
    await phone.card.load(online);
    await phone.card.disarm();
    const { cardId, info } = phone.card;
    const { tokenRef } = await phone.client.createToken(cardId, "LOVELACE/ADA", { offline: true });
    const bundle = await phone.client.grant({
      cardId,
      tokenRef,
      checkpointSize: info.checkpointSize,
      domain: { requestor: "app", merchant: "Mountain Hut", channel: 0, country: 276, maxAmount: 1000 },
      maxEmissions: 1,
      kind: "offline",
    });
    expect((await phone.card.load(bundle)).merchant).to.equal("Mountain Hut");
    await w.close();
  });
});
