// System 4, domain restriction with remote authentication: through the real doors of a whole network. A plug-in asks, the card's user is authenticated, the
// grant pays at one merchant. Then each refusal, and that it leaves nothing changed. The wallet here is a test's hand; the real one's journey is in
// test/journeys.

import { cavvOf } from "@enabling-card/acs";
import { decodeAdditionalData, encodeAdditionalData, type Fields, type Message } from "@enabling-card/iso8583";
import { drcOf } from "@enabling-card/processor";
import { TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { authorise } from "../../issuer/src/authorise.js";
import { enrolledCard, reversalOf, T0, tracksOf, wrongDigit } from "../../issuer/test/issuer-support.js";
import { FailureLocks } from "../../processor/src/failure-lock.js";
import { base64, domainNetwork, MERCHANT, REQUESTOR } from "./domain-support.js";

describe("a payment restricted to its domain", () => {
  const {
    state,
    post,
    position,
    authenticate,
    authenticated,
    cardSays,
    swipeOf,
    remoteOf,
    swiped,
    paid,
    request,
    answered,
    said,
  } = domainNetwork();

  it("shows the card's user merchant and amount, and pays once by a swipe at that merchant", async () => {
    const { body } = await authenticate();
    const asked = await cardSays(body.question);
    expect(asked.domain).to.deep.include({ merchant: MERCHANT, maxAmount: 1250, requestor: REQUESTOR, channel: 1 });
    const tracks = await swipeOf();
    const message = swiped(tracks);
    expect(await said(message)).to.equal("APPROVED");
    expect(await said({ ...message, mti: "0101" }), "its repeat").to.equal("APPROVED");
    expect(await said(swiped(tracks)), "the same stripe again").to.equal("ATC_REPLAYED");
  });

  it("is paid by the account: the issuer gets its number and the CAVV, and neither terminal nor card ever sees it", async () => {
    const tracks = await swipeOf();
    const [answer] = await answered(swiped(tracks));
    expect(answer!.fields[39]).to.equal("00");
    const { issuer } = state.network.issuer;
    const { account, token } = await issuer.resolve(state.card.cardId, state.card.accessKey, toHex(state.tokenRef));
    const second = state.toIssuer.at(-1)!;
    expect(second.fields).to.include({ 2: account, 33: "999999", 42: MERCHANT.padEnd(15) });
    expect(second.fields).not.to.have.any.keys("35", "45");
    expect(second.fields[48]).to.match(/CV028.{28}AN016[0-9A-F]{16}AC0012TR032/);
    expect(account).not.to.equal(token);
    expect(tracks.track2.slice(0, 16)).to.equal(token);
    expect(JSON.stringify([tracks, answer])).not.to.contain(account);
    expect(
      (await issuer.resolve(state.card.cardId, state.card.accessKey, toHex(state.tokenRef))).account,
      "once made",
    ).to.equal(account);
  });

  it("pays without a swipe, with DRC and CAVV in the message", async () => {
    const remote = await remoteOf();
    expect(await said(paid(remote))).to.equal("APPROVED");
    expect(await said(paid(remote))).to.equal("ATC_REPLAYED");
  });

  it("has the DRC that docs/protocol.md describes: another issuer could make it", () => {
    const key = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    const atnPart = Buffer.from("a0a1a2a3a4a5a6a7", "hex");
    const drc = drcOf(key, { requestor: REQUESTOR, merchant: MERCHANT, token: "9999990000000008", atnPart, atc: 7 });
    expect(toHex(drc)).to.equal(VALUES.drc);
    expect(toHex(cavvOf(key, "9999990000000008", atnPart))).to.equal(VALUES.cavv);
  });

  for (const [what, change, decline] of [
    ["another merchant", { 42: "OTHER SHOP".padEnd(15) }, "MERCHANT_WRONG"],
    ["no merchant", { 42: undefined }, "MERCHANT_WRONG"],
    ["a higher amount", { 4: "000000001251" }, "AMOUNT_OVER_CAP"],
    ["another kind of merchant", { 18: "5999" }, "DOMAIN_MISMATCH"],
    ["another country", { 19: "250" }, "DOMAIN_MISMATCH"],
    ["another currency", { 49: "840" }, "CURRENCY_WRONG"],
    ["no currency", { 49: undefined }, "CURRENCY_WRONG"],
    ["a refund", { 3: "200000" }, "TRANSACTION_UNSUPPORTED"],
    ["an entry mode that is no stripe's", { 22: "812" }, "CHANNEL_WRONG"],
  ] as const) {
    it(`does not pay with ${what}: ${decline}, and is not used by it`, async () => {
      const tracks = await swipeOf();
      const { fields } = swiped(tracks, change as Fields);
      const left = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
      expect(await said({ mti: "0100", fields: left as Fields })).to.equal(decline);
      expect(await said(swiped(tracks))).to.equal("APPROVED");
    });
  }

  it("does not pay with a wrong DRC, on either track: DRC_WRONG; five of them, and the token is heard no more: TOKEN_LOCKED", async () => {
    const { track1, track2 } = await swipeOf();
    expect(await said(swiped({ track2: wrongDigit(track2, -1) }))).to.equal("DRC_WRONG");
    expect(await said(swiped({ track1: wrongDigit(track1, -1) }))).to.equal("DRC_WRONG");
    expect(await said(swiped({ track1: wrongDigit(track1, -1), track2 }))).to.equal("DRC_WRONG");
    expect(await said(swiped({ track2: track2.replace("=3", "=2") })), "another expiry").to.equal("DRC_WRONG");
    expect(await said(swiped({ track1 })), "track 1 alone").to.equal("APPROVED");
    const other = await swipeOf();
    expect(await said(swiped({ track2: wrongDigit(other.track2, -2) }))).to.equal("DRC_WRONG");
    expect(await said(swiped(other))).to.equal("TOKEN_LOCKED");
    expect(state.toIssuer.length, "what was right once").to.equal(1);
  });

  it("that five wrong DRCs locked is suspended at the issuer, by its failure lock; who lifts that there lifts it here", async () => {
    const ref = toHex(state.tokenRef);
    const tokenAt = () => state.issuer.store.token(ref);
    const { version } = (await tokenAt())!;
    const wrong = async () => said(paid({ ...(await remoteOf()), drc: "0123456789ABCDEF" }));
    const five = async () => {
      const remote = { ...(await remoteOf()), drc: "0123456789ABCDEF" };
      for (let i = 0; i < 5; i++) expect(await said(paid(remote))).to.equal("DRC_WRONG");
    };
    const before = await remoteOf();
    await five();
    expect(await tokenAt()).to.include({ state: TokenState.Suspended, state_by: "failure lock", version: version + 1 });
    expect(await said(paid(before))).to.equal("TOKEN_LOCKED");
    state.pass(1);
    expect(await said(paid(before)), "and asked again").to.equal("TOKEN_LOCKED");
    expect((await tokenAt())!.version, "it is closed once").to.equal(version + 1);
    await state.issuer.setState(ref, TokenState.Active, "cardholder");
    state.pass(1);
    expect(await said(paid(before))).to.equal("APPROVED");
    expect(await wrong(), "five new tries").to.equal("DRC_WRONG");
    state.pass(1);
    await five().catch(() => undefined);
    expect((await tokenAt())!.state_by).to.equal("failure lock");
    await state.issuer.setState(ref, TokenState.Suspended, "issuer");
    await state.issuer.setState(ref, TokenState.Active, "issuer");
    state.pass(1);
    expect(await said(paid(await remoteOf()))).to.equal("APPROVED");
  });

  it("is for a token of that account, whatever a processor says: CARD_NUMBER_UNKNOWN", async () => {
    expect(await said(paid(await remoteOf()))).to.equal("APPROVED");
    const { fields } = state.toIssuer.at(-1)!;
    const other = await enrolledCard(state.issuer);
    const { tokenRef } = await state.issuer.mint(other.cardId, "Lovelace/Ada", "domain");
    const ref = toHex(tokenRef);
    await state.issuer.resolve(other.cardId, other.accessKey, ref); // which has an account of its own
    const of = (named: string) =>
      encodeAdditionalData({ ...decodeAdditionalData(fields[48]!), tokenRef: named.toUpperCase() });
    for (const [named, decline] of [
      [ref, "CARD_NUMBER_UNKNOWN"],
      [toHex(state.tokenRef), "ATC_REPLAYED"],
    ] as const) {
      const message: Message = { mti: "0100", fields: { ...fields, 11: "900004", 48: of(named) } };
      expect((await authorise(state.issuer, message, "processor")).decline).to.equal(decline);
    }
  });

  it("is looked at by the issuer, too: of its token's expiry, and not behind it (CARD_NUMBER_UNKNOWN, TOKEN_EXPIRED)", async () => {
    expect(await said(paid(await remoteOf()))).to.equal("APPROVED");
    const { fields } = state.toIssuer.at(-1)!;
    const again = async (change: Fields) => {
      const message: Message = { mti: "0100", fields: { ...fields, ...change } };
      return (await authorise(state.issuer, message, "processor")).decline;
    };
    expect(await again({ 11: "900001", 14: "2901" })).to.equal("CARD_NUMBER_UNKNOWN");
    expect(await again({ 11: "900002" }), "all but its grant, which is spent").to.equal("ATC_REPLAYED");
    const [year, month] = [2000 + Number(fields[14]!.slice(0, 2)), Number(fields[14]!.slice(2))];
    state.pass(Date.UTC(year, month, 1) / 1000 - T0);
    expect(await again({ 11: "900003" })).to.equal("TOKEN_EXPIRED");
  });

  it("stays locked while its issuer cannot be told, which hears of it as soon as it can be", async () => {
    const { processor } = state.network.processor;
    const { store } = processor;
    const told: string[] = [];
    let isThere = false;
    let now = T0;
    const locks = new FailureLocks({
      ...{ store, now: () => now, nameOf: (kind, text) => processor.nameOf(kind, text) },
      lockToken: async (tokenRef) => {
        told.push(tokenRef);
        if (!isThere) throw new Error("nobody answers");
        return { isHeld: told.length < 3 };
      },
    });
    for (let i = 0; i < 5; i++) await store.addFailure("a token", T0, 0);
    for (let i = 0; i < 3; i++) expect(await locks.isHeld("a token", "ref")).to.equal(true);
    expect(told.length, "once a second").to.equal(1);
    isThere = true;
    now++;
    expect(await locks.isHeld("a token", "ref")).to.equal(true);
    now++;
    expect(await locks.isHeld("a token", "ref")).to.equal(false);
    expect(await store.failures("a token", 0), "five new tries").to.equal(0);
    const alone = new FailureLocks({
      store,
      now: () => now,
      nameOf: (kind, text) => kind + text,
      lockToken: undefined,
    });
    expect(await alone.isHeld("a token", "ref"), "without an issuer the day ends it").to.equal(true);
  });

  it("has five of 2,000 wrong DRCs that come at once compared, and the right one amid them is heard no more: TOKEN_LOCKED", async () => {
    const { track2 } = await swipeOf();
    const wrong = (i: number) =>
      track2.slice(0, -8) + String((Number(track2.slice(-8)) + i + 1) % 1e8).padStart(8, "0");
    const lineOf = (line: number) =>
      Array.from({ length: 200 }, (_, i) =>
        swiped({ track2: line === 0 && i === 60 ? track2 : wrong(line * 200 + i) }),
      );
    const lines = await Promise.all(Array.from({ length: 10 }, (_, line) => answered(...lineOf(line))));
    const outcomes = lines.flat().map(({ fields }) => fields[44]);
    expect(outcomes.filter((one) => one === "DRC_WRONG")).to.have.length(5);
    expect(outcomes.filter((one) => one === "TOKEN_LOCKED")).to.have.length(1995);
    expect(state.toIssuer).to.deep.equal([]);
  }).timeout(60_000);

  it("is compared in turn: a right DRC behind five wrong ones that come with it on one line is heard no more", async () => {
    const { track2 } = await swipeOf();
    const wrong = Array.from({ length: 5 }, () => swiped({ track2: wrongDigit(track2, -1) }));
    const outcomes = (await answered(...wrong, swiped({ track2 }))).map(({ fields }) => fields[44]);
    expect(outcomes.filter((one) => one === "DRC_WRONG")).to.have.length(5);
    expect(outcomes.filter((one) => one === "TOKEN_LOCKED")).to.have.length(1);
    expect(state.toIssuer).to.deep.equal([]);
  });

  it("is forgiven what its holder has lifted, and no wrong try that came meanwhile", async () => {
    const { processor } = state.network.processor;
    const { store } = processor;
    const locks = new FailureLocks({
      ...{ store, now: () => T0, nameOf: (kind, text) => processor.nameOf(kind, text) },
      lockToken: async () => {
        await store.addFailure("a token", T0 + 1, 0);
        return { isHeld: false };
      },
    });
    for (let i = 0; i < 5; i++) await store.addFailure("a token", T0, 0);
    await store.addFailure("another", T0, 0);
    expect(await locks.isHeld("a token", "ref")).to.equal(false);
    expect([await store.failures("a token", 0), await store.failures("another", 0)]).to.deep.equal([1, 1]);
  });

  it("counts its wrong DRCs together with those that another processor over its store was shown meanwhile", async () => {
    const { track2 } = await swipeOf();
    state.network.processor.processor.store.failures = async () => 0; // it looked before the other had written
    for (let i = 0; i < 5; i++) expect(await said(swiped({ track2: wrongDigit(track2, -1) }))).to.equal("DRC_WRONG");
    expect(await said(swiped({ track2: wrongDigit(track2, -1) }))).to.equal("TOKEN_LOCKED");
  });

  it("does not pay without a swipe at another merchant, for another requestor, or with a wrong DRC", async () => {
    const remote = await remoteOf();
    expect(await said(paid(remote, { 42: "OTHER SHOP".padEnd(15) }))).to.equal("MERCHANT_WRONG");
    expect(await said(paid(remote, {}, "Other wallet"))).to.equal("REQUESTOR_WRONG");
    expect(await said(paid(remote, { 49: "392" }))).to.equal("CURRENCY_WRONG");
    expect(await said(paid({ ...remote, drc: "0123456789ABCDEF" }))).to.equal("DRC_WRONG");
    expect(await said(paid({ ...remote, atc: remote.atc + 1 })), "another ATC").to.equal("DRC_WRONG");
    expect(await said(paid({ ...remote, token: "9999990000000008" })), "another token").to.equal("DRC_WRONG");
    expect(await said(paid(remote, { 14: "2901" })), "another expiry").to.equal("DRC_WRONG");
    expect(await said(paid(remote, { 48: "AC0011" }))).to.equal("DRC_MISSING");
    expect(await said(paid(remote, { 48: "DR0160123456789ABCDEF" }))).to.equal("FORMAT_ERROR");
    expect(await said(paid(remote, { 48: "nonsense" }))).to.equal("FORMAT_ERROR");
    expect(state.toIssuer).to.deep.equal([]);
    expect(await said(paid(remote))).to.equal("APPROVED");
  });

  it("does not pay with a good DRC and another transaction's CAVV: CAVV_WRONG", async () => {
    const [one, two] = [await remoteOf(), await remoteOf()];
    expect(await said(paid({ ...one, cavv: two.cavv }))).to.equal("CAVV_WRONG");
    expect(await said(paid(one))).to.equal("APPROVED");
    expect(await said(paid(two))).to.equal("APPROVED");
  });

  it("without a swipe is no stripe: what the plug-in knows cannot be written on one: CHANNEL_WRONG", async () => {
    const { token, expiry, atc, drc } = await remoteOf();
    const digits = (BigInt(`0x${drc}`) % 10n ** 8n).toString().padStart(8, "0");
    const track2 = `${token}=${expiry}1011${String(atc).padStart(4, "0")}${digits}`;
    expect(await said(swiped({ track2 }))).to.equal("CHANNEL_WRONG");
    expect(state.toIssuer).to.deep.equal([]);
  });

  it("is the only way for its token: no grant without it (DOMAIN_REQUIRED), no number alone and no stripe (DRC_MISSING)", async () => {
    const { issuer } = state.network.issuer;
    const { fields } = request({});
    const { token } = await issuer.resolve(state.card.cardId, state.card.accessKey, toHex(state.tokenRef));
    const asked = await post(`${state.network.issuer.url}/v1/grants`, {
      ...{ ...position(), maxEmissions: 1, kind: "online" },
      domain: { requestor: REQUESTOR, channel: 0, country: 276, maxAmount: 1250 },
    });
    expect(asked.body).to.include({ code: "DOMAIN_REQUIRED" });
    expect(await said({ mti: "0100", fields: { ...fields, 2: token, 14: "3012" } })).to.equal("DRC_MISSING");
    const track2 = `${token}=3012101${"1000112345678"}`;
    const { expiry } = await issuer.resolve(state.card.cardId, state.card.accessKey, toHex(state.tokenRef));
    expect(await said(swiped({ track2: track2.replace("=3012", `=${expiry}`) }))).to.equal("DRC_MISSING");
    // A question to the card is a grant, too: it pays nothing.
    const { body } = await authenticate();
    const question = await cardSays(body.question);
    expect(await said(swiped(tracksOf(question)))).to.equal("DRC_MISSING");
  });

  it("does not pay when its token may not any more, and the answer is the issuer's: TOKEN_SUSPENDED", async () => {
    const tracks = await swipeOf();
    await state.network.issuer.issuer.setState(toHex(state.tokenRef), TokenState.Suspended, "issuer");
    expect(await said(swiped(tracks))).to.equal("TOKEN_SUSPENDED");
  });

  it("is not paid behind its end: GRANT_EXPIRED, nor behind its reversal: REVERSED", async () => {
    const [tracks, other] = [await swipeOf(), await swipeOf()];
    const message = swiped(tracks);
    expect(await said(message)).to.equal("APPROVED");
    expect(await said(reversalOf(message))).to.equal("APPROVED");
    expect(await said({ ...message, mti: "0101" })).to.equal("REVERSED");
    state.pass(120);
    expect(await said(swiped(other))).to.equal("GRANT_EXPIRED");
  });

  it("has its grant for whoever has the card's access key: not another card's, no other and none: UNAUTHORISED, ACCOUNT_REFUSED", async () => {
    const url = `${state.network.processor.url}/v1/domain-grants`;
    const wanted = { ...position(), threeDSServerTransID: await authenticated() };
    const other = await enrolledCard(state.issuer);
    const { tokenRef } = await state.issuer.mint(other.cardId, "Babbage/Charles", "domain");
    const [theirs, ours] = [other.accessKey, state.card.accessKey];
    const refused = async (change: object, key?: Uint8Array) => {
      const answer = await post(url, { ...wanted, ...change }, undefined, key);
      expect(answer.body).not.to.have.any.keys("eci", "grant", "remote");
      return answer.body.code;
    };
    expect(await refused({}, theirs), "another card's").to.equal("UNAUTHORISED");
    expect(await refused({}, new Uint8Array(32)), "a wrong one").to.equal("UNAUTHORISED");
    expect(await refused({}, new Uint8Array(0)), "none").to.equal("UNAUTHORISED");
    const headers = { "content-type": "application/json", "idempotency-key": "a-key-of-its-own" };
    const bare = await fetch(url, { method: "POST", headers, body: JSON.stringify(wanted) });
    expect([bare.status, ((await bare.json()) as { code: string }).code]).to.deep.equal([401, "UNAUTHORISED"]);
    const asOther = { cardId: base64(other.cardId) };
    expect(await refused(asOther, theirs), "our token of their card").to.equal("ACCOUNT_REFUSED");
    expect(await refused({ tokenRef: base64(tokenRef) }, ours), "their token").to.equal("ACCOUNT_REFUSED");
    const asTheirs = { ...asOther, tokenRef: base64(tokenRef) };
    expect(await refused(asTheirs, theirs), "our authentication").to.equal("AUTHENTICATION_UNKNOWN");
    for (const ref of [state.tokenRef, tokenRef]) {
      const { atc } = (await state.issuer.store.token(toHex(ref)))!;
      expect(atc, "nothing was counted beside the question").to.equal(ref === tokenRef ? 0 : 1);
    }
    expect((await post(url, wanted)).status).to.equal(200);
  });

  it("is paid by one of 100 that present it at once", async () => {
    const tracks = await swipeOf();
    const answers = await answered(...Array.from({ length: 100 }, () => swiped(tracks)));
    expect(answers.filter(({ fields }) => fields[39] === "00")).to.have.length(1);
  });
});

/** Made by OpenSSL: `openssl mac -cipher AES-128-CBC -macopt hexkey:000102030405060708090a0b0c0d0e0f -in FILE CMAC`. */
const VALUES = { drc: "9cf9e8d54eb4b8f4", cavv: "010000002e95297f1e49e8911ec51c423a17abe8" };
