// What a swipe may pay, and each reason why it may not.

import { Channel, luhnDigit, type SwipeGrant, TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { DECLINES, type Issuer } from "../src/index.js";
import { Tables } from "../src/store.js";
import {
  answerTo,
  type Clock,
  DOMAIN,
  enrolledCard,
  newIssuer,
  purchase,
  reply,
  type TestCard,
  takeGrant,
  takeOfflineGrant,
  tracksOf,
  without,
  wrongDigit,
} from "./issuer-support.js";

describe("authorising a swipe", () => {
  let issuer: Issuer;
  let clock: Clock;
  let card: TestCard;
  let tokenRef: Uint8Array;
  let grant: SwipeGrant;
  let tracks: { track1: string; track2: string };

  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
    card = await enrolledCard(issuer);
    ({ tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada"));
    grant = await takeGrant(issuer, card, tokenRef);
    tracks = tracksOf(grant);
  });
  afterEach(() => issuer.close());

  /** The swipe is refused, and afterwards the true one still pays: nothing was spent. */
  const refused = async (message: ReturnType<typeof purchase>, code: string) => {
    expect(await answerTo(issuer, message)).to.equal(code);
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
  };

  it("approves a genuine one, with a code and the standard's answer", async () => {
    const { mti, fields } = await reply(issuer, purchase(tracks));
    expect(mti).to.equal("0110");
    expect(fields[39]).to.equal("00");
    expect(fields[38]).to.match(/^\d{6}$/);
    expect(fields).not.to.have.any.keys("35", "45", "44", "2", "14");
  });

  it("approves by track 2 alone, by track 1 alone, and up to the cap to the cent", async () => {
    expect(await answerTo(issuer, purchase({ track2: tracks.track2 }))).to.equal("APPROVED");
    expect(
      await answerTo(issuer, purchase({ track1: tracksOf(await takeGrant(issuer, card, tokenRef)).track1 })),
    ).to.equal("APPROVED");
    const third = tracksOf(await takeGrant(issuer, card, tokenRef));
    expect(await answerTo(issuer, purchase(third, { 4: "000000001250" }))).to.equal("APPROVED");
  });

  it("takes the separator as the 1987 standard writes it too", async () => {
    expect(await answerTo(issuer, purchase({ track2: tracks.track2.replace("=", "D") }))).to.equal("APPROVED");
  });

  it("approves one swipe of a grant, and no second: ATC_REPLAYED", async () => {
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
    for (const again of [tracks, { track1: tracks.track1 }, { track2: tracks.track2 }]) {
      expect(await answerTo(issuer, purchase(again))).to.equal("ATC_REPLAYED");
    }
  });

  it("lets grants be spent in any order", async () => {
    const later = tracksOf(await takeGrant(issuer, card, tokenRef));
    expect(await answerTo(issuer, purchase(later))).to.equal("APPROVED");
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
  });

  it("refuses a wrong cryptogram on track 2, whichever digit it is: CRYPTOGRAM_WRONG", async () => {
    for (let digit = -8; digit < 0; digit++) {
      const other = await enrolledCard(issuer);
      const { tokenRef: ref } = await issuer.mint(other.cardId, "Lovelace/Ada");
      const { track2 } = tracksOf(await takeGrant(issuer, other, ref));
      expect(await answerTo(issuer, purchase({ track2: wrongDigit(track2, digit) }))).to.equal("CRYPTOGRAM_WRONG");
      expect(await answerTo(issuer, purchase({ track2 }))).to.equal("APPROVED");
    }
  });

  it("refuses the cryptogram of another grant, and of another token with the same ATC: CRYPTOGRAM_WRONG", async () => {
    const second = tracksOf(await takeGrant(issuer, card, tokenRef));
    const { tokenRef: otherRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const foreign = tracksOf(await takeGrant(issuer, card, otherRef));
    for (const { track2 } of [second, foreign]) {
      await refusedOnce(tracks.track2.slice(0, -8) + track2.slice(-8), "CRYPTOGRAM_WRONG");
    }
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
  });
  const refusedOnce = async (track2: string, code: string) =>
    expect(await answerTo(issuer, purchase({ track2 }))).to.equal(code);

  it("refuses a wrong whole cryptogram on track 1: TRACKS_DISAGREE beside a good track 2, CRYPTOGRAM_WRONG alone", async () => {
    const track1 = wrongDigit(tracks.track1, -1);
    expect(await answerTo(issuer, purchase({ track1 }))).to.equal("CRYPTOGRAM_WRONG");
    await refused(purchase({ ...tracks, track1 }), "TRACKS_DISAGREE");
  });

  it("refuses a track 1 that names another card, holder or expiry, or cannot be read: TRACKS_DISAGREE", async () => {
    for (const track1 of [
      tracks.track1.replace("LOVELACE", "LOVELESS"),
      wrongDigit(tracks.track1, 10),
      wrongDigit(tracks.track1, -29 - 4),
      "B",
    ]) {
      expect(await answerTo(issuer, purchase({ ...tracks, track1 }))).to.equal("TRACKS_DISAGREE");
    }
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
  });

  it("refuses an ATC that was never given: ATC_UNKNOWN", async () => {
    for (const atc of ["0000", "0002", "9999"]) {
      const track2 = `${tracks.track2.slice(0, -12)}${atc}${tracks.track2.slice(-8)}`;
      expect(await answerTo(issuer, purchase({ track2 })), atc).to.equal("ATC_UNKNOWN");
    }
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
  });

  it("finds the newest grant when the ATC's four digits come round again", async () => {
    // As if 9,999 grants had been issued since, and given up unspent.
    const ref = toHex(tokenRef);
    const row = { token_ref: ref, atc: 9_999, expires: 0, max_amount: 0, domain: JSON.stringify(DOMAIN) };
    await issuer.store.addGrant({ ...row, domain_hash: null }, { level_s: 0, level_at: 0 });
    const round = await takeGrant(issuer, card, tokenRef);
    const next = await takeGrant(issuer, card, tokenRef);
    expect([round.atc, next.atc]).to.deep.equal([10_000, 10_001]);
    expect(tracksOf(next).track2.slice(-12, -8)).to.equal("0001");
    expect(await answerTo(issuer, purchase(tracks))).to.equal("CRYPTOGRAM_WRONG"); // ATC 1 has lost its digits to 10,001
    expect(await answerTo(issuer, purchase(tracksOf(next)))).to.equal("APPROVED");
    expect(await answerTo(issuer, purchase(tracksOf(round)))).to.equal("APPROVED"); // digits 0000
  });

  it("refuses a grant from the second its time is over: GRANT_EXPIRED", async () => {
    clock.now = grant.expires;
    expect(await answerTo(issuer, purchase(tracks))).to.equal("GRANT_EXPIRED");
    clock.now = grant.expires - 1;
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
  });

  it("refuses an off-line grant that outlives its token's last month: TOKEN_EXPIRED", async () => {
    const ref = (await issuer.mint(card.cardId, "Lovelace/Ada", "offline")).tokenRef;
    const { expiry } = (await issuer.store.token(toHex(ref)))!;
    const over = Date.UTC(2000 + Number(expiry.slice(0, 2)), Number(expiry.slice(2)), 1) / 1000;
    clock.now = over - 3600;
    const late = tracksOf(await takeOfflineGrant(issuer, card, ref));
    clock.now = over;
    expect(await answerTo(issuer, purchase(late))).to.equal("TOKEN_EXPIRED");
    clock.now = over - 1;
    expect(await answerTo(issuer, purchase(late))).to.equal("APPROVED");
  });

  it("refuses an amount over the cap: AMOUNT_OVER_CAP", async () => {
    await refused(purchase(tracks, { 4: "000000001251" }), "AMOUNT_OVER_CAP");
  });

  it("refuses another merchant category or country, or a request that hides them: DOMAIN_MISMATCH", async () => {
    expect(await answerTo(issuer, purchase(tracks, { 18: "5999" }))).to.equal("DOMAIN_MISMATCH");
    expect(await answerTo(issuer, purchase(tracks, { 19: "250" }))).to.equal("DOMAIN_MISMATCH");
    expect(await answerTo(issuer, without(purchase(tracks), 18))).to.equal("DOMAIN_MISMATCH");
    await refused(without(purchase(tracks), 19), "DOMAIN_MISMATCH");
  });

  it("refuses another currency than the country's, in which the cap would mean something else: DOMAIN_MISMATCH", async () => {
    for (const currency of ["840", "392", "000"]) {
      expect(await answerTo(issuer, purchase(tracks, { 49: currency }))).to.equal("DOMAIN_MISMATCH");
    }
    await refused(without(purchase(tracks), 49), "DOMAIN_MISMATCH");
  });

  it("refuses another merchant than the grant's, or a request that hides whose it is: MERCHANT_WRONG", async () => {
    const [other, unnamed] = ["EVIL SHOP".padEnd(15), without(purchase(tracks), 42, 43)];
    expect(await answerTo(issuer, purchase(tracks, { 42: other, 43: other.padEnd(40) }))).to.equal("MERCHANT_WRONG");
    expect(await answerTo(issuer, purchase(tracks, { 43: "CORNER BAKERY 2".padEnd(40) }))).to.equal("MERCHANT_WRONG");
    expect(await answerTo(issuer, purchase(tracks, { 42: "CORNER".padEnd(15), 43: "BAKERY".padEnd(40) }))).to.equal(
      "MERCHANT_WRONG",
    );
    await refused(unnamed, "MERCHANT_WRONG");
  });

  it("takes the grant's merchant by its identification as by its name, in whatever capitals; any where none is named", async () => {
    const { merchant: _, ...anybody } = DOMAIN;
    const grant = async (domain = DOMAIN as typeof anybody) =>
      tracksOf(await takeGrant(issuer, card, tokenRef, { domain }));
    const byId = { 42: "CORNER BAKERY".padEnd(15), 43: "SHOP 17".padEnd(40) };
    const byName = { 42: "0017".padEnd(15), 43: "corner bakery".padEnd(40) };
    for (const named of [byId, byName]) {
      expect(await answerTo(issuer, purchase(await grant(), named))).to.equal("APPROVED");
    }
    expect(await answerTo(issuer, without(purchase(await grant(anybody)), 42, 43))).to.equal("APPROVED");
  });

  it("asks for no merchant category where the grant names none", async () => {
    const { mcc: _, ...domain } = DOMAIN;
    const free = tracksOf(await takeGrant(issuer, card, tokenRef, { domain }));
    expect(await answerTo(issuer, without(purchase(free), 18))).to.equal("APPROVED");
  });

  it("refuses to swipe a grant that was made for remote payment: DOMAIN_MISMATCH", async () => {
    const remote = await takeGrant(issuer, card, tokenRef, { domain: { ...DOMAIN, channel: Channel.Remote } });
    expect(await answerTo(issuer, purchase(tracksOf(remote)))).to.equal("DOMAIN_MISMATCH");
  });

  it("refuses a number it never minted, and a wrong expiry, in the same words: CARD_NUMBER_UNKNOWN", async () => {
    const body = wrongDigit(tracks.track2, 9).slice(0, 15);
    const unknown = `${body}${luhnDigit(body)}${tracks.track2.slice(16)}`;
    expect(await answerTo(issuer, purchase({ track2: unknown }))).to.equal("CARD_NUMBER_UNKNOWN");
    await refused(purchase({ track2: wrongDigit(tracks.track2, 18) }), "CARD_NUMBER_UNKNOWN");
  });

  it("refuses another service code (rule 6): SERVICE_CODE_WRONG", async () => {
    await refused(
      purchase({ track2: `${tracks.track2.slice(0, 21)}201${tracks.track2.slice(24)}` }),
      "SERVICE_CODE_WRONG",
    );
  });

  it("refuses what is no purchase: TRANSACTION_UNSUPPORTED", async () => {
    for (const code of ["200000", "010000", "310000"]) {
      expect(await answerTo(issuer, purchase(tracks, { 3: code }))).to.equal("TRANSACTION_UNSUPPORTED");
    }
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
  });

  it("refuses a request that is not whole, or contradicts itself: FORMAT_ERROR", async () => {
    for (const de of [3, 4, 7, 11, 32, 41]) {
      expect(await answerTo(issuer, without(purchase(tracks), de)), `DE ${de}`).to.equal("FORMAT_ERROR");
    }
    const { track2 } = tracks;
    for (const bad of [
      "",
      "1",
      track2.slice(0, -1),
      `${track2}0`,
      track2.replace("=", ""),
      `${track2.slice(0, 24)}2${track2.slice(25)}`,
    ]) {
      expect(await answerTo(issuer, purchase({ track2: bad })), bad).to.equal("FORMAT_ERROR");
    }
    expect(await answerTo(issuer, purchase({}))).to.equal("FORMAT_ERROR");
    expect(await answerTo(issuer, purchase({ track1: tracks.track1.toLowerCase() }))).to.equal("FORMAT_ERROR");
    expect(await answerTo(issuer, purchase(tracks, { 2: "9999990000000013" }))).to.equal("FORMAT_ERROR");
    await refused(purchase(tracks, { 14: "9912" }), "FORMAT_ERROR");
  });

  it("refuses a suspended token, and pays again once it is resumed: TOKEN_SUSPENDED", async () => {
    const ref = toHex(tokenRef);
    await issuer.setState(ref, TokenState.Suspended, "cardholder");
    expect(await answerTo(issuer, purchase(tracks))).to.equal("TOKEN_SUSPENDED");
    await issuer.setState(ref, TokenState.Active, "cardholder");
    expect(await answerTo(issuer, purchase(tracks))).to.equal("APPROVED");
  });

  it("refuses a token that was ended, for good: TOKEN_DEACTIVATED", async () => {
    await issuer.setState(toHex(tokenRef), TokenState.Deactivated, "cardholder");
    expect(await answerTo(issuer, purchase(tracks))).to.equal("TOKEN_DEACTIVATED");
  });

  it("refuses a token that is not active yet: TOKEN_INACTIVE", async () => {
    await issuer.store.setState(toHex(tokenRef), TokenState.Inactive, "issuer", 1);
    expect(await answerTo(issuer, purchase(tracks))).to.equal("TOKEN_INACTIVE");
  });

  it("says that the issuer failed where it did, and has decided nothing: ISSUER_FAILED", async () => {
    const faults: string[] = [];
    const message = purchase(tracks);
    const { endGrant } = Tables.prototype;
    Tables.prototype.endGrant = () => {
      throw new Error(`disk is full ${tracks.track2}`);
    };
    const { fields } = await reply(issuer, message, (code) => faults.push(code));
    expect([fields[39], fields[44]]).to.deep.equal(["96", "ISSUER_FAILED"]);
    expect(faults).to.deep.equal(["ISSUER_FAILED"]);
    Tables.prototype.endGrant = endGrant;
    expect(await answerTo(issuer, { ...message, mti: "0101" })).to.equal("APPROVED");
  });

  it("keeps nothing of what is no request, or is about a number that is nobody's", async () => {
    const keepDecision = Tables.prototype.keepDecision;
    let keptOnes = 0;
    Tables.prototype.keepDecision = function (...values) {
      keptOnes++;
      return keepDecision.apply(this, values);
    };
    try {
      const nobodys = purchase({ track2: tracks.track2!.replace(/^\d{16}/, "9999990000000000") });
      expect(await answerTo(issuer, nobodys)).to.equal("CARD_NUMBER_UNKNOWN");
      expect(await answerTo(issuer, purchase({ track2: "1" }))).to.equal("FORMAT_ERROR");
      expect(await answerTo(issuer, purchase(tracks, { 3: "200000" }))).to.equal("TRANSACTION_UNSUPPORTED");
      expect(keptOnes).to.equal(0);
      expect(await answerTo(issuer, purchase(tracks, { 11: "000778" }))).to.equal("APPROVED");
      expect(keptOnes).to.equal(1);
      for (const stan of ["000779", "000780"]) {
        expect(await answerTo(issuer, purchase(tracks, { 11: stan }))).to.equal("ATC_REPLAYED");
      }
      expect(keptOnes, "nor of a stripe that was spent").to.equal(1);
      const live = tracksOf(await takeGrant(issuer, card, tokenRef));
      await issuer.setState(toHex(tokenRef), TokenState.Suspended, "cardholder");
      const forged = { track2: wrongDigit(live.track2, -1) };
      for (const stan of ["000790", "000791"]) {
        expect(await answerTo(issuer, purchase(forged, { 11: stan }))).to.equal("TOKEN_SUSPENDED");
        expect(await answerTo(issuer, purchase(tracks, { 11: stan }))).to.equal("TOKEN_SUSPENDED");
      }
      expect(keptOnes, "nor of a suspended token, by what would not pay either").to.equal(1);
      const genuine = purchase(live);
      expect(await answerTo(issuer, genuine)).to.equal("TOKEN_SUSPENDED");
      await issuer.setState(toHex(tokenRef), TokenState.Active, "cardholder");
      expect(await answerTo(issuer, { ...genuine, mti: "0101" }), "what would, has its answer").to.equal(
        "TOKEN_SUSPENDED",
      );
      expect(keptOnes).to.equal(2);
    } finally {
      Tables.prototype.keepDecision = keepDecision;
    }
  });

  it("declines a stripe that came without a card, by DE 22, and the grant is not spent by it: DOMAIN_MISMATCH", async () => {
    expect(await answerTo(issuer, purchase(tracks, { 22: "812" }))).to.equal("DOMAIN_MISMATCH");
    expect(await answerTo(issuer, purchase(tracks, { 11: "000781" }))).to.equal("APPROVED");
  });

  it("declines a purchase of nothing, and the grant is not spent by it: AMOUNT_ZERO", async () => {
    expect(await answerTo(issuer, purchase(tracks, { 4: "000000000000" }))).to.equal("AMOUNT_ZERO");
    expect(await answerTo(issuer, purchase(tracks, { 11: "000777" }))).to.equal("APPROVED");
  });

  it("answers each decline with the standard's code and ours, and with what it was asked", async () => {
    const message = purchase(tracks, { 4: "000000009999" });
    const { fields } = await reply(issuer, message);
    expect([fields[39], fields[44], fields[38]]).to.deep.equal([
      DECLINES.AMOUNT_OVER_CAP,
      "AMOUNT_OVER_CAP",
      undefined,
    ]);
    for (const de of [3, 4, 7, 11, 32, 37, 41, 49] as const)
      expect(fields[de], `DE ${de}`).to.equal(message.fields[de]);
    for (const [name, code] of Object.entries(DECLINES)) {
      expect(code).to.match(/^\d\d$/);
      expect(name.length).to.be.at.most(25); // DE 44
      expect(code).not.to.equal("00");
    }
  });

  it("answers no other kind of message", async () => {
    for (const mti of ["0110", "0120", "0200", "0420", "0800"]) {
      expect(await reply(issuer, { ...purchase(tracks), mti }).catch((error) => error)).to.be.instanceOf(RangeError);
    }
  });
});
