// The second request of a transaction code, by the processor alone: an account in place of a stripe (system 5). That the code is good the processor has
// seen; whether the account may pay, now, is the issuer's to say, whatever it was when the code was made.

import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { authorise } from "../src/authorise.js";
import type { Issuer } from "../src/index.js";
import { type Clock, DAY, enrolledCard, newIssuer, purchase, reversalOf, without } from "./issuer-support.js";

describe("a request that names an account", () => {
  let issuer: Issuer;
  let clock: Clock;
  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
  });
  afterEach(() => issuer.close());

  /** Of a new token of a new card. */
  const request = async (kind?: "domain") => {
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada", kind);
    const { token: pan, expiry } = await issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef));
    return purchase({}, { 2: pan, 14: expiry, 22: "012", 33: "999999", 42: "POWDERS".padEnd(15) });
  };
  const said = async (message: Parameters<typeof authorise>[1], from: "processor" | "terminal" = "processor") =>
    (await authorise(issuer, message, from)).decline ?? "APPROVED";

  it("is approved where the token may pay, by the processor alone", async () => {
    expect(await said(await request())).to.equal("APPROVED");
    expect(await said(await request(), "terminal")).to.equal("FORMAT_ERROR");
  });

  it("is declined for a token that is for domains alone: DRC_MISSING", async () => {
    expect(await said(await request("domain"))).to.equal("DRC_MISSING");
  });

  it("is declined behind the token's last month: TOKEN_EXPIRED", async () => {
    const [early, late] = [await request(), await request()];
    const [year, month] = [2000 + Number(late.fields[14]!.slice(0, 2)), Number(late.fields[14]!.slice(2))];
    clock.now = Date.UTC(year, month, 1) / 1000 - 1;
    expect(await said(early), "in its last second").to.equal("APPROVED");
    clock.now += 1;
    expect(await said(late)).to.equal("TOKEN_EXPIRED");
    clock.now += 40 * DAY;
    expect(await said(late), "and its repeat").to.equal("TOKEN_EXPIRED");
  });

  it("is declined with another expiry, and with none", async () => {
    const message = await request();
    expect(await said({ ...message, fields: { ...message.fields, 14: "2901" } })).to.equal("CARD_NUMBER_UNKNOWN");
    expect(await said(without(message, 14))).to.equal("FORMAT_ERROR");
  });

  it("is declined for nothing, and in what the network does not settle: AMOUNT_ZERO, CURRENCY_WRONG", async () => {
    const message = await request();
    const change = (fields: Partial<typeof message.fields>) => ({
      ...message,
      fields: { ...message.fields, ...fields },
    });
    expect(await said(change({ 4: "000000000000" }))).to.equal("AMOUNT_ZERO");
    for (const currency of ["000", "999", "392"]) {
      expect(await said(change({ 49: currency })), currency).to.equal("CURRENCY_WRONG");
    }
    expect(await said(without(message, 49))).to.equal("CURRENCY_WRONG");
    expect(await said(message)).to.equal("APPROVED");
  });

  it("is reversed by its own acquirer: DE 90 that names another one's reverses nothing (FORMAT_ERROR)", async () => {
    const message = await request();
    expect(await said(message)).to.equal("APPROVED");
    const { 90: own } = reversalOf(message).fields;
    const foreign = `${own!.slice(0, 20)}${"888888".padStart(11, "0")}${own!.slice(31)}`;
    expect(await said(reversalOf(message, { 90: foreign }))).to.equal("FORMAT_ERROR");
    // Nor by somebody who forwards it in his own name, DE 90 as it was: it is another acquirer's request that he names.
    expect(await said(reversalOf(message, { 32: "888888" }))).to.equal("FORMAT_ERROR");
    expect(await said({ ...message, mti: "0101" })).to.equal("APPROVED");
    expect(await said(reversalOf(message))).to.equal("APPROVED");
    expect(await said({ ...message, mti: "0101" })).to.equal("REVERSED");
  });
});
