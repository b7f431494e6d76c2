// System 4, domain restriction with remote authentication: through the real doors of a whole network. A plug-in asks, the card's user is authenticated, the
// grant pays at one merchant. Then each refusal, and that it leaves nothing changed. The wallet here is a test's hand; the real one's journey is in
// test/journeys.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { CHALLENGE_LIFE_S, cavvOf, EXTENSION, type RReq, TRIES_MAX } from "@enabling-card/acs";
import {
  decode,
  decodeAdditionalData,
  encode,
  encodeAdditionalData,
  type Fields,
  FrameReader,
  frame,
  type Message,
} from "@enabling-card/iso8583";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { ATN_LIFE_S, drcOf } from "@enabling-card/processor";
import { TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { storeOfRun } from "../../../test/support/postgresql.js";
import {
  enrolledCard,
  openGrant,
  reversalOf,
  T0,
  type TestCard,
  tracksOf,
  wrongDigit,
} from "../../issuer/test/issuer-support.js";
import { type Network, startNetwork } from "../src/index.js";

const MERCHANT = "CORNER BAKERY";
const REQUESTOR = "Test wallet";
const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
type Json = Record<string, unknown>;

interface Remote {
  readonly token: string;
  readonly expiry: string;
  readonly atc: number;
  readonly drc: string;
  readonly cavv: string;
}

describe("a payment restricted to its domain", () => {
  let network: Network;
  let now: number;
  let card: TestCard;
  let tokenRef: Uint8Array;
  let toIssuer: Message[];

  beforeEach(async () => {
    now = T0;
    toIssuer = [];
    const store = await storeOfRun();
    network = await startNetwork({
      ...(store !== undefined && { store }),
      keys: keysFromSeeds(randomSeeds()),
      now: () => now,
      onMessage: (_from, to, message) => void (to === "issuer" && toIssuer.push(message)),
    });
    card = await enrolledCard(network.issuer.issuer);
    ({ tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada", "domain"));
  });
  afterEach(() => network.close());

  async function post(url: string, body: Json, idempotencyKey = base64(randomBytes(12)), accessKey = card.accessKey) {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${base64(accessKey)}`,
        "content-type": "application/json",
        "idempotency-key": idempotencyKey,
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Json };
  }
  const position = () => ({
    ...{
      cardId: base64(card.cardId),
      tokenRef: base64(tokenRef),
      challenge: base64(randomBytes(16)),
      checkpointSize: 0,
    },
  });
  const purchase = (change: Json = {}) => ({
    ...{
      ...position(),
      requestor: REQUESTOR,
      merchant: MERCHANT,
      mcc: 5462,
      channel: 0,
      country: 276,
      currency: "978",
    },
    ...{ amount: 1250, ...change },
  });
  const authenticate = (change: Json = {}, key?: string) =>
    post(`${network.processor.url}/v1/authentications`, purchase(change), key);
  const grantFor = (transId: unknown, change: Json = {}, key?: string) =>
    post(
      `${network.processor.url}/v1/domain-grants`,
      { ...position(), threeDSServerTransID: transId as string, ...change },
      key,
    );
  /** What the card tells its phone, once its user has pressed its button. */
  const cardSays = async (question: unknown) => {
    const { sealed } = question as { sealed: string };
    return openGrant(Uint8Array.from(Buffer.from(sealed, "base64url")), card);
  };
  const challenged = async (begun: Json, challengeDataEntry: string) =>
    post(begun.acsURL as string, {
      ...{ messageType: "CReq", messageVersion: "2.2.0", challengeDataEntry },
      ...{ threeDSServerTransID: begun.threeDSServerTransID, acsTransID: begun.acsTransID },
    });
  /** An authentication that its user has agreed to. */
  const authenticated = async (change: Json = {}) => {
    const { status, body } = await authenticate(change);
    expect(status, JSON.stringify(body)).to.equal(200);
    const answer = await challenged(body, base64((await cardSays(body.question)).cryptogram));
    expect(answer.body).to.include({ messageType: "CRes", challengeCompletionInd: "Y", transStatus: "Y" });
    return body.threeDSServerTransID as string;
  };
  /** Tracks that a card with the grant of such an authentication sends. */
  const swipeOf = async (change: Json = {}) => {
    const { status, body } = await grantFor(await authenticated(change));
    expect(status, JSON.stringify(body)).to.equal(200);
    expect(body).to.include({ eci: "05" });
    return tracksOf(await cardSays(body.grant));
  };
  const remoteOf = async (change: Json = {}) => {
    const { status, body } = await grantFor(await authenticated({ channel: 1, ...change }));
    expect(status, JSON.stringify(body)).to.equal(200);
    expect(body).to.have.keys("eci", "remote");
    return body.remote as Remote;
  };

  let stan = 0;
  const request = (fields: Fields): Message => ({
    mti: "0100",
    fields: {
      ...{
        3: "000000",
        4: "000000001250",
        7: "0115120000",
        11: String(++stan).padStart(6, "0"),
        18: "5462",
        19: "276",
      },
      ...{ 22: "902", 32: "999999", 37: "501512000001", 41: "POS00001", 42: MERCHANT.padEnd(15), 49: "978", ...fields },
    },
  });
  const swiped = ({ track1, track2 }: { track1?: string; track2?: string }, change: Fields = {}) =>
    request({ ...(track2 && { 35: track2 }), ...(track1 && { 45: track1 }), ...change });
  const paid = ({ token, expiry, atc, drc, cavv }: Remote, change: Fields = {}, requestor = REQUESTOR) =>
    request({
      2: token,
      14: expiry,
      22: "812",
      48: encodeAdditionalData({ requestor, drc, cavv, atc: String(atc) }),
      ...change,
    });
  const answered = async (...messages: readonly Message[]): Promise<Message[]> => {
    const socket = connect(network.processor.iso.port, network.processor.iso.host);
    const reader = new FrameReader();
    const answers: Message[] = [];
    socket.write(Buffer.concat(messages.map((message) => frame(encode(message)))));
    for await (const chunk of socket) {
      answers.push(...reader.push(chunk as Buffer).map(decode));
      if (answers.length === messages.length) break;
    }
    return answers;
  };
  const said = async (message: Message) => {
    const { fields } = (await answered(message))[0]!;
    return fields[39] === "00" ? "APPROVED" : fields[44];
  };

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
    const { issuer } = network.issuer;
    const { account, token } = await issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef));
    const second = toIssuer.at(-1)!;
    expect(second.fields).to.include({ 2: account, 33: "999999", 42: MERCHANT.padEnd(15) });
    expect(second.fields).not.to.have.any.keys("35", "45");
    expect(second.fields[48]).to.match(/CV028.{28}AN016[0-9A-F]{16}AC0012TR032/);
    expect(account).not.to.equal(token);
    expect(tracks.track2.slice(0, 16)).to.equal(token);
    expect(JSON.stringify([tracks, answer])).not.to.contain(account);
    expect((await issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef))).account, "once made").to.equal(account);
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
    ["another currency", { 49: "840" }, "DOMAIN_MISMATCH"],
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
    now += 86_400;
    expect(await said(swiped(await swipeOf())), "a day later").to.equal("APPROVED");
  });

  it("does not pay without a swipe at another merchant, for another requestor, or with a wrong DRC", async () => {
    const remote = await remoteOf();
    expect(await said(paid(remote, { 42: "OTHER SHOP".padEnd(15) }))).to.equal("MERCHANT_WRONG");
    expect(await said(paid(remote, {}, "Other wallet"))).to.equal("REQUESTOR_WRONG");
    expect(await said(paid({ ...remote, drc: "0123456789ABCDEF" }))).to.equal("DRC_WRONG");
    expect(await said(paid({ ...remote, atc: remote.atc + 1 })), "another ATC").to.equal("DRC_WRONG");
    expect(await said(paid({ ...remote, token: "9999990000000008" })), "another token").to.equal("DRC_WRONG");
    expect(await said(paid(remote, { 14: "2901" })), "another expiry").to.equal("DRC_WRONG");
    expect(await said(paid(remote, { 48: "AC0011" }))).to.equal("DRC_MISSING");
    expect(await said(paid(remote, { 48: "DR0160123456789ABCDEF" }))).to.equal("FORMAT_ERROR");
    expect(await said(paid(remote, { 48: "nonsense" }))).to.equal("FORMAT_ERROR");
    expect(toIssuer).to.deep.equal([]);
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
    expect(toIssuer).to.deep.equal([]);
  });

  it("is the only way for its token: no grant without it (DOMAIN_REQUIRED), no number alone and no stripe (DRC_MISSING)", async () => {
    const { issuer } = network.issuer;
    const { fields } = request({});
    const { token } = await issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef));
    const asked = await post(`${network.issuer.url}/v1/grants`, {
      ...{ ...position(), maxEmissions: 1, kind: "online" },
      domain: { requestor: REQUESTOR, channel: 0, country: 276, maxAmount: 1250 },
    });
    expect(asked.body).to.include({ code: "DOMAIN_REQUIRED" });
    expect(await said({ mti: "0100", fields: { ...fields, 2: token, 14: "3012" } })).to.equal("DRC_MISSING");
    const track2 = `${token}=3012101${"1000112345678"}`;
    const { expiry } = await issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef));
    expect(await said(swiped({ track2: track2.replace("=3012", `=${expiry}`) }))).to.equal("DRC_MISSING");
    // A question to the card is a grant, too: it pays nothing.
    const { body } = await authenticate();
    const question = await cardSays(body.question);
    expect(await said(swiped(tracksOf(question)))).to.equal("DRC_MISSING");
  });

  it("needs its user: an authentication that nobody answered, or wrongly, has no grant: NOT_AUTHENTICATED", async () => {
    const { body } = await authenticate();
    expect((await grantFor(body.threeDSServerTransID)).body).to.include({ code: "NOT_AUTHENTICATED" });
    for (let i = 1; i < TRIES_MAX; i++) {
      const wrong = await challenged(body, base64(randomBytes(8)));
      expect(wrong.body).to.include({ challengeCompletionInd: "N" }).and.not.have.property("transStatus");
    }
    const last = await challenged(body, base64(randomBytes(8)));
    expect(last.body).to.include({ challengeCompletionInd: "Y", transStatus: "N" });
    const right = base64((await cardSays(body.question)).cryptogram);
    expect((await challenged(body, right)).body, "too late").to.include({ transStatus: "N" });
    expect((await grantFor(body.threeDSServerTransID)).body).to.include({ code: "NOT_AUTHENTICATED" });
  });

  it("takes the access control server's first word on it, and none on what nobody began", async () => {
    const threeDSServerTransID = await authenticated();
    const { domain } = network.processor;
    const result: RReq = {
      messageType: "RReq",
      messageVersion: "2.2.0",
      messageCategory: "01",
      threeDSServerTransID,
      acsTransID: "x",
      transStatus: "N",
      eci: "07",
    };
    expect(await domain!.result(result)).to.include({ resultsStatus: "03" });
    expect((await grantFor(threeDSServerTransID)).status, "it stays what it was").to.equal(200);
    expect(await domain!.result({ ...result, threeDSServerTransID: "none" })).to.include({ resultsStatus: "03" });
  });

  it("is asked of no card for an account that is not behind its token, and paid by no account but that", async () => {
    const { issuer } = network.issuer;
    const other = await enrolledCard(issuer);
    const { tokenRef: foreign } = await issuer.mint(other.cardId, "Turing/Alan", "domain");
    const { account, expiry } = await issuer.resolve(other.cardId, other.accessKey, toHex(foreign));
    const { acs } = network.acs;
    const asked = await acs.authenticate({
      ...{ messageType: "AReq", messageVersion: "2.2.0", threeDSServerTransID: "one", messageCategory: "01" },
      ...{ deviceChannel: "01", threeDSRequestorName: REQUESTOR, acctNumber: account, cardExpiryDate: expiry },
      ...{ merchantName: MERCHANT, merchantCountryCode: "276", purchaseAmount: "1", purchaseCurrency: "978" },
      ...{ purchaseExponent: "2", messageExtension: [{ ...EXTENSION, data: position() }] },
    });
    expect(asked).to.include({ transStatus: "N", transStatusReason: "08" });
    await answered(swiped(await swipeOf()));
    const { mti, fields } = toIssuer.at(-1)!;
    const told = decodeAdditionalData(fields[48]!);
    const atnPart = Buffer.from(told.atnPart!, "hex");
    const cavv = Buffer.from(cavvOf(issuer.secrets.cavvKey, account, atnPart)).toString("base64");
    const stolen = { ...fields, 2: account, 11: "999999", 48: encodeAdditionalData({ ...told, cavv }) };
    expect((await network.issuer.ask({ mti, fields: stolen })).fields[44]).to.equal("CARD_NUMBER_UNKNOWN");
  });

  it("is answered in time, or not at all", async () => {
    const { body } = await authenticate();
    const right = base64((await cardSays(body.question)).cryptogram);
    now += CHALLENGE_LIFE_S;
    expect((await challenged(body, right)).body).to.include({ transStatus: "N" });
    expect((await grantFor(body.threeDSServerTransID)).body).to.include({ code: "NOT_AUTHENTICATED" });
  });

  it("has one grant, of its own card, within ten minutes: ATN_USED, AUTHENTICATION_UNKNOWN, ATN_EXPIRED", async () => {
    const transId = await authenticated();
    const other = await enrolledCard(network.issuer.issuer);
    const { tokenRef: otherToken } = await network.issuer.issuer.mint(other.cardId, "Turing/Alan", "domain");
    const foreign = await post(
      `${network.processor.url}/v1/domain-grants`,
      { ...position(), cardId: base64(other.cardId), tokenRef: base64(otherToken), threeDSServerTransID: transId },
      undefined,
      other.accessKey,
    );
    expect(foreign.body).to.include({ code: "AUTHENTICATION_UNKNOWN" });
    const { tokenRef: ownOther } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada", "domain");
    const another = await grantFor(transId, { tokenRef: base64(ownOther) });
    expect(another.body, "another token of the card").to.include({ code: "AUTHENTICATION_UNKNOWN" });
    const unknown = await grantFor("00000000-0000-4000-8000-000000000000");
    expect(unknown.body).to.include({ code: "AUTHENTICATION_UNKNOWN" });
    expect((await grantFor(transId)).status).to.equal(200);
    expect((await grantFor(transId)).body).to.include({ code: "ATN_USED" });
    const late = await authenticated();
    now += ATN_LIFE_S;
    expect((await grantFor(late)).body).to.include({ code: "ATN_EXPIRED" });
  });

  it("of 20 who ask for its one grant at once is given to one", async () => {
    const threeDSServerTransID = await authenticated();
    const asked = { ...position(), accessKey: base64(card.accessKey), threeDSServerTransID };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => network.processor.domain!.grant(asked, `request ${i}`)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason.code).to.equal("ATN_USED");
  });

  it("is asked and given once for one idempotency key, and refused for another request under it", async () => {
    const key = base64(randomBytes(12));
    const asked = purchase();
    const first = await post(`${network.processor.url}/v1/authentications`, asked, key);
    expect(await post(`${network.processor.url}/v1/authentications`, asked, key)).to.deep.equal(first);
    const other = await post(`${network.processor.url}/v1/authentications`, { ...asked, amount: 1 }, key);
    expect(other.body).to.include({ code: "IDEMPOTENCY_MISMATCH" });
    const twiceKey = base64(randomBytes(12));
    const twice = purchase();
    const [one, two] = await Promise.all(
      [0, 1].map(() => post(`${network.processor.url}/v1/authentications`, twice, twiceKey)),
    );
    expect(one!.status, "at once").to.equal(200);
    expect(two).to.deep.equal(one);
    const grantKey = base64(randomBytes(12));
    const wanted = { ...position(), threeDSServerTransID: await authenticated() };
    const given = await post(`${network.processor.url}/v1/domain-grants`, wanted, grantKey);
    expect(given.status).to.equal(200);
    expect(await post(`${network.processor.url}/v1/domain-grants`, wanted, grantKey)).to.deep.equal(given);
  });

  it("is not asked for a card that may not pay, nor for anybody else's", async () => {
    const { issuer } = network.issuer;
    expect(
      (await post(`${network.processor.url}/v1/authentications`, purchase(), undefined, randomBytes(32))).body,
    ).to.include({
      code: "UNAUTHORISED",
    });
    expect((await authenticate({ country: 999 })).body).to.include({ code: "AUTHENTICATION_REFUSED" });
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "issuer");
    expect((await authenticate()).body).to.include({ code: "ACCOUNT_REFUSED" });
  });

  it("does not pay when its token may not any more, and the answer is the issuer's: TOKEN_SUSPENDED", async () => {
    const tracks = await swipeOf();
    await network.issuer.issuer.setState(toHex(tokenRef), TokenState.Suspended, "issuer");
    expect(await said(swiped(tracks))).to.equal("TOKEN_SUSPENDED");
  });

  it("is not paid behind its end: GRANT_EXPIRED, nor behind its reversal: REVERSED", async () => {
    const [tracks, other] = [await swipeOf(), await swipeOf()];
    const message = swiped(tracks);
    expect(await said(message)).to.equal("APPROVED");
    expect(await said(reversalOf(message))).to.equal("APPROVED");
    expect(await said({ ...message, mti: "0101" })).to.equal("REVERSED");
    now += 120;
    expect(await said(swiped(other))).to.equal("GRANT_EXPIRED");
  });

  it("is paid by one of 100 that present it at once", async () => {
    const tracks = await swipeOf();
    const answers = await answered(...Array.from({ length: 100 }, () => swiped(tracks)));
    expect(answers.filter(({ fields }) => fields[39] === "00")).to.have.length(1);
  });

  it("tells nobody who asks it wrongly anything", async () => {
    const acs = network.acs.url;
    const { body } = await authenticate();
    for (const change of [
      { acsTransID: "00000000-0000-4000-8000-000000000000" },
      { threeDSServerTransID: "00000000-0000-4000-8000-000000000000" },
    ]) {
      const answer = await post(`${acs}/v1/creq`, {
        ...{ messageType: "CReq", messageVersion: "2.2.0", challengeDataEntry: base64(randomBytes(8)) },
        ...{ threeDSServerTransID: body.threeDSServerTransID, acsTransID: body.acsTransID, ...change },
      });
      expect(answer.body).to.include({ code: "TRANSACTION_UNKNOWN" });
    }
    expect((await post(`${acs}/v1/creq`, { messageType: "CReq" })).body).to.include({ code: "BAD_REQUEST" });
    expect((await post(`${acs}/v1/areq`, { messageType: "AReq", more: 1 })).body).to.include({ code: "BAD_REQUEST" });
  });
});

/** Made by OpenSSL: `openssl mac -cipher AES-128-CBC -macopt hexkey:000102030405060708090a0b0c0d0e0f -in FILE CMAC`. */
const VALUES = { drc: "9cf9e8d54eb4b8f4", cavv: "010000002e95297f1e49e8911ec51c423a17abe8" };
