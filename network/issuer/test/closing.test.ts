// A grant that its holder closes: what was said of it is told, and nothing is paid by it behind that.

import type { Message } from "@enabling-card/iso8583";
import { type SwipeGrant, TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { closeGrant, type Issuer, REPEAT_WINDOW_S } from "../src/index.js";
import { GrantUse } from "../src/rows.js";
import {
  answerTo,
  type Clock,
  DOMAIN,
  enrolledCard,
  expectIssuerError,
  newIssuer,
  purchase,
  reversalOf,
  T0,
  type TestCard,
  takeGrant,
  takeOfflineGrant,
  tracksOf,
  wrongDigit,
} from "./issuer-support.js";

describe("closing a grant", () => {
  let issuer: Issuer;
  let clock: Clock;
  let card: TestCard;
  let tokenRef: Uint8Array;
  let grant: SwipeGrant;

  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
    card = await enrolledCard(issuer);
    ({ tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada"));
    grant = await takeGrant(issuer, card, tokenRef);
  });
  afterEach(() => issuer.close());

  const close = (atc = grant.atc, ref = tokenRef) => closeGrant(issuer, card.cardId, { tokenRef: toHex(ref), atc });
  const swipe = (change = {}, tracks: { track2: string } = tracksOf(grant)) => purchase(tracks, change);
  const asked = { amount: 950, currency: "978", merchant: DOMAIN.merchant, at: T0 };

  it("of which nobody has asked says unused, each time, and whoever asks behind that hears GRANT_CLOSED", async () => {
    expect(await close()).to.deep.equal({ outcome: "unused" });
    expect(await answerTo(issuer, swipe())).to.equal("GRANT_CLOSED");
    clock.now += 3600;
    expect(await answerTo(issuer, swipe()), "it is closed, however late it is").to.equal("GRANT_CLOSED");
    expect(await close()).to.deep.equal({ outcome: "unused" });
  });

  it("tells what was paid by it: amount, merchant, code and time; it stays paid", async () => {
    const message = swipe();
    expect(await answerTo(issuer, message)).to.equal("APPROVED");
    clock.now += 50;
    const closed = await close();
    expect(closed).to.deep.include({ outcome: "approved", ...asked });
    expect(closed.authCode).to.match(/^\d{6}$/);
    expect(await answerTo(issuer, { ...message, mti: "0101" }), "its repeat").to.equal("APPROVED");
    expect(await answerTo(issuer, swipe())).to.equal("ATC_REPLAYED");
    expect(await close()).to.deep.equal(closed);
  });

  it("tells why it was declined, and then it is not approved either", async () => {
    expect(await answerTo(issuer, swipe({ 4: "000000009999" }))).to.equal("AMOUNT_OVER_CAP");
    clock.now += 5;
    expect(await close()).to.deep.equal({ outcome: "declined", ...asked, amount: 9999, decline: "AMOUNT_OVER_CAP" });
    expect(await answerTo(issuer, swipe())).to.equal("GRANT_CLOSED");
    expect(await close()).to.deep.include({ outcome: "declined", decline: "AMOUNT_OVER_CAP" });
  });

  it("tells the last thing that was said: approved behind a decline, and no replay behind that", async () => {
    expect(await answerTo(issuer, swipe({ 4: "000000009999" }))).to.equal("AMOUNT_OVER_CAP");
    expect(await answerTo(issuer, swipe())).to.equal("APPROVED");
    expect(await answerTo(issuer, swipe({ 4: "000000000100" }))).to.equal("ATC_REPLAYED");
    expect(await close()).to.deep.include({ outcome: "approved", amount: 950 });
  });

  it("tells of a merchant by DE 42 where there is no name, of a token that was suspended, and of one whose month is over", async () => {
    const nameless = { 42: "BAKERY 0001".padEnd(15), 43: undefined } as unknown as Message["fields"];
    expect(await answerTo(issuer, swipe(nameless))).to.equal("MERCHANT_WRONG");
    expect(await close()).to.deep.include({ merchant: "BAKERY 0001", decline: "MERCHANT_WRONG" });
    const second = await takeGrant(issuer, card, tokenRef);
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "cardholder");
    expect(await answerTo(issuer, swipe({}, tracksOf(second)))).to.equal("TOKEN_SUSPENDED");
    expect(await close(second.atc)).to.deep.include({ outcome: "declined", decline: "TOKEN_SUSPENDED" });
    await issuer.setState(toHex(tokenRef), TokenState.Active, "cardholder");
    const third = await takeGrant(issuer, card, tokenRef);
    clock.now += 10 * 366 * 86_400;
    expect(await answerTo(issuer, swipe({}, tracksOf(third)))).to.equal("TOKEN_EXPIRED");
    expect(await close(third.atc)).to.deep.include({ outcome: "declined", decline: "TOKEN_EXPIRED" });
  });

  it("makes nothing of what a stranger tried with its number: unused, also of a token that is suspended", async () => {
    const forged = { track2: wrongDigit(tracksOf(grant).track2, -1) };
    expect(await answerTo(issuer, swipe({}, forged))).to.equal("CRYPTOGRAM_WRONG");
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "cardholder");
    for (let i = 0; i < 9; i++) expect(await answerTo(issuer, swipe({}, forged))).to.equal("TOKEN_SUSPENDED");
    await issuer.setState(toHex(tokenRef), TokenState.Active, "cardholder");
    expect(await close()).to.deep.equal({ outcome: "unused" });
  });

  it("tells that a terminal has taken its approval back, before it is closed and behind, and of no other request's", async () => {
    const message = swipe();
    expect(await answerTo(issuer, message)).to.equal("APPROVED");
    expect(await answerTo(issuer, reversalOf(swipe()))).to.equal("APPROVED");
    expect(await close()).to.deep.include({ outcome: "approved" });
    expect(await answerTo(issuer, reversalOf(message))).to.equal("APPROVED");
    expect(await close()).to.deep.include({ outcome: "reversed", ...asked });
    clock.now += 3 * REPEAT_WINDOW_S;
    await issuer.store.forget(clock.now);
    expect(await close(), "for good").to.deep.include({ outcome: "reversed" });
  });

  it("is not reversed by a message of another year that is called the same", async () => {
    const message = swipe();
    expect(await answerTo(issuer, message)).to.equal("APPROVED");
    clock.now += 365 * 86_400;
    expect(await answerTo(issuer, reversalOf(message))).to.equal("APPROVED");
    expect(await close()).to.deep.include({ outcome: "approved" });
  });

  it("is asked once by a key, and another grant is none of it: IDEMPOTENCY_MISMATCH", async () => {
    const second = await takeGrant(issuer, card, tokenRef);
    const by = (atc: number) =>
      closeGrant(
        issuer,
        card.cardId,
        { tokenRef: toHex(tokenRef), atc },
        { owner: "Ada", key: "a-key-of-its-own", asked: atc },
      );
    expect(await by(grant.atc)).to.deep.equal({ outcome: "unused" });
    await expectIssuerError(() => by(second.atc), "IDEMPOTENCY_MISMATCH");
    expect(await answerTo(issuer, swipe({}, tracksOf(second)))).to.equal("APPROVED");
    expect(await by(grant.atc)).to.deep.equal({ outcome: "unused" });
  });

  it("is for the card that has the token, and for a grant that there is: TOKEN_UNKNOWN, GRANT_UNKNOWN", async () => {
    const other = await enrolledCard(issuer);
    const its = { tokenRef: toHex(tokenRef), atc: grant.atc };
    await expectIssuerError(() => closeGrant(issuer, other.cardId, its), "TOKEN_UNKNOWN");
    await expectIssuerError(() => close(grant.atc + 1), "GRANT_UNKNOWN");
    expect(await answerTo(issuer, swipe())).to.equal("APPROVED");
  });

  it("leaves an off-line grant's place to no other: a terminal that asks nobody still takes it", async () => {
    const { tokenRef: offline } = await issuer.mint(card.cardId, "Lovelace/Ada", "offline");
    const kept = [];
    while (kept.length < 5) {
      const held = await takeOfflineGrant(issuer, card, offline).catch(() => undefined);
      if (held === undefined) break;
      kept.push(held);
    }
    await expectIssuerError(() => takeOfflineGrant(issuer, card, offline), "OFFLINE_LIMIT");
    expect(await close(kept[0]!.atc, offline)).to.deep.equal({ outcome: "unused" });
    await expectIssuerError(() => takeOfflineGrant(issuer, card, offline), "OFFLINE_LIMIT");
    expect(await answerTo(issuer, swipe({}, tracksOf(kept[0]!)))).to.equal("GRANT_CLOSED");
    expect(await answerTo(issuer, swipe({}, tracksOf(kept[1]!)))).to.equal("APPROVED");
    await takeOfflineGrant(issuer, card, offline);
  });

  it("says that it cannot know of one that an older store has lost: GRANT_OUTCOME_LOST", async () => {
    // As version 9 left what was paid; as a restored copy leaves what was not; and what was counted behind that copy.
    const end = { said: null, request_name: null, used_at: null };
    const rows = [grant, await takeGrant(issuer, card, tokenRef)];
    await issuer.store.endGrant(toHex(tokenRef), rows[0]!.atc, { ...end, used: GrantUse.Paid });
    await issuer.store.endGrant(toHex(tokenRef), rows[1]!.atc, { ...end, used: GrantUse.Restored });
    for (const { atc } of rows) await expectIssuerError(() => close(atc), "GRANT_OUTCOME_LOST");
    expect(await answerTo(issuer, swipe())).to.equal("ATC_REPLAYED");
  });

  it("and paying by it at once come to one thing, fifty times, whichever is first", async () => {
    const grants: SwipeGrant[] = [];
    while (grants.length < 50) grants.push(await takeGrant(issuer, card, tokenRef));
    const came = await Promise.all(
      grants.map(async (one, i) => {
        const pay = () => answerTo(issuer, swipe({}, tracksOf(one)));
        const shut = () => close(one.atc);
        const [said, closed] =
          i % 2 ? await Promise.all([pay(), shut()]) : (await Promise.all([shut(), pay()])).reverse();
        return [said, (closed as { outcome: string }).outcome];
      }),
    );
    for (const pair of came) {
      expect([
        ["APPROVED", "approved"],
        ["GRANT_CLOSED", "unused"],
      ]).to.deep.include(pair);
    }
  });
});
