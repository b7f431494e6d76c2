// Reversals of what nobody asked for: each is kept for a day, so one peer may not bring as many as it likes.

import { IsoCaller } from "@enabling-card/doors";
import type { Message } from "@enabling-card/iso8583";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { expect } from "chai";
import { enrolledCard, purchase, reversalOf, T0, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";
import { APPROVED_MAX, ReversalAllowance, UNEARNED_MAX } from "../../processor/src/reversal-allowance.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { saidOf } from "./terminal-line.js";

describe("reversals of one peer", () => {
  it("are those of what was approved, and a thousand beside, one a second anew", () => {
    const allowance = new ReversalAllowance();
    const spend = (count: number, now: number) =>
      Array.from({ length: count }, (_, i) => allowance.spend("192.0.2.1", `junk ${i}`, now)).filter(
        (isTaken) => isTaken,
      ).length;
    expect(spend(2000, 0)).to.equal(UNEARNED_MAX);
    expect(allowance.spend("192.0.2.1", "paid", 0)).to.equal(false);
    for (let i = 0; i < 5000; i++) allowance.approved("paid");
    expect(allowance.spend("192.0.2.1", "paid", 0), "whatever others at its address bring").to.equal(true);
    expect(allowance.spend("192.0.2.1", "paid", 0), "and again").to.equal(true);
    expect(spend(100, 0), "a repeat of an approval earns nothing").to.equal(0);
    expect(allowance.spend("192.0.2.2", "junk", 0), "another peer's").to.equal(true);
    expect(spend(100, 7)).to.equal(7);
    expect(spend(2000, 7 + 86_400)).to.equal(UNEARNED_MAX);
    expect(spend(100, 10), "a clock that was a day ahead, and is set back, gives nothing").to.equal(0);
    expect(spend(100, 13), "and keeps nothing back").to.equal(3);
    for (let i = 0; i < 5000; i++) allowance.spend(`peer ${i}`, "junk", 0);
    expect(spend(1, 7), "no more peers are remembered than there is room for").to.equal(1);
    for (let i = 0; i < APPROVED_MAX; i++) allowance.approved(`paid ${i}`);
    for (let i = 0; i < UNEARNED_MAX; i++) allowance.spend("192.0.2.3", "junk", 0);
    const isKnown = (request: string) => allowance.spend("192.0.2.3", request, 0);
    expect([isKnown("paid"), isKnown("paid 0")], "nor more approvals").to.deep.equal([false, true]);
  });

  let network: Network;
  afterEach(() => network?.close());

  it("are refused beyond that, and asked of no issuer: REVERSALS_MANY; what it had approved it may reverse", async () => {
    let toIssuer = 0;
    network = await startOfRun({
      ...{ keys: keysFromSeeds(randomSeeds()), now: () => T0 },
      onMessage: (_from, to) => void (to === "issuer" && toIssuer++),
    });
    const { issuer } = network.issuer;
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const line = new IsoCaller(network.processor.iso);
    const junk = (n: number): Message => {
      const stan = String(n).padStart(6, "0");
      return reversalOf(purchase({}, { 11: stan }), { 11: stan });
    };
    const none = Array.from({ length: 20 }, (_, i) => ({
      ...junk(i),
      fields: { ...junk(i).fields, 90: "0".repeat(42) },
    }));
    for (const one of none)
      expect(saidOf(await line.ask(one)), "what names nothing costs nothing").to.equal("FORMAT_ERROR");
    const said: (string | undefined)[] = [];
    for (let from = 0; from < UNEARNED_MAX + 50; from += 50) {
      const some = Array.from({ length: 50 }, (_, i) => line.ask(junk(from + i)));
      said.push(...(await Promise.all(some)).map(saidOf));
    }
    expect(said.filter((one) => one === "APPROVED").length).to.equal(UNEARNED_MAX);
    expect(said.slice(-50)).to.deep.equal(Array(50).fill("REVERSALS_MANY"));
    expect(toIssuer).to.equal(UNEARNED_MAX);
    const paid = purchase(tracksOf(await takeGrant(issuer, card, tokenRef)), { 11: "900000" });
    expect(saidOf(await line.ask(paid))).to.equal("APPROVED");
    expect(saidOf(await line.ask(reversalOf(paid)))).to.equal("APPROVED");
    expect(saidOf(await line.ask({ ...paid, mti: "0101" }))).to.equal("REVERSED");
    const declined = purchase(tracksOf(await takeGrant(issuer, card, tokenRef)), { 4: "000000009999", 11: "900001" });
    expect(saidOf(await line.ask(declined))).to.equal("AMOUNT_OVER_CAP");
    expect(saidOf(await line.ask(reversalOf(declined))), "a decline earns none").to.equal("REVERSALS_MANY");
    line.close();
  });
});
