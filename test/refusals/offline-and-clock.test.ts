// System 1: what an off-line grant may be, and how far a grant's time is believed. Each refusal has its own code, and changes nothing.

import { Card, type GrantBundle, memoryTransport } from "@enabling-card/sdk";
import { decodeReceipt } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectRefusal } from "../support/expect-refusal.js";
import { atTime, type Forgery, forge, offlineGrant } from "../support/forge.js";

let w: World;
let phone: Phone;
beforeEach(async () => {
  w = await world();
  phone = await pairedPhone(w);
  await phone.card.load(await forge(w, phone)); // sets the clock
  await phone.card.disarm();
});
afterEach(() => w.close());

describe("an off-line grant", () => {
  const offline = async (offer: readonly number[], grant: Forgery["grant"] = {}): Promise<GrantBundle> =>
    forge(w, phone, offlineGrant(w, offer, grant));

  it("is taken without a challenge once the clock is known", async () => {
    const loaded = await phone.card.load(await offline([DOMAIN.maxAmount, 1, 3]));
    expect(loaded.cap).to.equal(DOMAIN.maxAmount);
  });

  const LIMITS: readonly [string, readonly number[], Forgery["grant"]][] = [
    ["is over its cap", [DOMAIN.maxAmount - 1, 1, 3], {}],
    ["has a cap over the card's", [5001, 1, 3], {}],
    ["is number four of three", [2000, 4, 3], {}],
    ["is number none of three", [2000, 0, 3], {}],
    ["is one of six", [2000, 1, 6], {}],
    ["may be sent twice", [2000, 1, 3], { maxEmissions: 2 }],
  ];
  for (const [name, offer, grant] of LIMITS) {
    it(`is refused when it ${name}: OFFLINE_LIMIT`, async () => {
      const bundle = await offline(offer, grant);
      await expectRefusal(w, () => phone.card.load(bundle), "OFFLINE_LIMIT");
    });
  }

  it("is refused when it lives longer than a week: GRANT_LIFETIME_TOO_LONG", async () => {
    const bundle = await offline([2000, 1, 3], { expires: w.service.issuer.now() + 8 * 86_400 });
    await expectRefusal(w, () => phone.card.load(bundle), "GRANT_LIFETIME_TOO_LONG");
  });

  it("is refused when its time is over: GRANT_EXPIRED", async () => {
    const bundle = await offline([2000, 1, 3], { expires: w.service.issuer.now() + 3600 });
    w.pass(3601);
    await expectRefusal(w, () => phone.card.load(bundle), "GRANT_EXPIRED");
  });

  it("is refused when its time has not come: GRANT_NOT_YET_VALID", async () => {
    const bundle = await offline([2000, 1, 3], { notBefore: w.service.issuer.now() + 100 });
    await expectRefusal(w, () => phone.card.load(bundle), "GRANT_NOT_YET_VALID");
    w.pass(101);
    await phone.card.load(bundle);
  });

  it("is refused beside a checkpoint of more than 24 h ago: CHECKPOINT_STALE, and taken with a newer receipt", async () => {
    const bundle = await offline([2000, 1, 3], { expires: w.service.issuer.now() + 3 * 86_400 });
    w.pass(25 * 3600);
    await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_STALE");
    const newer = w.service.issuer.evidence(phone.card.info.checkpointSize);
    expect((await phone.card.load({ ...bundle, ...newer })).cap).to.equal(DOMAIN.maxAmount);
  });

  it("is refused after a restart, which costs the clock: TIME_UNKNOWN", async () => {
    const bundle = await offline([2000, 1, 3]);
    w.emulator.restart();
    await expectRefusal(w, () => phone.card.load(bundle), "TIME_UNKNOWN");
  });
});

describe("the card's clock", () => {
  /** A grant that was issued `seconds` from the card's time, and lives for two minutes. */
  const issued = (seconds: number, forgery: Forgery = {}) => {
    const issuedAt = w.service.issuer.now() + seconds;
    return forge(w, phone, { ...forgery, grant: { issuedAt, notBefore: issuedAt, expires: issuedAt + 120 } });
  };

  it("goes forward by 10 minutes at most: a grant from later than that is GRANT_NOT_YET_VALID", async () => {
    const later = await issued(700);
    await expectRefusal(w, () => phone.card.load(later), "GRANT_NOT_YET_VALID");
    await phone.card.load(await issued(590));
  });

  it("goes back by 10 minutes at most: a grant that was held back for longer is GRANT_EXPIRED", async () => {
    const evidence = w.service.issuer.evidence(phone.card.info.checkpointSize); // as it was then
    w.pass(2000);
    await phone.card.refresh();
    const held = await issued(-1900, evidence as Forgery);
    await expectRefusal(w, () => phone.card.load(held), "GRANT_EXPIRED");
    await phone.card.load(await issued(-590, evidence as Forgery));
  });

  it("after a restart begins no earlier than the newest checkpoint's time, though an older one came since: GRANT_EXPIRED", async () => {
    const { issuer } = w.service;
    const older = atTime(w, decodeReceipt(issuer.log.receipt(issuer.certificate)), issuer.now() - 1000);
    await phone.card.load(await forge(w, phone, { receipt: older, consistency: null }));
    await phone.card.close();
    w.emulator.restart();
    const card = await Card.connect(memoryTransport([w.emulator]), { store: w.store });
    phone = { ...phone, card };
    const held = await issued(-300);
    await expectRefusal(w, () => card.load(held), "GRANT_EXPIRED");
    await card.close();
  });
});
