// System 5, transaction codes for connected devices: through the real doors of a whole network, over SQLite. A phone registers, a device pays: by a
// stripe at a terminal, and over HTTP. Then each refusal, and that it leaves nothing changed.

import { randomBytes } from "node:crypto";
import { encodeAdditionalData, type Fields } from "@enabling-card/iso8583";
import { OPEN_CODES_MAX, purchaseMac, stripeMac } from "@enabling-card/processor";
import { GrantKind, isTransactionCode, TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { enrolledCard, openGrant, T0, tracksOf, wrongDigit } from "../../issuer/test/issuer-support.js";
import { base64, codesWorld, type Json, PROVIDER } from "./codes-support.js";
import { saidOf } from "./terminal-line.js";

describe("a transaction code", () => {
  const { at, key, ask, register, newCode, query, stateOf, request, swipe, swiped } = codesWorld();

  it("is 16 digits of the test range, the seventh a nine, Luhn right, and another one each time", async () => {
    const codes = await Promise.all(Array.from({ length: 8 }, () => newCode()));
    for (const { code } of codes) expect(isTransactionCode(code)).to.equal(true);
    for (const { code } of codes) expect(code.slice(0, 7)).to.equal("9999999");
    expect(new Set(codes.map(({ code }) => code)).size).to.equal(8);
    expect(codes[0]!.expires).to.equal(T0 + 3600);
  });

  it("pays at a terminal once: the first request has the code alone, the second the account", async () => {
    const { code, codeRef } = await newCode();
    const first = request(code);
    const [answer] = await swipe(first);
    expect(saidOf(answer!)).to.equal("APPROVED");
    expect(answer!.fields[38]).to.match(/^\d{6}$/);
    for (const de of [3, 4, 7, 11, 32, 37, 41, 42, 49] as const) expect(answer!.fields[de]).to.equal(first.fields[de]);
    expect(answer!.fields).not.to.have.any.keys("2", "14", "35");
    expect(at.seen).to.deep.equal([
      "terminal 0100 processor",
      "processor 0100 issuer",
      "issuer 0110 processor",
      "processor 0110 terminal",
    ]);
    const { pan, expiry } = await at.network.issuer.issuer.account(
      at.card.cardId,
      at.card.accessKey,
      toHex(at.tokenRef),
    );
    expect(at.second!.fields).to.include({ 2: pan, 14: expiry, 4: "000000001250", 33: "999999" });
    expect(at.second!.fields).not.to.have.any.keys("35", "45");
    expect(JSON.stringify(first)).not.to.contain(pan);
    expect(await stateOf(codeRef)).to.equal("used");
    expect(await swiped(request(code))).to.equal("CODE_USED");
  });

  it("pays whatever else a terminal says of domains: nothing of that goes on", async () => {
    const { code } = await newCode();
    const cavv = Buffer.alloc(20).toString("base64");
    const drc = encodeAdditionalData({ requestor: "Wallet", drc: "0123456789ABCDEF", cavv, atc: "7" });
    expect(await swiped(request(code, { 48: drc }))).to.equal("APPROVED");
    expect(at.second!.fields[48]).to.equal(undefined);
  });

  it("has a stripe as a card's, and a terminal that does not contradict itself: FORMAT_ERROR, SERVICE_CODE_WRONG, CODE_EXPIRED, CHANNEL_WRONG", async () => {
    const { code } = await newCode();
    const good = request(code).fields[35]!;
    const track1 = (change: string) => `B${code}^POWDERS/^${change}0123456789ABCDEF`;
    const tail = good.slice(17);
    for (const [change, outcome] of [
      [{ 35: good.replace("=3012101", "=3012201") }, "SERVICE_CODE_WRONG"],
      [{ 35: good.replace("=3012101", "=3012999") }, "SERVICE_CODE_WRONG"],
      [{ 35: good.replace("=3012", "=2001") }, "CODE_EXPIRED"],
      [{ 35: good.replace("=3012", "=0000") }, "CODE_EXPIRED"],
      [{ 35: good.replace("=3012", "=3013") }, "CODE_EXPIRED"],
      [{ 14: "2901" }, "FORMAT_ERROR"],
      [{ 2: (await newCode()).code }, "FORMAT_ERROR"],
      [{ 45: "garbage" }, "FORMAT_ERROR"],
      [{ 45: track1(tail.replace("3012", "3011")) }, "FORMAT_ERROR"],
      [{ 45: track1(tail.replace("0007", "0008")) }, "FORMAT_ERROR"],
      [{ 22: "812" }, "CHANNEL_WRONG"],
      [{ 19: undefined }, "FORMAT_ERROR"],
      [{ 39: "00" }, "FORMAT_ERROR"],
      [{ 38: "123456" }, "FORMAT_ERROR"],
    ] as const) {
      expect(await swiped(request(code, change as Fields)), JSON.stringify(change)).to.equal(outcome);
    }
    expect(await swiped(request(code, { 2: code, 14: "3012", 45: track1(tail) }))).to.equal("APPROVED");
  });

  it("pays over HTTP once: an appliance buys powder", async () => {
    const { code } = await newCode();
    const buy = async (
      change: Partial<{ cost: number; provider: string; counter: number; code: string; mac: string }> = {},
    ) => {
      const { mac: told, ...asked } = { code, counter: 1, cost: 1250, currency: "978", provider: PROVIDER, ...change };
      const mac = told ?? base64(purchaseMac(key, asked));
      return (await ask("POST", "/v1/purchases", { device: at.device, ...asked, mac })).body;
    };
    expect(await buy({ cost: 1501 })).to.deep.include({ approved: false, ourCode: "COST_OVER", responseCode: "61" });
    expect(await buy({ provider: "OTHER" })).to.deep.include({ approved: false, ourCode: "PROVIDER_WRONG" });
    expect(await buy({ mac: base64(new Uint8Array(8)) })).to.deep.include({ approved: false, ourCode: "DEVICE_WRONG" });
    const bought = await buy();
    expect(bought).to.deep.include({ approved: true, responseCode: "00" });
    expect(await buy(), "the same purchase again").to.deep.equal(bought);
    expect(await buy({ counter: 2 })).to.deep.include({ approved: false, ourCode: "CODE_USED" });
    expect(at.second!.fields[35]).to.equal(undefined);
  });

  for (const [what, change, decline] of [
    ["another provider", { 42: "ANOTHER SHOP   " }, "PROVIDER_WRONG"],
    ["a higher cost", { 4: "000000001501" }, "COST_OVER"],
    ["a purchase of nothing", { 4: "000000000000" }, "AMOUNT_ZERO"],
    ["another currency", { 49: "840" }, "COST_OVER"],
    ["a terminal where another currency is paid in", { 19: "840" }, "CURRENCY_WRONG"],
    ["a refund", { 3: "200000" }, "TRANSACTION_UNSUPPORTED"],
    ["no amount", { 4: undefined }, "FORMAT_ERROR"],
    ["no provider", { 42: undefined }, "FORMAT_ERROR"],
    ["no terminal", { 41: undefined }, "FORMAT_ERROR"],
    ["a track that is none", { 35: "9999999000000000=3012" }, "FORMAT_ERROR"],
  ] as const) {
    it(`does not pay with ${what}: ${decline}, and is not used by it`, async () => {
      const { code } = await newCode();
      const message = request(code);
      const fields = Object.fromEntries(
        Object.entries({ ...message.fields, ...change }).filter(([, value]) => value !== undefined),
      );
      expect(await swiped({ ...message, fields: fields as Fields })).to.equal(decline);
      expect(at.seen.filter((line) => line.endsWith("issuer"))).to.deep.equal([]);
      expect(await swiped(request(code))).to.equal("APPROVED");
    });
  }

  it("is what a terminal needs to name an account: a bare number, a token's or an account's, goes no further", async () => {
    const { pan, expiry } = await at.network.issuer.issuer.account(
      at.card.cardId,
      at.card.accessKey,
      toHex(at.tokenRef),
    );
    const { 35: _, ...fields } = request(pan).fields;
    for (const typed of [
      { 2: pan, 14: expiry },
      { 2: pan, 14: expiry, 22: "012", 33: "999999" },
    ]) {
      expect(await swiped({ mti: "0100", fields: { ...fields, ...typed } })).to.equal("DRC_MISSING");
    }
    expect(at.seen.filter((line) => line.endsWith("issuer"))).to.deep.equal([]);
  });

  it("is sealed to a card that swipes it: in a grant of its own kind, once for a key, ended where the issuer refuses", async () => {
    const asked = (change: Json = {}) => ({
      ...{
        cardId: base64(at.card.cardId),
        tokenRef: base64(at.tokenRef),
        challenge: base64(at.card.cardId),
        checkpointSize: 0,
      },
      ...{ provider: PROVIDER, maxCost: 1500, currency: "978", country: 276, ...change },
    });
    const cardCode = (change: Json = {}, idempotencyKey = base64(randomBytes(12))) =>
      ask("POST", "/v1/card-codes", asked(change), { "idempotency-key": idempotencyKey });
    const idempotencyKey = base64(randomBytes(12));
    const made = await cardCode({}, idempotencyKey);
    expect(await cardCode({}, idempotencyKey)).to.deep.equal(made);
    expect((await cardCode({ maxCost: 1 }, idempotencyKey)).body).to.include({ code: "IDEMPOTENCY_MISMATCH" });
    const { sealed } = made.body.grant as { sealed: string };
    const grant = await openGrant(Uint8Array.from(Buffer.from(sealed, "base64url")), at.card);
    expect(grant).to.deep.include({ kind: GrantKind.Code, maxEmissions: 1, expires: T0 + 120 });
    expect(grant).not.to.have.property("track1");
    expect(base64(grant.codeRef!)).to.equal(made.body.codeRef);
    expect(JSON.stringify(made.body)).not.to.contain(grant.track2.slice(0, 16));
    const { track2 } = tracksOf(grant);
    const swiped = async (text: string) => saidOf((await swipe(request("", { 35: text })))[0]!);
    expect(await swiped(wrongDigit(track2, -1))).to.equal("DEVICE_WRONG");
    expect(await swiped(track2)).to.equal("APPROVED");
    expect(await swiped(track2)).to.equal("CODE_USED");
    // None of them stays open.
    for (let i = 0; i <= OPEN_CODES_MAX; i++)
      expect((await cardCode({ country: 999 })).body, "not served").to.include({ code: "BAD_REQUEST" });
    const late = tracksOf(
      await openGrant(
        Uint8Array.from(Buffer.from(((await cardCode()).body.grant as { sealed: string }).sealed, "base64url")),
        at.card,
      ),
    );
    at.now += 120;
    expect(await swiped(late.track2)).to.equal("CODE_EXPIRED");
  });

  it("does not pay with another device: DEVICE_WRONG", async () => {
    const { code } = await newCode();
    expect(await swiped(request(code, {}, stripeMac(randomBytes(16), code, 7)))).to.equal("DEVICE_WRONG");
    expect(await swiped(request(code, {}, stripeMac(key, code, 8)))).to.equal("DEVICE_WRONG");
    expect(await swiped(request(code))).to.equal("APPROVED");
  });

  it("pays within its window alone: CODE_TOO_EARLY, CODE_EXPIRED", async () => {
    const { code } = await newCode({ notBefore: T0 + 100, lifeS: 10 });
    for (const [moment, outcome] of [
      [99, "CODE_TOO_EARLY"],
      [110, "CODE_EXPIRED"],
      [109, "APPROVED"],
    ] as const) {
      at.now = T0 + moment;
      expect(await swiped(request(code))).to.equal(outcome);
    }
  });

  it("is cancelled by its owner, and by nobody else", async () => {
    const { code, codeRef } = await newCode();
    const other = await enrolledCard(at.network.issuer.issuer);
    const { tokenRef: otherRef } = await at.network.issuer.issuer.mint(other.cardId, "Babbage/Charles");
    const theirs = `cardId=${base64(other.cardId)}&tokenRef=${base64(otherRef)}`;
    const asOther = { authorization: `Bearer ${base64(other.accessKey)}` };
    expect((await ask("DELETE", `/v1/codes/${codeRef}?${theirs}`, undefined, asOther)).body.code).to.equal(
      "CODE_UNKNOWN",
    );
    expect((await ask("GET", `/v1/codes/${codeRef}?${theirs}`, undefined, asOther)).body.code).to.equal("CODE_UNKNOWN");
    expect((await ask("DELETE", `/v1/codes/${codeRef}?${query()}`, undefined, asOther)).body.code).to.equal(
      "UNAUTHORISED",
    );
    expect(await stateOf(codeRef)).to.equal("open");
    for (let i = 0; i < 2; i++) {
      expect((await ask("DELETE", `/v1/codes/${codeRef}?${query()}`)).body.state).to.equal("cancelled");
    }
    for (const wrong of ["%00", "a%20b", "%F0%9F%92%B3", "a".repeat(65)]) {
      for (const method of ["GET", "DELETE"]) {
        expect(await ask(method, `/v1/codes/${wrong}?${query()}`), wrong)
          .to.deep.include({ status: 400 })
          .and.to.have.nested.property("body.code", "BAD_REQUEST");
      }
    }
    expect(await swiped(request(code))).to.equal("CODE_EXPIRED");
    const used = await newCode();
    await swiped(request(used.code));
    expect((await ask("DELETE", `/v1/codes/${used.codeRef}?${query()}`)).body.code).to.equal("CODE_USED");
  });

  it("is made once for one idempotency key, and refused for another request under it: IDEMPOTENCY_MISMATCH", async () => {
    const [one, same] = [await register({}, "key-of-one"), await register({}, "key-of-one")];
    expect(same.body).to.deep.equal(one.body);
    const other = await register({ maxCost: 1 }, "key-of-one");
    expect([other.status, other.body.code]).to.deep.equal([422, "IDEMPOTENCY_MISMATCH"]);
    const together = await Promise.all(Array.from({ length: 20 }, () => register({}, "key-of-many")));
    expect(new Set(together.map(({ body }) => body.code)).size).to.equal(1);
  });

  it("is not made for what is not there or may not pay", async () => {
    const refused = async (change: Json, status: number, code: string) => {
      const answer = await register(change);
      expect([answer.status, answer.body.code]).to.deep.equal([status, code]);
    };
    await refused({ device: base64(new Uint8Array(16)) }, 404, "DEVICE_UNKNOWN");
    await refused({ tokenRef: base64(new Uint8Array(16)) }, 403, "ACCOUNT_REFUSED");
    await refused({ cardId: base64(new Uint8Array(16)) }, 401, "UNAUTHORISED");
    await refused({ lifeS: 0 }, 400, "BAD_REQUEST");
    await refused({ lifeS: 8 * 86_400 }, 400, "BAD_REQUEST");
    await refused({ maxCost: -1 }, 400, "BAD_REQUEST");
    await refused({ maxCost: 0 }, 400, "BAD_REQUEST");
    for (const currency of ["000", "999", "392"]) await refused({ currency }, 400, "CURRENCY_WRONG");
    await refused({ provider: "sixteen letters!" }, 400, "BAD_REQUEST");
    await refused({ more: 1 }, 400, "BAD_REQUEST");
    for (let i = 0; i < OPEN_CODES_MAX; i++) await newCode();
    await refused({}, 403, "CODE_LIMIT");
    await at.network.issuer.issuer.setState(toHex(at.tokenRef), TokenState.Suspended, "issuer");
    await refused({}, 403, "ACCOUNT_REFUSED");
  });

  it("does not pay when the account may not any more, and the answer is the issuer's: TOKEN_SUSPENDED", async () => {
    const { code } = await newCode();
    await at.network.issuer.issuer.setState(toHex(at.tokenRef), TokenState.Suspended, "issuer");
    expect(await swiped(request(code))).to.equal("TOKEN_SUSPENDED");
  });

  it("gets the same answer for its repeat, and none after its reversal", async () => {
    const { code } = await newCode();
    const first = request(code);
    const [answer] = await swipe(first);
    const [again] = await swipe({ ...first, mti: "0101" });
    expect(again!.fields).to.deep.equal(answer!.fields);
    const { 35: _, ...kept } = first.fields;
    const original = `0100${first.fields[11]}${first.fields[7]}${"999999".padStart(11, "0")}${"0".repeat(11)}`;
    const [reversed] = await swipe({ mti: "0400", fields: { ...kept, 11: "900000", 90: original } });
    expect([reversed!.mti, reversed!.fields[39]]).to.deep.equal(["0410", "00"]);
    expect(await swiped({ ...first, mti: "0101" })).to.equal("REVERSED");
  });

  it("keeps few of a server's lanes, however many present it at once: one transaction uses it, the others look again", async () => {
    const { store } = at.network.processor.processor;
    const { code } = await newCode();
    const { atomically } = store;
    let transactions = 0;
    store.atomically = (work) => {
      transactions++;
      return atomically.call(store, work) as never;
    };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => swipe(...Array.from({ length: 5 }, () => request(code)))),
    );
    const outcomes = answers.flat().map(saidOf).sort();
    expect(outcomes).to.deep.equal(["APPROVED", ...Array(39).fill("CODE_USED")]);
    // Whoever had looked just before it was used has one of his own.
    if (store.isServer) expect(transactions).to.be.within(1, 10);
    else expect(transactions).to.equal(40);
  });

  it("is paid with by one of 200 that present it at once, each time", async () => {
    for (let run = 0; run < 5; run++) {
      const { code } = await newCode();
      const all = await Promise.all(
        Array.from({ length: 20 }, () => swipe(...Array.from({ length: 10 }, () => request(code)))),
      );
      const outcomes = all.flat().map(saidOf);
      expect(outcomes.filter((one) => one === "APPROVED")).to.have.length(1);
      expect(outcomes.filter((one) => one === "CODE_USED")).to.have.length(199);
    }
  }).timeout(60_000);
});
