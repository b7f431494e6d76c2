// The last use of a right that was handed out (system 6), raced for.

import { ANY_METHOD, chainOf } from "@enabling-card/delegation";
import { type Caveat, caveatText, TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { Desk } from "../src/desk.js";
import { delegate, grantBy } from "../src/index.js";
import { DAY, DOMAIN, enrolledCard, newIssuer, openGrant, purchase, T0, tracksOf } from "./issuer-support.js";

const PRESENTERS = 200;
const RUNS = 100;
const ONCE: readonly Caveat[] = [
  { kind: "uses", atMost: 1 },
  { kind: "until", at: T0 + DAY },
];

describe("the last use of a right", () => {
  it(`is had by one of ${PRESENTERS} that present a grant of it at once, each of ${RUNS} times`, async () => {
    const { issuer } = await newIssuer();
    const [owner, friend] = [await enrolledCard(issuer), await enrolledCard(issuer)];
    const desk = new Desk(issuer);
    const asked = (track2: string) =>
      new Promise<string>((resolve) => {
        desk.ask(purchase({ track2 }), (outcome) =>
          resolve(typeof outcome === "object" ? (outcome.decline ?? "APPROVED") : "FAILED"),
        );
      });
    for (let run = 0; run < RUNS; run++) {
      const { tokenRef } = await issuer.mint(owner.cardId, "Lovelace/Ada");
      const { id, delegation } = await delegate(issuer, owner.cardId, toHex(tokenRef), ONCE);
      const request = {
        ...{ cardId: friend.cardId, challenge: new Uint8Array(16), checkpointSize: 0, domain: DOMAIN },
        maxEmissions: 1,
      };
      const first = await openGrant((await grantBy(issuer, { ...request, delegation })).sealed, friend);
      // The others as `grantBy` has them counted; none is sealed, as no card is here to open it.
      const { counters } = chainOf(id, ONCE.map(caveatText));
      const by = { id, counters, methods: ANY_METHOD, until: T0 + DAY };
      const grant = async () => {
        const how = { hasOwnCryptogram: true, isOfCode: false, by };
        const counted = await issuer.grants.count({ ...request, tokenRef, kind: "delegated" }, how);
        return { ...first, atc: counted.counted.atc, cryptogram: issuer.grants.cryptogram(counted) };
      };
      const others = await Promise.all(Array.from({ length: PRESENTERS - 1 }, grant));
      const said = await Promise.all([first, ...others].map((one) => asked(tracksOf(one).track2)));
      expect(said.filter((one) => one === "APPROVED")).to.have.length(1);
      expect(said.filter((one) => one === "DELEGATION_USED_UP")).to.have.length(PRESENTERS - 1);
      await issuer.setState(toHex(tokenRef), TokenState.Deactivated, "cardholder");
    }
    await issuer.close();
  }).timeout(300_000);
});
