// The currency of a payment behind an authentication (system 4): what the user was shown is in the country's own, and so is what is charged. What a plug-in
// says is worth nothing until it is that.

import type { AReq } from "@enabling-card/acs";
import { DomainServer, Processor } from "@enabling-card/processor";
import { expect } from "chai";
import { T0 } from "../../issuer/test/issuer-support.js";
import { base64, domainNetwork } from "./domain-support.js";

describe("a payment's currency", () => {
  const { state, post, position, authenticate, swipeOf, remoteOf, swiped, paid, said } = domainNetwork();

  for (const [currency, country] of [
    ["392", 276],
    ["840", 276],
    ["000", 276],
    ["978", 840],
    ["978", 826],
  ] as const) {
    it(`is not ${currency} in country ${country}: CURRENCY_WRONG, and the card is not asked`, async () => {
      const { status, body } = await authenticate({ currency, country });
      expect([status, body.code]).to.deep.equal([400, "CURRENCY_WRONG"]);
      const { atc } = (await state.issuer.store.token(Buffer.from(state.tokenRef).toString("hex")))!;
      expect(atc).to.equal(0);
    });
  }

  it("is the one that was authenticated, by a swipe and without one: CURRENCY_WRONG, and nothing is used by it", async () => {
    const [tracks, remote] = [await swipeOf({ currency: "840", country: 840 }), await remoteOf()];
    for (const currency of ["978", "392", "000"]) {
      expect(await said(swiped(tracks, { 19: "840", 49: currency }))).to.equal("CURRENCY_WRONG");
    }
    expect(await said(paid(remote, { 49: "840" }))).to.equal("CURRENCY_WRONG");
    expect(state.toIssuer).to.deep.equal([]);
    expect(await said(swiped(tracks, { 19: "840", 49: "840" }))).to.equal("APPROVED");
    expect(await said(paid(remote))).to.equal("APPROVED");
  });

  it("of a code that a card is to swipe is the country's: CURRENCY_WRONG", async () => {
    const url = `${state.network.processor.url}/v1/card-codes`;
    const { tokenRef } = await state.network.issuer.issuer.mint(state.card.cardId, "Lovelace/Ada");
    const asked = { ...position(), tokenRef: base64(tokenRef), provider: "POWDERS", maxCost: 100, country: 276 };
    expect((await post(url, { ...asked, currency: "392" })).body).to.include({ code: "CURRENCY_WRONG" });
    expect((await post(url, { ...asked, currency: "978" })).status).to.equal(200);
  });

  it("goes to the access control server with its exponent, by ISO 4217", async () => {
    const resolved = { token: "9999990000000008", account: "9999990000000016", expiry: "3012" };
    const findAccount = () => Promise.reject(new Error("not asked here"));
    const processor = await Processor.open({ master: new Uint8Array(32), findAccount, now: () => T0 });
    const asked: AReq[] = [];
    const domain = new DomainServer({
      ...{ processor, resolve: async () => resolved, issueGrant: () => Promise.reject(new Error("not asked here")) },
      askAcs: (request) => {
        asked.push(request);
        return Promise.reject(new Error("seen"));
      },
    });
    for (const [currency, country, exponent] of [
      ["978", 276, "2"],
      ["392", 392, "0"],
      ["048", 48, "3"],
    ] as const) {
      const named = { ...position(), accessKey: "", requestor: "Test wallet", merchant: "CORNER BAKERY", channel: 0 };
      await domain.authenticate({ ...named, currency, country, amount: 1250 }, `key of ${currency}`).catch(() => 0);
      expect(asked.at(-1)).to.include({ purchaseCurrency: currency, purchaseExponent: exponent });
    }
    await processor.close();
  });
});
