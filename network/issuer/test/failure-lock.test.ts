// Five wrong tries within a day suspend a token: eight digits cannot be searched.

import { TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { FAILURE_WINDOW_S, FAILURES_MAX, type Issuer } from "../src/index.js";
import {
  answerTo,
  type Clock,
  DAY,
  enrolledCard,
  newIssuer,
  purchase,
  type TestCard,
  takeOfflineGrant,
  tracksOf,
  wrongDigit,
} from "./issuer-support.js";

describe("the failure lock", () => {
  let issuer: Issuer;
  let clock: Clock;
  let card: TestCard;
  let tokenRef: Uint8Array;
  /** Of an off-line grant, which lives for days. */
  let track2: string;

  const guess = (digit = -1) => answerTo(issuer, purchase({ track2: wrongDigit(track2, digit) }));
  const token = async () => (await issuer.store.token(toHex(tokenRef)))!;

  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
    card = await enrolledCard(issuer);
    ({ tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada", "offline"));
    ({ track2 } = tracksOf(await takeOfflineGrant(issuer, card, tokenRef)));
  });
  afterEach(() => issuer.close());

  it("is what the design says: five in 24 h", () => {
    expect([FAILURES_MAX, FAILURE_WINDOW_S]).to.deep.equal([5, DAY]);
  });

  it("leaves a token alone after four wrong tries", async () => {
    for (let i = 0; i < 4; i++) expect(await guess()).to.equal("CRYPTOGRAM_WRONG");
    expect((await token()).state).to.equal(TokenState.Active);
    expect(await answerTo(issuer, purchase({ track2 }))).to.equal("APPROVED");
  });

  it("suspends it with the fifth; then the right digits do not pay either, and its version is one up", async () => {
    const { version } = await token();
    for (let i = 0; i < 5; i++) expect(await guess()).to.equal("CRYPTOGRAM_WRONG");
    expect(await token()).to.include({ state: TokenState.Suspended, state_by: "failure lock", version: version + 1 });
    expect(await answerTo(issuer, purchase({ track2 }))).to.equal("TOKEN_SUSPENDED");
    expect(await guess()).to.equal("TOKEN_SUSPENDED"); // and nobody learns more by guessing on
  });

  it("counts every kind of forgery alike", async () => {
    const tries = [
      { track2: wrongDigit(track2, -1) },
      { track2: `${track2.slice(0, -12)}0077${track2.slice(-8)}` },
      { track2: `${track2.slice(0, 21)}201${track2.slice(24)}` },
      { track2, track1: "B" },
      { track2: wrongDigit(track2, -8) },
    ];
    const answers: string[] = [];
    for (const tracks of tries) answers.push(await answerTo(issuer, purchase(tracks)));
    expect(answers).to.deep.equal([
      "CRYPTOGRAM_WRONG",
      "ATC_UNKNOWN",
      "SERVICE_CODE_WRONG",
      "TRACKS_DISAGREE",
      "CRYPTOGRAM_WRONG",
    ]);
    expect((await token()).state).to.equal(TokenState.Suspended);
  });

  it("looks back 24 h and no further", async () => {
    await guess();
    clock.now += DAY; // the first is now exactly a day old
    for (let i = 0; i < 4; i++) await guess();
    expect((await token()).state).to.equal(TokenState.Active);
    await guess();
    expect((await token()).state).to.equal(TokenState.Suspended);
  });

  it("slides: the fifth within any 24 h counts, not within a calendar's day", async () => {
    for (let i = 0; i < 4; i++) {
      await guess();
      clock.now += 6 * 3600 - 1; // 23 h 59 min 56 s after the first
    }
    expect((await token()).state).to.equal(TokenState.Active);
    await guess();
    expect((await token()).state).to.equal(TokenState.Suspended);
  });

  it("does not count a genuine swipe that may not pay: no terminal can suspend a card with its last swipe", async () => {
    expect(await answerTo(issuer, purchase({ track2 }))).to.equal("APPROVED");
    for (let i = 0; i < 10; i++) {
      expect(await answerTo(issuer, purchase({ track2 }))).to.equal("ATC_REPLAYED");
      expect(await answerTo(issuer, purchase({ track2: wrongDigit(track2, 18) }))).to.equal("CARD_NUMBER_UNKNOWN");
    }
    expect((await token()).state).to.equal(TokenState.Active);
  });

  it("counts a repeated message once", async () => {
    const message = purchase({ track2: wrongDigit(track2, -1) });
    for (let i = 0; i < 10; i++) await answerTo(issuer, { ...message, mti: i === 0 ? "0100" : "0101" });
    expect((await token()).state).to.equal(TokenState.Active);
  });

  it("counts a token's own tries, not those at another of the same card", async () => {
    const { tokenRef: ref } = await issuer.mint(card.cardId, "Lovelace/Ada", "offline");
    const other = tracksOf(await takeOfflineGrant(issuer, card, ref)).track2;
    for (let i = 0; i < 4; i++) {
      await guess();
      expect(await answerTo(issuer, purchase({ track2: wrongDigit(other, -1) }))).to.equal("CRYPTOGRAM_WRONG");
    }
    expect((await token()).state).to.equal(TokenState.Active);
    expect((await issuer.store.token(toHex(ref)))!.state).to.equal(TokenState.Active);
  });

  it("of a processor's telling moves a token that is active, and no other: what holds it already is enough", async () => {
    const ref = toHex(tokenRef);
    await issuer.setState(ref, TokenState.Suspended, "issuer");
    const before = await token();
    expect(await issuer.lockForFailures(ref, "a lock")).to.deep.equal({ isHeld: true });
    expect(await token()).to.deep.equal(before);
    await issuer.setState(ref, TokenState.Active, "issuer");
    expect(await issuer.lockForFailures(ref, "a lock"), "of before").to.deep.equal({ isHeld: false });
    expect(await issuer.lockForFailures(ref, "another")).to.deep.equal({ isHeld: true });
    expect((await token()).state_by).to.equal("failure lock");
    await issuer.setState(ref, TokenState.Deactivated, "issuer");
    const { version } = await token();
    expect(await issuer.lockForFailures(ref, "a third one"), "one that is ended").to.deep.equal({ isHeld: true });
    expect((await token()).version).to.equal(version);
  });

  it("is lifted by the holder, who has five new tries then", async () => {
    for (let i = 0; i < 5; i++) await guess();
    await issuer.setState(toHex(tokenRef), TokenState.Active, "cardholder");
    for (let i = 0; i < 4; i++) await guess();
    expect((await token()).state).to.equal(TokenState.Active);
    await guess();
    expect((await token()).state).to.equal(TokenState.Suspended);
  });
});
