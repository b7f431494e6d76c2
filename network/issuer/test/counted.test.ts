// A grant whose cryptogram another service makes: counted first, and made of what was counted, with one cryptogram and no other.

import { ANSWERS_MAX } from "@enabling-card/sql";
import { expect } from "chai";
import { GRANTS_AT_ONCE, type Issuer } from "../src/index.js";
import { type Clock, DOMAIN, enrolledCard, expectIssuerError, newIssuer, type TestCard } from "./issuer-support.js";

describe("a grant that is counted for another service", () => {
  let issuer: Issuer;
  let clock: Clock;
  let card: TestCard;
  const [one, another] = [new Uint8Array(8).fill(1), new Uint8Array(8).fill(2)];
  const challenge = new Uint8Array(16).fill(7);

  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
    card = await enrolledCard(issuer);
  });
  afterEach(() => issuer.close());

  const mint = async () => (await issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef;
  const countOf = async (tokenRef: Uint8Array) => {
    const asked = { cardId: card.cardId, tokenRef, challenge, checkpointSize: 0, domain: DOMAIN, maxEmissions: 1 };
    return issuer.grants.shown(
      await issuer.grants.count({ ...asked, kind: "online" }, { hasOwnCryptogram: false, isOfCode: false }),
    );
  };

  it("is made with one cryptogram, however often, and with no other: IDEMPOTENCY_MISMATCH", async () => {
    const counted = await countOf(await mint());
    const made = await issuer.grants.makeOf(counted, one);
    expect(await issuer.grants.makeOf(counted, one)).to.deep.equal(made);
    await expectIssuerError(() => issuer.grants.makeOf(counted, another), "IDEMPOTENCY_MISMATCH");
    const others = await countOf(await mint());
    expect((await issuer.grants.makeOf(others, another)).atc, "another token's of the same counter").to.equal(made.atc);
  });

  it("is so however many are made of other tokens while it is good, and of its own", async () => {
    const tokens = [await mint(), await mint()] as const;
    const counted = await countOf(tokens[0]);
    await issuer.grants.makeOf(counted, one);
    clock.now++;
    for (let i = 0; i < ANSWERS_MAX; i++) {
      await issuer.grants.makeOf(await countOf(tokens[i < GRANTS_AT_ONCE - 1 ? 1 : 0]), one);
    }
    for (let i = 0; i < 2; i++) {
      clock.now++;
      await issuer.grants.makeOf(await countOf(tokens[0]), one);
      await expectIssuerError(() => issuer.grants.makeOf(counted, another), "IDEMPOTENCY_MISMATCH");
    }
  }).timeout(60_000);
});
