// One request, one decision: repeats get the stored answer, and nobody else does.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fields, Message } from "@enabling-card/iso8583";
import { expect } from "chai";
import { Issuer, keysFromSeeds, REPEAT_WINDOW_S, randomSeeds } from "../src/index.js";
import { Tables } from "../src/store.js";
import {
  answerTo,
  type Clock,
  DOMAIN,
  enrolledCard,
  newIssuer,
  purchase,
  reply,
  T0,
  type TestCard,
  takeGrant,
  takeOfflineGrant,
  tracksOf,
  wrongDigit,
} from "./issuer-support.js";

describe("a request that comes again", () => {
  let issuer: Issuer;
  let clock: Clock;
  let card: TestCard;
  let tokenRef: Uint8Array;
  let tracks: { track1: string; track2: string };

  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
    card = await enrolledCard(issuer);
    ({ tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada"));
    tracks = tracksOf(await takeGrant(issuer, card, tokenRef));
  });
  afterEach(() => issuer.close());

  const codeOf = async (message: Message) => (await reply(issuer, message)).fields[38];

  it("gets the stored answer, as 0101 and as a doubled 0100, after the grant's time as well", async () => {
    const message = purchase(tracks);
    const code = await codeOf(message);
    expect(code).to.match(/^\d{6}$/);
    clock.now += 600;
    expect(await codeOf({ ...message, mti: "0101" })).to.equal(code);
    expect(await codeOf(message)).to.equal(code);
  });

  it("gets the stored refusal too, though the reason be gone", async () => {
    const message = purchase(tracks, { 4: "000000009999" });
    expect(await answerTo(issuer, message)).to.equal("AMOUNT_OVER_CAP");
    expect(await answerTo(issuer, { ...message, mti: "0101" })).to.equal("AMOUNT_OVER_CAP");
  });

  it("is decided when it is a 0101 whose 0100 was lost", async () => {
    expect(await answerTo(issuer, { ...purchase(tracks), mti: "0101" })).to.equal("APPROVED");
  });

  const OTHERS: readonly (readonly [what: string, fields: Fields])[] = [
    ["acquirer", { 32: "999998" }],
    ["terminal", { 41: "POS00002" }],
    ["STAN", { 11: "999999" }],
    ["time", { 7: "0115120001" }],
    ["amount", { 4: "000000000951" }],
    ["merchant", { 42: "ANOTHER SHOP   " }],
    ["merchant's name", { 43: "ANOTHER SHOP".padEnd(40) }],
    ["entry mode", { 22: "901" }],
    ["currency", { 49: "840" }],
  ];
  for (const [what, fields] of OTHERS) {
    it(`is another one where its ${what} differs: it never gets the approval`, async () => {
      const message = purchase(tracks);
      expect(await answerTo(issuer, message)).to.equal("APPROVED");
      expect(await answerTo(issuer, { mti: "0101", fields: { ...message.fields, ...fields } })).to.equal(
        "ATC_REPLAYED",
      );
    });
  }

  it("is another one where its tracks differ: it gets no approval, and no other's refusal", async () => {
    const message = purchase({ track2: tracks.track2 });
    expect(await answerTo(issuer, message)).to.equal("APPROVED");
    const forged = { ...message, fields: { ...message.fields, 35: wrongDigit(tracks.track2, -1) } };
    expect(await answerTo(issuer, forged)).to.equal("CRYPTOGRAM_WRONG");
    const second = tracksOf(await takeGrant(issuer, card, tokenRef));
    expect(await answerTo(issuer, { ...message, fields: { ...message.fields, 35: second.track2 } })).to.equal(
      "APPROVED",
    );
    expect(await answerTo(issuer, { ...message, fields: { ...message.fields, 45: tracks.track1 } })).to.equal(
      "ATC_REPLAYED",
    );
  });

  it("is forgotten after a day: DE 7 has no year, and last year's approval pays nothing", async () => {
    const { tokenRef: ref } = await issuer.mint(card.cardId, "Lovelace/Ada", "offline");
    const message = purchase(tracksOf(await takeOfflineGrant(issuer, card, ref)));
    expect(await answerTo(issuer, message)).to.equal("APPROVED");
    clock.now += REPEAT_WINDOW_S - 1;
    expect(await answerTo(issuer, message)).to.equal("APPROVED");
    clock.now += 1;
    expect(await answerTo(issuer, message)).to.equal("ATC_REPLAYED");
  });

  it("is not found by whoever reads the store and knows the request: the name it is kept under is keyed", async () => {
    const names: string[] = [];
    const { keepDecision } = Tables.prototype;
    Tables.prototype.keepDecision = async function (name, ...rest) {
      names.push(name);
      await keepDecision.call(this, name, ...rest);
    };
    const { fields } = purchase(tracks);
    await answerTo(issuer, { mti: "0100", fields });
    Tables.prototype.keepDecision = keepDecision;
    const order = [32, 41, 11, 7, 2, 3, 4, 14, 18, 19, 22, 25, 35, 42, 43, 45, 48, 49] as const;
    const plain = createHash("sha256")
      .update(JSON.stringify(order.map((de) => fields[de] ?? null)))
      .digest("hex");
    expect(names).to.have.length(1);
    expect(names[0])
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.to.equal(plain);
  });
});

describe("one grant, presented by many at once", () => {
  it("pays exactly once, through two processes' connections to one file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ecard-race-"));
    const keys = keysFromSeeds(randomSeeds());
    const file = join(folder, "issuer.db");
    const open = () => Issuer.open({ keys, file, now: () => T0 });
    const [one, two] = [await open(), await open()];
    try {
      const card = await enrolledCard(one);
      const { tokenRef } = await one.mint(card.cardId, "Lovelace/Ada");
      const tracks = tracksOf(await takeGrant(one, card, tokenRef, { domain: DOMAIN }));
      // The second asks while the first is between its look and its write. It has to wait, and as both are one thread here, in vain.
      const { endGrant } = Tables.prototype;
      let inside: unknown;
      Tables.prototype.endGrant = async function (ref, atc, end) {
        Tables.prototype.endGrant = endGrant;
        inside = await answerTo(two, purchase(tracks));
        await endGrant.call(this, ref, atc, end);
      };
      const answers = [await answerTo(one, purchase(tracks))];
      for (let i = 0; i < 20; i++) answers.push(await answerTo(i % 2 ? one : two, purchase(tracks)));
      expect(inside).to.equal("ISSUER_FAILED");
      expect(answers.filter((answer) => answer === "APPROVED")).to.have.length(1);
      expect(answers.slice(1).every((answer) => answer === "ATC_REPLAYED")).to.equal(true);
    } finally {
      await one.close();
      await two.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("gives out every ATC once, however many ask", async () => {
    const { issuer } = await newIssuer();
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const grants = await Promise.all(Array.from({ length: 40 }, () => takeGrant(issuer, card, tokenRef)));
    expect(new Set(grants.map(({ atc }) => atc)).size).to.equal(40);
    expect(new Set(grants.map((grant) => tracksOf(grant).track2)).size).to.equal(40);
    await issuer.close();
  });
});
