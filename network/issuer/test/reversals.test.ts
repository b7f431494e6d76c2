// A terminal that got no answer takes its request back: 0400, and 0401 until somebody answers (ISO 8583:1987, reversals).

import type { Fields, Message } from "@enabling-card/iso8583";
import { expect } from "chai";
import { type Issuer, REPEAT_WINDOW_S } from "../src/index.js";
import {
  answerTo,
  type Clock,
  enrolledCard,
  newIssuer,
  purchase,
  reply,
  reversalOf,
  takeGrant,
  tracksOf,
  without,
} from "./issuer-support.js";

describe("a reversal", () => {
  let issuer: Issuer;
  let clock: Clock;
  let request: Message;

  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    request = purchase(tracksOf(await takeGrant(issuer, card, tokenRef)));
  });
  afterEach(() => issuer.close());

  it("is answered by a 0410 that echoes it, as often as it comes", async () => {
    expect(await answerTo(issuer, request)).to.equal("APPROVED");
    const reversal = reversalOf(request);
    for (const mti of ["0400", "0401", "0401"]) {
      const answer = await reply(issuer, { ...reversal, mti });
      expect(answer.mti).to.equal("0410");
      expect(answer.fields[39]).to.equal("00");
      expect(answer.fields[11]).to.equal(reversal.fields[11]);
      expect(answer.fields[38]).to.equal(undefined);
    }
  });

  it("takes the approval back: its repeat gets none any more, and the grant pays nothing else", async () => {
    expect(await answerTo(issuer, request)).to.equal("APPROVED");
    expect(await answerTo(issuer, reversalOf(request))).to.equal("APPROVED");
    expect(await answerTo(issuer, { ...request, mti: "0101" })).to.equal("REVERSED");
    expect((await reply(issuer, request)).fields[39]).to.equal("21");
    expect(await answerTo(issuer, purchase({ track2: request.fields[35]! }))).to.equal("ATC_REPLAYED");
  });

  it("that overtakes its request wins, and the grant is not spent by it", async () => {
    expect(await answerTo(issuer, reversalOf(request))).to.equal("APPROVED");
    expect(await answerTo(issuer, request)).to.equal("REVERSED");
    expect(await answerTo(issuer, { ...request, mti: "0101" })).to.equal("REVERSED");
    expect(await answerTo(issuer, purchase({ track2: request.fields[35]! }))).to.equal("APPROVED");
  });

  it("takes it back whichever of both writes its acquirer with zeros before", async () => {
    const acquirer = request.fields[32]!;
    const padded = acquirer.padStart(11, "0");
    const card = await enrolledCard(issuer);
    for (const [asked, reversed] of [
      [acquirer, padded],
      [padded, acquirer],
    ] as const) {
      const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
      const paid = purchase(tracksOf(await takeGrant(issuer, card, tokenRef)), { 32: asked });
      expect(await answerTo(issuer, paid)).to.equal("APPROVED");
      expect(await answerTo(issuer, reversalOf(paid, { 32: reversed }))).to.equal("APPROVED");
      expect(await answerTo(issuer, { ...paid, mti: "0101" })).to.equal("REVERSED");
    }
  });

  it("of a repeat is one of its request", async () => {
    expect(await answerTo(issuer, reversalOf({ ...request, mti: "0101" }))).to.equal("APPROVED");
    expect(await answerTo(issuer, request)).to.equal("REVERSED");
  });

  it("is forgotten after a day, as requests are", async () => {
    await answerTo(issuer, reversalOf(request));
    clock.now += REPEAT_WINDOW_S + 1;
    expect(await answerTo(issuer, request)).to.equal("GRANT_EXPIRED");
  });

  const OTHERS: readonly (readonly [what: string, fields: Fields])[] = [
    ["terminal", { 41: "POS00002" }],
    ["STAN", { 11: "999999" }],
    ["time", { 7: "0115120001" }],
  ];
  for (const [what, fields] of OTHERS) {
    it(`of another ${what} takes nothing back`, async () => {
      const other = { ...request, fields: { ...request.fields, ...fields } };
      expect(await answerTo(issuer, reversalOf(other))).to.equal("APPROVED");
      expect(await answerTo(issuer, request)).to.equal("APPROVED");
    });
  }

  const WRONG: readonly (readonly [what: string, change: Fields])[] = [
    ["another acquirer's original", { 90: `0100${"0".repeat(6)}0115120000${"00000888888"}${"0".repeat(11)}` }],
    ["an original that is no authorisation", { 90: `0200${"0".repeat(16)}00000999999${"0".repeat(11)}` }],
  ];
  for (const [what, change] of WRONG) {
    it(`of ${what} is refused: FORMAT_ERROR`, async () => {
      expect(await answerTo(issuer, reversalOf(request, change))).to.equal("FORMAT_ERROR");
    });
  }

  it("without its original, its terminal or its acquirer is refused: FORMAT_ERROR", async () => {
    for (const de of [90, 41, 32, 11, 7]) {
      expect(await answerTo(issuer, without(reversalOf(request), de)), `DE ${de}`).to.equal("FORMAT_ERROR");
    }
    expect(await answerTo(issuer, request)).to.equal("APPROVED");
  });
});
