// A PostgreSQL that its own tools brought back to an earlier moment: nothing that may have been used since is good again, once that is made up for.

import { IsoCaller } from "@enabling-card/doors";
import { GRANT_S, GRANTS_AT_ONCE, keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { addDevice } from "@enabling-card/processor";
import type { SwipeGrant } from "@enabling-card/wire";
import { expect } from "chai";
import { hasPostgresql, postgresql, type TestServer } from "../../../test/support/postgresql.js";
import { enrolledCard, purchase, type TestCard, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";
import { type Network, restoreDatabase, startNetwork } from "../src/index.js";

describe("a PostgreSQL that was brought back", () => {
  let server: TestServer;
  let network: Network;
  let card: TestCard;
  let tokenRef: Uint8Array;
  /** The server's clock is the machine's. */
  let ahead = 0;
  const now = () => Math.floor(Date.now() / 1000) + ahead;
  const keys = keysFromSeeds(randomSeeds());
  const start = async (store: string) => {
    network = await startNetwork({ keys, store, now });
  };

  before(async function () {
    if (!hasPostgresql()) this.skip();
    server = await postgresql();
  });

  const pay = async (grant: SwipeGrant) => {
    const terminal = new IsoCaller(network.processor.iso);
    const { fields } = await terminal.ask(purchase(tracksOf(grant)));
    terminal.close();
    return fields[39] === "00" ? "APPROVED" : fields[44];
  };
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      ({ code }) => code,
    );
  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");

  it("gives out no ATC again, and pays no grant and no code of before; done twice, likewise", async () => {
    const first = await server.database();
    await start(first);
    card = await enrolledCard(network.issuer.issuer);
    ({ tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada"));
    const open = await takeGrant(network.issuer.issuer, card, tokenRef);
    const account = { cardId: base64(card.cardId), accessKey: base64(card.accessKey), tokenRef: base64(tokenRef) };
    const { processor } = network.processor;
    const device = await addDevice(processor, account, new Uint8Array(16), "a-device");
    const order = { device, provider: "SHOP", maxCost: 100, currency: "978", lifeS: 3600 };
    const { codeRef } = await processor.addCode({ ...account, ...order }, "a-key-of-a-phone");
    await network.close();
    const second = await server.copyOf(first);

    await start(first);
    expect(await pay(open)).to.equal("APPROVED");
    let last = (await takeGrant(network.issuer.issuer, card, tokenRef)).atc;
    expect(last).to.equal(2);
    await network.close();

    last += GRANTS_AT_ONCE - 1; // as many as there can have been at once
    for (const ended of [1, 0]) {
      const report = await restoreDatabase(second, now());
      expect(report).to.deep.include({ stores: ["acs", "processor", "issuer"], tokens: 1 });
      expect(report).to.include({ grantsEnded: ended, codesEnded: ended });
      await start(second);
      expect(await codeOf(takeGrant(network.issuer.issuer, card, tokenRef))).to.equal("GRANT_LIMIT");
      ahead += GRANT_S;
      const grant = await takeGrant(network.issuer.issuer, card, tokenRef);
      expect(grant.atc).to.be.greaterThan(last);
      last = grant.atc;
      expect([await pay(open), await pay(grant)]).to.deep.equal(["ATC_REPLAYED", "APPROVED"]);
      expect(await network.processor.processor.codeState(account, codeRef)).to.equal("cancelled");
      await network.close();
    }
  });

  it("is not looked at by a clock that is behind it: CLOCK_BEHIND; nor one that nothing of ours is in: STORES_NONE", async () => {
    const url = await server.database();
    expect(await codeOf(restoreDatabase(url, now()))).to.equal("STORES_NONE");
    await start(url);
    card = await enrolledCard(network.issuer.issuer);
    ({ tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada"));
    expect(await codeOf(restoreDatabase(url, now() - 86_400))).to.equal("CLOCK_BEHIND");
    expect((await takeGrant(network.issuer.issuer, card, tokenRef)).atc).to.equal(1);
    await network.close();
  });

  it("is not to be had where there is no server: STORE_UNAVAILABLE", async () => {
    expect(await codeOf(restoreDatabase("postgres://ecard@127.0.0.1:9/ecard", now()))).to.equal("STORE_UNAVAILABLE");
  });
});
