// Error messages of 3-D Secure between the services: what the domain server says to a result that it cannot take, and what both sides make of another
// server's, which stands in here.

import { randomUUID } from "node:crypto";
import { type Erro, EXTENSION, erroIn, ThreeDsError } from "@enabling-card/acs";
import { httpDoor, ServiceCaller, serviceKeys, signedRoutes } from "@enabling-card/doors";
import { type IssuerService, keysFromSeeds, randomSeeds, startIssuer } from "@enabling-card/issuer";
import type { ProcessorService } from "@enabling-card/processor";
import { expect } from "chai";
import { enrolledCard } from "../../issuer/test/issuer-support.js";
import { startAcsApart, startProcessorApart } from "../src/index.js";
import { base64 } from "./domain-support.js";
import { freePort } from "./start.js";

const secret = (fill: number) => new Uint8Array(32).fill(fill);
const [PROCESSOR_ISSUER, PROCESSOR_ACS, ACS_ISSUER] = [secret(1), secret(2), secret(3)];
const ID = base64(new Uint8Array(16));
const SEALED = { sealed: "AA", issuerCert: "AA", receipt: "AA", consistency: null };

/** What another server answers, by the body that it was asked. */
type Says = (body: Record<string, string>) => { readonly status?: number; readonly body: object };

/** Another's server: it proves who it is, and says what it is told. */
async function standIn(
  port: number,
  ...routes: readonly [from: string, to: string, key: Uint8Array, path: string, says: Says][]
) {
  const none = { code: "BAD_REQUEST", message: "no", http: 400 };
  const refusals = { of: () => undefined, badRequest: () => none, unknownRoute: () => none, failure: () => none };
  const app = await httpDoor({ refusals, title: "another's server" });
  for (const [from, to, key, path, says] of routes) {
    await signedRoutes(app, { keys: serviceKeys(key, from as "acs", to as "acs") }, (door) => {
      door.post(path, async ({ body }, reply) => {
        const answer = says(body as Record<string, string>);
        return reply.code(answer.status ?? 200).send(answer.body);
      });
    });
  }
  await app.listen({ port, host: "127.0.0.1" });
  return app;
}

const erro = (errorCode: string, errorDetail = "acctNumber") => ({
  ...{ messageType: "Erro", messageVersion: "2.2.0", errorCode, errorComponent: "A", errorDescription: "theirs" },
  errorDetail,
});

const aRes = ({ threeDSServerTransID }: Record<string, string>, change: object = {}) => ({
  ...{ messageType: "ARes", messageVersion: "2.2.0", threeDSServerTransID, acsTransID: randomUUID() },
  ...{ transStatus: "C", acsURL: "https://acs.example/creq", messageExtension: [{ ...EXTENSION, data: SEALED }] },
  ...change,
});

describe("error messages of 3-D Secure", () => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  describe("at the domain server", () => {
    let issuer: IssuerService;
    let processor: ProcessorService;
    let says: Says;

    beforeEach(async () => {
      const [acsPort, keys] = [await freePort(), keysFromSeeds(randomSeeds())];
      issuer = await startIssuer({ keys, processor: { port: 0, secret: PROCESSOR_ISSUER } });
      open.push(() => issuer.close());
      processor = await startProcessorApart({
        master: secret(4),
        issuer: { url: issuer.url, line: issuer.line!, secret: PROCESSOR_ISSUER },
        acs: { url: `http://127.0.0.1:${acsPort}`, secret: PROCESSOR_ACS },
      });
      open.push(() => processor.close());
      const acs = await standIn(acsPort, ["processor", "acs", PROCESSOR_ACS, "/v1/areq", (body) => says(body)]);
      open.push(() => acs.close());
    });

    const authenticate = async () => {
      const card = await enrolledCard(issuer.issuer);
      const { tokenRef } = await issuer.issuer.mint(card.cardId, "Lovelace/Ada", "domain");
      const response = await fetch(`${processor.url}/v1/authentications`, {
        method: "POST",
        headers: {
          ...{ "content-type": "application/json", authorization: `Bearer ${base64(card.accessKey)}` },
          "idempotency-key": randomUUID(),
        },
        body: JSON.stringify({
          ...{ cardId: base64(card.cardId), tokenRef: base64(tokenRef), challenge: ID, checkpointSize: 0 },
          ...{ requestor: "Test wallet", merchant: "CORNER BAKERY", channel: 1, country: 276, currency: "978" },
          amount: 1250,
        }),
      });
      return (await response.json()) as Record<string, string>;
    };

    it("takes another server's ARes, as the standard has it", async () => {
      says = (body) => ({ body: aRes(body) });
      expect(await authenticate()).to.include({ acsURL: "https://acs.example/creq" });
    });

    for (const [what, said, code, why] of [
      ["an Erro with HTTP's 200", () => ({ body: erro("203") }), "ACS_ERROR", "203 Format"],
      ["an Erro with HTTP's 400", () => ({ status: 400, body: erro("305") }), "ACS_ERROR", "305 Transaction data"],
      ["an Erro of a code that nobody knows", () => ({ body: erro("999") }), "ACS_ERROR", "999: acctNumber"],
      ["an Erro that quotes a number", () => ({ body: erro("203", "9999990000000008\n") }), "ACS_ERROR", ": ??)"],
      ["a transient Erro", () => ({ body: erro("403") }), "ACS_UNAVAILABLE", "403 Transient"],
      ["another message", (body) => ({ body: aRes(body, { messageType: "PRes" }) }), "ACS_ERROR", "101 "],
      ["another version", (body) => ({ body: aRes(body, { messageVersion: "2.1.0" }) }), "ACS_ERROR", "102 "],
      ["no transStatus", (body) => ({ body: aRes(body, { transStatus: undefined }) }), "ACS_ERROR", "transStatus"],
      ["a transStatus of two letters", (body) => ({ body: aRes(body, { transStatus: "CC" }) }), "ACS_ERROR", "203 "],
      [
        "a name of the transaction that is too short",
        (body) => ({ body: aRes(body, { acsTransID: "1" }) }),
        "ACS_ERROR",
        "acsTransID",
      ],
      [
        "an address that is too long",
        (body) => ({ body: aRes(body, { acsURL: `https://${"a".repeat(2049)}` }) }),
        "ACS_ERROR",
        "acsURL",
      ],
      [
        "words to the cardholder that are too long",
        (body) => ({ body: aRes(body, { transStatus: "N", cardholderInfo: "a".repeat(129) }) }),
        "ACS_ERROR",
        "cardholderInfo",
      ],
      ["another transaction's", () => ({ body: aRes({ threeDSServerTransID: randomUUID() }) }), "ACS_ERROR", "301 "],
    ] as const satisfies readonly (readonly [string, Says, string, string])[]) {
      it(`understands ${what}: ${code}`, async () => {
        says = said;
        const answer = await authenticate();
        expect(answer).to.include({ code });
        expect(answer.message).to.contain(why);
      });
    }

    const results = (body: object) => {
      let said: Erro | undefined;
      const keys = serviceKeys(PROCESSOR_ACS, "acs", "processor");
      const refusal = (answer: Readonly<Record<string, unknown>>) => {
        said = answer as unknown as Erro;
        return erroIn(answer);
      };
      const asked = new ServiceCaller({ url: processor.url, keys, refusal }).ask("/v1/rreq", body);
      return asked.then(
        (answer) => answer as Record<string, unknown>,
        (error) => {
          expect(error).to.be.instanceOf(ThreeDsError);
          return said as unknown as Record<string, unknown>;
        },
      );
    };
    const ids = { threeDSServerTransID: randomUUID(), acsTransID: randomUUID() };
    const rReq = {
      messageType: "RReq",
      messageVersion: "2.2.0",
      messageCategory: "01",
      ...ids,
      transStatus: "N",
      eci: "07",
    };

    for (const [what, change, errorCode, errorDetail] of [
      ["of what nobody began", {}, "301", "threeDSServerTransID, acsTransID"],
      ["of another version", { messageVersion: "2.1.0" }, "102", "2.2.0"],
      ["that is another message", { messageType: "AReq" }, "101", "messageType"],
      ["without a transStatus", { transStatus: undefined }, "201", "transStatus"],
      ["with a transStatus that is no result", { transStatus: "C" }, "203", "transStatus"],
      ["with an eci of one digit", { eci: "7" }, "203", "eci"],
      ["with a reason of three digits", { transStatusReason: "001" }, "203", "transStatusReason"],
      ["with a reason that is reserved", { transStatusReason: "27" }, "203", "transStatusReason"],
      ["with a CAVV of 21 octets", { authenticationValue: "A".repeat(28) }, "203", "authenticationValue"],
      ["that says yes without a CAVV", { transStatus: "Y" }, "201", "authenticationValue"],
      [
        "with another's critical extension",
        { messageExtension: [{ ...EXTENSION, id: "x", data: { atn: ID } }] },
        "202",
        "messageExtension",
      ],
    ] as const) {
      it(`says Erro ${errorCode} to a result ${what}`, async () => {
        const body = Object.fromEntries(
          Object.entries({ ...rReq, ...change }).filter(([, value]) => value !== undefined),
        );
        expect(await results(body)).to.include({
          ...{ messageType: "Erro", messageVersion: "2.2.0", ...ids, errorCode, errorDetail },
          ...{ errorComponent: "S", errorMessageType: "RReq" },
        });
      });
    }

    it("understands each status of an ARes, and has nobody asked but by C: AUTHENTICATION_REFUSED", async () => {
      for (const transStatus of ["Y", "N", "U", "A", "D", "R", "I"]) {
        says = (body) => ({ body: aRes(body, { transStatus }) });
        expect(await authenticate(), transStatus).to.include({ code: "AUTHENTICATION_REFUSED" });
      }
    });

    it("takes a result that is neither yes nor no for a no", async () => {
      for (const transStatus of ["U", "A", "R"]) {
        says = (body) => ({ body: aRes(body) });
        const { threeDSServerTransID, acsTransID } = await authenticate();
        const result = { ...rReq, threeDSServerTransID, acsTransID, transStatus, transStatusReason: "22" };
        for (let i = 0; i < 2; i++) expect(await results(result), transStatus).to.include({ messageType: "RRes" });
        const row = await processor.processor.store.authentication(threeDSServerTransID!);
        expect(row).to.include({ status: "N", result: null });
      }
    });

    it("says Erro 301 to a result of another transaction of that server, or of two that are mixed up, and takes neither", async () => {
      says = (body) => ({ body: aRes(body) });
      const [one, other] = [await authenticate(), await authenticate()];
      const yes = {
        ...{ ...rReq, transStatus: "Y", eci: "05", authenticationValue: `${"A".repeat(27)}=` },
        messageExtension: [{ ...EXTENSION, data: { atn: ID } }],
      };
      const named = ({ threeDSServerTransID }: typeof one, acsTransID: unknown) => ({
        threeDSServerTransID,
        acsTransID,
      });
      for (const names of [named(one, other.acsTransID), named(other, one.acsTransID), named(one, randomUUID())]) {
        expect(await results({ ...yes, ...names })).to.include({
          ...{ messageType: "Erro", errorCode: "301", errorDetail: "threeDSServerTransID, acsTransID" },
        });
        const row = await processor.processor.store.authentication(names.threeDSServerTransID!);
        expect(row).to.include({ status: "C", result: null });
      }
      expect(await results({ ...yes, ...named(one, one.acsTransID) })).to.include({ messageType: "RRes" });
    });

    it("says Erro 305 to a second result that is another, and takes the same one again", async () => {
      says = (body) => ({ body: aRes(body) });
      const { threeDSServerTransID, acsTransID } = await authenticate();
      const result = { ...rReq, threeDSServerTransID, acsTransID };
      for (let i = 0; i < 2; i++)
        expect(await results(result)).to.include({ messageType: "RRes", resultsStatus: "01" });
      const yes = {
        ...{ ...result, transStatus: "Y", eci: "05", authenticationValue: `${"A".repeat(27)}=` },
        messageExtension: [{ ...EXTENSION, data: { atn: ID } }],
      };
      expect(await results(yes)).to.include({ messageType: "Erro", errorCode: "305", threeDSServerTransID });
    });
  });

  describe("at the access control server", () => {
    const rRes = ({ threeDSServerTransID, acsTransID }: Record<string, string>, change: object = {}) => ({
      ...{
        messageType: "RRes",
        messageVersion: "2.2.0",
        threeDSServerTransID,
        acsTransID,
        resultsStatus: "01",
        ...change,
      },
    });

    for (const [what, says, outcome] of [
      ["an RRes", (body) => ({ body: rRes(body) }), { transStatus: "Y" }],
      [
        "an Erro",
        () => ({ body: erro("305") }),
        { code: "DOMAIN_SERVER_ERROR", messageType: "Erro", errorCode: "305" },
      ],
      ["a transient Erro", () => ({ body: erro("403") }), { code: "DOMAIN_SERVER_UNAVAILABLE", errorCode: "403" }],
      [
        "an RRes without a status",
        (body) => ({ body: rRes(body, { resultsStatus: undefined }) }),
        { code: "DOMAIN_SERVER_ERROR" },
      ],
      [
        "an RRes of three digits",
        (body) => ({ body: rRes(body, { resultsStatus: "001" }) }),
        { code: "DOMAIN_SERVER_ERROR" },
      ],
      [
        "another transaction's",
        (body) => ({ body: rRes(body, { acsTransID: randomUUID() }) }),
        { code: "DOMAIN_SERVER_ERROR" },
      ],
    ] as const satisfies readonly (readonly [string, Says, object])[]) {
      it(`understands ${what} of another domain server`, async () => {
        const port = await freePort();
        let answer = "";
        const asked: Says = (body) => {
          answer = body.answer!;
          return { body: SEALED };
        };
        const others = await standIn(
          port,
          ["acs", "processor", PROCESSOR_ACS, "/v1/rreq", says],
          ["acs", "issuer", ACS_ISSUER, "/v1/services/questions", asked],
        );
        open.push(() => others.close());
        const url = `http://127.0.0.1:${port}`;
        const acs = await startAcsApart({
          ...{ master: secret(5), cavvKey: new Uint8Array(16) },
          issuer: { url, secret: ACS_ISSUER },
          processor: { url, secret: PROCESSOR_ACS },
        });
        open.push(() => acs.close());
        const begun = await acs.acs.authenticate({
          ...{
            messageType: "AReq",
            messageVersion: "2.2.0",
            threeDSServerTransID: randomUUID(),
            messageCategory: "01",
          },
          ...{
            deviceChannel: "01",
            threeDSRequestorName: "Test",
            acctNumber: "9999990000000008",
            cardExpiryDate: "3012",
          },
          ...{ merchantName: "BAKERY", merchantCountryCode: "276", purchaseAmount: "1", purchaseCurrency: "978" },
          purchaseExponent: "2",
          messageExtension: [{ ...EXTENSION, data: { cardId: ID, tokenRef: ID, challenge: ID, checkpointSize: 0 } }],
        });
        const { threeDSServerTransID, acsTransID } = begun;
        const response = await fetch(`${acs.url}/v1/creq`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            ...{ messageType: "CReq", messageVersion: "2.2.0", threeDSServerTransID, acsTransID },
            challengeDataEntry: answer,
          }),
        });
        expect(await response.json()).to.include(outcome);
      });
    }
  });
});
