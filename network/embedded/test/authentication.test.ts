// System 4: the authentication that a domain's grant is given for, and each reason to give none. What the grant pays is in domain.test.ts.

import { randomBytes } from "node:crypto";
import { CHALLENGE_LIFE_S, cavvOf, EXTENSION, type RReq, TRIES_MAX } from "@enabling-card/acs";
import { decodeAdditionalData, encodeAdditionalData } from "@enabling-card/iso8583";
import { ATN_LIFE_S } from "@enabling-card/processor";
import { TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { enrolledCard } from "../../issuer/test/issuer-support.js";

import { base64, domainNetwork, MERCHANT, REQUESTOR } from "./domain-support.js";

describe("an authentication for a domain's grant", () => {
  const {
    state,
    post,
    position,
    purchase,
    authenticate,
    grantFor,
    challenged,
    authenticated,
    cardSays,
    swipeOf,
    swiped,
    answered,
  } = domainNetwork();

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
    const { domain, processor } = state.network.processor;
    const { acs_trans_id } = (await processor.store.authentication(threeDSServerTransID))!;
    const result: RReq = {
      messageType: "RReq",
      messageVersion: "2.2.0",
      messageCategory: "01",
      threeDSServerTransID,
      acsTransID: acs_trans_id!,
      transStatus: "N",
      eci: "07",
    };
    const refused = (told: RReq) => domain!.result(told).catch(({ code }) => code);
    expect(await refused(result)).to.equal("RESULT_KNOWN");
    const { atn, cavv, eci } = processor.open<{ atn: string; cavv: string; eci: string }>(
      (await processor.store.authentication(threeDSServerTransID))!.result!,
    );
    const yes = (change: { cavv?: string; atn?: string }): RReq => ({
      ...{ ...result, transStatus: "Y", eci, authenticationValue: change.cavv ?? cavv },
      messageExtension: [{ ...EXTENSION, data: { atn: change.atn ?? atn } }],
    });
    expect(await refused(yes({})), "the same again").to.include({ resultsStatus: "01" });
    expect(await refused(yes({ cavv: Buffer.alloc(20).toString("base64") }))).to.equal("RESULT_KNOWN");
    expect(await refused(yes({ atn: randomBytes(16).toString("base64url") }))).to.equal("RESULT_KNOWN");
    expect((await grantFor(threeDSServerTransID)).status, "it stays what it was").to.equal(200);
    expect(await refused({ ...result, threeDSServerTransID: "none" })).to.equal("AUTHENTICATION_UNKNOWN");
    expect(await refused({ ...result, acsTransID: "another" })).to.equal("AUTHENTICATION_UNKNOWN");
  });

  for (const transStatus of ["N", "U", "A", "R"] as const)
    it(`is a no where its result is ${transStatus}, though it has all that a yes has: NOT_AUTHENTICATED`, async () => {
      const { body } = await authenticate();
      const named = {
        threeDSServerTransID: body.threeDSServerTransID as string,
        acsTransID: body.acsTransID as string,
      };
      await state.network.processor.domain!.result({
        ...{ messageType: "RReq", messageVersion: "2.2.0", messageCategory: "01", ...named, transStatus, eci: "05" },
        authenticationValue: Buffer.alloc(20).toString("base64"),
        messageExtension: [{ ...EXTENSION, data: { atn: base64(randomBytes(16)) } }],
      });
      expect((await grantFor(named.threeDSServerTransID)).body).to.include({ code: "NOT_AUTHENTICATED" });
      const right = base64((await cardSays(body.question)).cryptogram);
      await challenged(body, right);
      expect((await grantFor(named.threeDSServerTransID)).body, "nor by what comes then").to.include({
        code: "NOT_AUTHENTICATED",
      });
    });

  it("is asked of no card for an account that is not behind its token, and paid by no account but that", async () => {
    const { issuer } = state.network.issuer;
    const other = await enrolledCard(issuer);
    const { tokenRef: foreign } = await issuer.mint(other.cardId, "Turing/Alan", "domain");
    const { account, expiry } = await issuer.resolve(other.cardId, other.accessKey, toHex(foreign));
    const { acs } = state.network.acs;
    const asked = await acs.authenticate({
      ...{ messageType: "AReq", messageVersion: "2.2.0", threeDSServerTransID: "one", messageCategory: "01" },
      ...{ deviceChannel: "01", threeDSRequestorName: REQUESTOR, acctNumber: account, cardExpiryDate: expiry },
      ...{ merchantName: MERCHANT, merchantCountryCode: "276", purchaseAmount: "1", purchaseCurrency: "978" },
      ...{ purchaseExponent: "2", messageExtension: [{ ...EXTENSION, data: position() }] },
    });
    expect(asked).to.include({ transStatus: "N", transStatusReason: "08" });
    await answered(swiped(await swipeOf()));
    const { mti, fields } = state.toIssuer.at(-1)!;
    const told = decodeAdditionalData(fields[48]!);
    const atnPart = Buffer.from(told.atnPart!, "hex");
    const cavv = Buffer.from(cavvOf(issuer.secrets.cavvKey, account, atnPart)).toString("base64");
    const stolen = { ...fields, 2: account, 11: "999999", 48: encodeAdditionalData({ ...told, cavv }) };
    expect((await state.network.issuer.ask({ mti, fields: stolen })).fields[44]).to.equal("CARD_NUMBER_UNKNOWN");
  });

  it("is answered in time, or not at all", async () => {
    const { body } = await authenticate();
    const right = base64((await cardSays(body.question)).cryptogram);
    state.pass(CHALLENGE_LIFE_S);
    expect((await challenged(body, right)).body).to.include({ transStatus: "N" });
    expect((await grantFor(body.threeDSServerTransID)).body).to.include({ code: "NOT_AUTHENTICATED" });
  });

  it("has one grant, of its own card, within ten minutes: ATN_USED, AUTHENTICATION_UNKNOWN, ATN_EXPIRED", async () => {
    const transId = await authenticated();
    const other = await enrolledCard(state.network.issuer.issuer);
    const { tokenRef: otherToken } = await state.network.issuer.issuer.mint(other.cardId, "Turing/Alan", "domain");
    const foreign = await post(
      `${state.network.processor.url}/v1/domain-grants`,
      { ...position(), cardId: base64(other.cardId), tokenRef: base64(otherToken), threeDSServerTransID: transId },
      undefined,
      other.accessKey,
    );
    expect(foreign.body).to.include({ code: "AUTHENTICATION_UNKNOWN" });
    const { tokenRef: ownOther } = await state.network.issuer.issuer.mint(state.card.cardId, "Lovelace/Ada", "domain");
    const another = await grantFor(transId, { tokenRef: base64(ownOther) });
    expect(another.body, "another token of the card").to.include({ code: "AUTHENTICATION_UNKNOWN" });
    const unknown = await grantFor("00000000-0000-4000-8000-000000000000");
    expect(unknown.body).to.include({ code: "AUTHENTICATION_UNKNOWN" });
    expect((await grantFor(transId)).status).to.equal(200);
    expect((await grantFor(transId)).body).to.include({ code: "ATN_USED" });
    const late = await authenticated();
    state.pass(ATN_LIFE_S);
    expect((await grantFor(late)).body).to.include({ code: "ATN_EXPIRED" });
  });

  it("of 50 who ask for its one grant at once is given to one, and costs one ATC", async () => {
    const threeDSServerTransID = await authenticated();
    const atc = async () => (await state.issuer.store.token(toHex(state.tokenRef)))!.atc;
    const before = await atc();
    // All of them have seen that it is not used before the first one uses it.
    const { store } = state.network.processor.processor;
    const authentication = store.authentication.bind(store);
    let looked = 0;
    let go: () => void;
    const all = new Promise<void>((resolve) => {
      go = resolve;
    });
    store.authentication = async (transId) => {
      const row = await authentication(transId);
      if (++looked === 50) go();
      await all;
      return row;
    };
    const asked = { ...position(), accessKey: base64(state.card.accessKey), threeDSServerTransID };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => state.network.processor.domain!.grant(asked, `request ${i}`)),
    );
    expect((await atc()) - before).to.equal(1);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason.code).to.equal("ATN_USED");
  });

  it("has its grant still where the issuer made none", async () => {
    const transId = await authenticated();
    const refused = await grantFor(transId, { checkpointSize: 0xffff_ffff });
    expect(refused.status, JSON.stringify(refused.body)).to.be.greaterThan(399);
    expect((await grantFor(transId)).status).to.equal(200);
    expect((await grantFor(transId)).body).to.include({ code: "ATN_USED" });
  });

  it("is asked and given once for one idempotency key, and refused for another request under it", async () => {
    const key = base64(randomBytes(12));
    const asked = purchase();
    const first = await post(`${state.network.processor.url}/v1/authentications`, asked, key);
    expect(await post(`${state.network.processor.url}/v1/authentications`, asked, key)).to.deep.equal(first);
    const other = await post(`${state.network.processor.url}/v1/authentications`, { ...asked, amount: 1 }, key);
    expect(other.body).to.include({ code: "IDEMPOTENCY_MISMATCH" });
    const twiceKey = base64(randomBytes(12));
    const twice = purchase();
    const [one, two] = await Promise.all(
      [0, 1].map(() => post(`${state.network.processor.url}/v1/authentications`, twice, twiceKey)),
    );
    expect(one!.status, "at once").to.equal(200);
    expect(two).to.deep.equal(one);
    const grantKey = base64(randomBytes(12));
    const wanted = { ...position(), threeDSServerTransID: await authenticated() };
    const given = await post(`${state.network.processor.url}/v1/domain-grants`, wanted, grantKey);
    expect(given.status).to.equal(200);
    expect(await post(`${state.network.processor.url}/v1/domain-grants`, wanted, grantKey)).to.deep.equal(given);
  });

  it("is not asked for a card that may not pay, nor for anybody else's", async () => {
    const { issuer } = state.network.issuer;
    expect(
      (await post(`${state.network.processor.url}/v1/authentications`, purchase(), undefined, randomBytes(32))).body,
    ).to.include({
      code: "UNAUTHORISED",
    });
    expect((await authenticate({ country: 999 })).body).to.include({ code: "AUTHENTICATION_REFUSED" });
    await issuer.setState(toHex(state.tokenRef), TokenState.Suspended, "issuer");
    expect((await authenticate()).body).to.include({ code: "ACCOUNT_REFUSED" });
  });

  it("tells nobody who asks it wrongly anything", async () => {
    const acs = state.network.acs.url;
    const { body } = await authenticate();
    for (const change of [
      { acsTransID: "00000000-0000-4000-8000-000000000000" },
      { threeDSServerTransID: "00000000-0000-4000-8000-000000000000" },
    ]) {
      const answer = await post(`${acs}/v1/creq`, {
        ...{ messageType: "CReq", messageVersion: "2.2.0", challengeDataEntry: base64(randomBytes(8)) },
        ...{ threeDSServerTransID: body.threeDSServerTransID, acsTransID: body.acsTransID, ...change },
      });
      expect(answer.body).to.include({ code: "TRANSACTION_UNKNOWN", messageType: "Erro", errorCode: "301" });
    }
    expect((await post(`${acs}/v1/creq`, { messageType: "CReq" })).body).to.include({ code: "BAD_REQUEST" });
    const { code } = (await post(`${acs}/v1/areq`, { messageType: "AReq" })).body;
    expect(code, "in one process there is no such route").to.be.oneOf(["ROUTE_UNKNOWN", "SIGNATURE_MISSING"]);
  });
});
