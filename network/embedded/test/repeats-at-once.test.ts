// A request and its repeats that come at once, by one line or several: all get the one answer, and nothing is reversed behind it. In one process and apart.

import type { Message } from "@enabling-card/iso8583";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { expect } from "chai";
import { enrolledCard, purchase, T0, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { answersOf, saidOf } from "./terminal-line.js";

describe("a request and its repeats at once", () => {
  let network: Network;
  let toIssuer: Message[];
  let next: () => Promise<Message>;

  beforeEach(async () => {
    toIssuer = [];
    network = await startOfRun({
      keys: keysFromSeeds(randomSeeds()),
      now: () => T0,
      onMessage: (_from, to, message) => void (to === "issuer" && toIssuer.push(message)),
    });
    const { issuer } = network.issuer;
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    next = async () => purchase(tracksOf(await takeGrant(issuer, card, tokenRef)));
  });
  afterEach(() => network.close());
  const swipe = (...messages: readonly Message[]) => answersOf(network.processor.iso, messages);
  /** Two rounds of telling what is to be reversed. */
  const aWhile = () => new Promise((resolve) => setTimeout(resolve, 2100));

  it("in one write get the one answer, which stands", async () => {
    const message = await next();
    const answers = await swipe(message, { ...message, mti: "0101" }, message);
    for (const answer of answers) expect(answer).to.deep.equal(answers[0]);
    expect(saidOf(answers[0]!)).to.equal("APPROVED");
    await aWhile();
    expect((await swipe({ ...message, mti: "0101" }))[0]).to.deep.equal(answers[0]);
    expect(toIssuer.filter(({ mti }) => mti === "0401")).to.deep.equal([]);
  });

  it("by twenty lines get the one answer, which stands", async () => {
    const message = await next();
    const lines = Array.from({ length: 20 }, (_, i) => ({ ...message, mti: i % 2 === 0 ? "0100" : "0101" }));
    const answers = (await Promise.all(lines.map((one) => swipe(one)))).flat();
    for (const answer of answers) expect(answer).to.deep.equal(answers[0]);
    expect(saidOf(answers[0]!)).to.equal("APPROVED");
    await aWhile();
    expect((await swipe({ ...message, mti: "0101" }))[0]).to.deep.equal(answers[0]);
  });

  it("of two terminals that are called the same: what was approved stands, whatever the other one hears", async () => {
    const [one, other] = [await next(), await next()];
    const { 7: sent, 11: stan } = one.fields;
    const named = { ...other, fields: { ...other.fields, 7: sent!, 11: stan!, 4: "000000000100" } };
    const [first, second] = (await Promise.all([swipe(one), swipe(named)])).flat();
    expect([saidOf(first!), saidOf(second!)]).to.include("APPROVED");
    await aWhile();
    for (const [message, answer] of [
      [one, first!],
      [named, second!],
    ] as const) {
      if (saidOf(answer) !== "APPROVED") continue;
      expect((await swipe({ ...message, mti: "0101" }))[0]).to.deep.equal(answer);
    }
  });
});
