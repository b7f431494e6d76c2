// Group commit: requests that come together are decided together, each for itself.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "@enabling-card/iso8583";
import { toHex } from "@enabling-card/wire";
import Database from "better-sqlite3";
import { expect } from "chai";
import { Desk, type Outcome } from "../src/desk.js";
import type { Issuer, IssuerOptions } from "../src/index.js";
import { Tables } from "../src/store.js";
import { enrolledCard, newIssuer, purchase, type TestCard, takeGrant, tracksOf } from "./issuer-support.js";

describe("the desk", () => {
  let issuer: Issuer;
  let card: TestCard;
  let desk: Desk;

  const open = async (change: Partial<IssuerOptions> = {}) => {
    ({ issuer } = await newIssuer(change));
    card = await enrolledCard(issuer);
    desk = new Desk(issuer);
  };
  beforeEach(() => open());
  afterEach(() => issuer.close());

  const swipe = async (of?: Uint8Array) => {
    const tokenRef = of ?? (await issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef;
    const { track2 } = tracksOf(await takeGrant(issuer, card, tokenRef));
    return { tokenRef, track2 };
  };
  const askAll = (messages: readonly Message[]): Promise<Outcome[]> =>
    Promise.all(messages.map((message) => new Promise<Outcome>((resolve) => desk.ask(message, resolve))));
  const said = (outcome: Outcome) => (typeof outcome !== "object" ? "FAILED" : (outcome.decline ?? "APPROVED"));

  it("decides what comes in one turn in one transaction", async () => {
    const swipes = await Promise.all(Array.from({ length: 5 }, () => swipe()));
    const before = issuer.store.transactions;
    const outcomes = await askAll(swipes.map(({ track2 }) => purchase({ track2 })));
    expect(outcomes.map(said)).to.deep.equal(new Array(5).fill("APPROVED"));
    expect(issuer.store.transactions).to.equal(before + 1);
  });

  it("approves one of 200 presenters of one grant, each time", async () => {
    const { tokenRef } = await swipe();
    for (let run = 0; run < 20; run++) {
      const { track2 } = await swipe(tokenRef);
      const outcomes = (await askAll(Array.from({ length: 200 }, () => purchase({ track2 })))).map(said);
      expect(outcomes.filter((one) => one === "APPROVED")).to.have.length(1);
      expect(outcomes.filter((one) => one === "ATC_REPLAYED")).to.have.length(199);
    }
  }).timeout(60_000);

  it("approves one of 600 presenters, which is three transactions, one after the other", async () => {
    const { track2 } = await swipe();
    const outcomes = (await askAll(Array.from({ length: 600 }, () => purchase({ track2 })))).map(said);
    expect(outcomes.filter((one) => one === "APPROVED")).to.have.length(1);
    expect(outcomes.filter((one) => one === "ATC_REPLAYED")).to.have.length(599);
  });

  it("approves nothing that it could not write down: a store that is full", async () => {
    const { track2 } = await swipe();
    const message = purchase({ track2 });
    const { keepDecisions } = Tables.prototype;
    Tables.prototype.keepDecisions = async () => {
      throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    };
    expect((await askAll([message, message])).map(said)).to.deep.equal(["FAILED", "FAILED"]);
    Tables.prototype.keepDecisions = keepDecisions;
    expect((await askAll([message])).map(said)).to.deep.equal(["APPROVED"]);
  });

  describe("over a file", () => {
    let folder: string;
    let file: string;

    beforeEach(async () => {
      await issuer.close();
      folder = mkdtempSync(join(tmpdir(), "ecard-desk-"));
      file = join(folder, "issuer.db");
      await open({ file });
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it("fails one whose row is damaged, and none of those beside it", async () => {
      const [good, bad, other] = [await swipe(), await swipe(), await swipe()];
      const db = new Database(file);
      db.prepare("UPDATE tokens SET holder = ? WHERE token_ref = ?").run(new Uint8Array(60), toHex(bad.tokenRef));
      db.close();
      const outcomes = await askAll([good, bad, other].map(({ track2 }) => purchase({ track2 })));
      expect(outcomes.map(said)).to.deep.equal(["APPROVED", "FAILED", "APPROVED"]);
    });

    it("approves nothing that it could not write down, and goes on by itself: a store that is locked", async () => {
      const { track2 } = await swipe();
      const message = purchase({ track2 });
      const other = new Database(file);
      other.exec("BEGIN IMMEDIATE");
      expect((await askAll([message, purchase({})])).map(said)).to.deep.equal(["FAILED", "FAILED"]);
      other.exec("ROLLBACK");
      other.close();
      expect((await askAll([message])).map(said)).to.deep.equal(["APPROVED"]);
    });
  });
});
