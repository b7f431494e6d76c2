// The access control server's own door: who may ask for an authentication, and what it must look like. What it comes to is in network/embedded/test.

import { randomUUID } from "node:crypto";
import { ServiceCaller, serviceKeys } from "@enabling-card/doors";
import { expect } from "chai";
import {
  AcsError,
  type AcsService,
  type AReq,
  type CardQuestion,
  ERRO_CODES,
  type Erro,
  EXTENSION,
  erroIn,
  MESSAGE_VERSION,
  startAcs,
  ThreeDsError,
} from "../src/index.js";

const SECRET = new Uint8Array(32).fill(7);
const KEYS = serviceKeys(SECRET, "processor", "acs");
const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
const ID = base64(new Uint8Array(16));
const SEALED = { sealed: "AA", issuerCert: "AA", receipt: "AA", consistency: null };

describe("the access control server's door", () => {
  let service: AcsService;
  let asked: CardQuestion[];

  const open = async (domainServer?: Uint8Array) => {
    asked = [];
    service = await startAcs({
      ...{ master: new Uint8Array(32), cavvKey: new Uint8Array(16), ...(domainServer && { domainServer }) },
      askCard: async (question) => {
        asked.push(question);
        return SEALED;
      },
      tellResult: () => Promise.reject(new Error("nobody is there")),
    });
  };
  afterEach(() => service.close());

  const request = (change: object = {}): AReq => ({
    ...{
      messageType: "AReq",
      messageVersion: MESSAGE_VERSION,
      threeDSServerTransID: randomUUID(),
      messageCategory: "01",
    },
    ...{
      deviceChannel: "01",
      threeDSRequestorName: "Test wallet",
      acctNumber: "9999990000000008",
      cardExpiryDate: "3012",
    },
    ...{ merchantName: "CORNER BAKERY", merchantCountryCode: "276", purchaseAmount: "1250", purchaseCurrency: "978" },
    purchaseExponent: "2",
    messageExtension: [{ ...EXTENSION, data: { cardId: ID, tokenRef: ID, challenge: ID, checkpointSize: 0 } }],
    ...change,
  });
  /** What the server says to what a service asks by `keys`, believed or claimed; or to a phone, which has none. */
  const post = async (body: object, keys: typeof KEYS | null = KEYS, path = "/v1/areq") => {
    if (keys !== null) {
      const asked = new ServiceCaller({ url: service.url, keys }).ask<Record<string, unknown>>(path, body);
      return asked.catch(({ code, message }: Error & { code: string }) => ({
        code: code === "ANSWER_UNPROVEN" ? / \(it says (\w+)\)/.exec(message)?.[1] : code,
      })) as Promise<Record<string, unknown>>;
    }
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${service.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()) as Record<string, unknown>;
  };

  it("lets in the domain server that signs by their secret, and nobody else", async () => {
    await open(SECRET);
    expect(await post(request())).to.include({
      messageType: "ARes",
      transStatus: "C",
      acsURL: `${service.url}/v1/creq`,
    });
    for (const wrong of [
      serviceKeys(new Uint8Array(32), "processor", "acs"),
      serviceKeys(SECRET, "issuer", "acs"),
      { ...KEYS, request: KEYS.answer },
    ])
      expect(await post(request(), wrong)).to.include({ code: "SIGNATURE_WRONG" });
    expect(await post(request(), null)).to.include({ code: "SIGNATURE_MISSING" });
    expect(asked).to.have.length(1);
  });

  it("lets in nobody where it was given no secret", async () => {
    await open();
    expect(await post(request())).to.include({ code: "ROUTE_UNKNOWN" });
    expect(await post(request(), null)).to.include({ code: "ROUTE_UNKNOWN" });
    expect(asked).to.deep.equal([]);
  });

  /** What is said to a service that asks: proven, and an Erro where it is a no. */
  const erroTo = async (body: object, path = "/v1/areq") => {
    let said: object | undefined;
    const refusal = (answer: object) => {
      said = answer;
      return erroIn(answer as Record<string, unknown>);
    };
    const asked = new ServiceCaller({ url: service.url, keys: KEYS, refusal }).ask(path, body);
    const error = await asked.catch((cause: Error) => cause);
    expect(error).to.be.instanceOf(ThreeDsError);
    return said as Erro;
  };
  const questions = () => asked;

  for (const [what, asked, errorCode, errorDetail] of [
    ["another version", { messageVersion: "1.0.2" }, "102", "2.2.0"],
    ["another version's message", { messageVersion: "2.3.1", acctNumber: undefined }, "102", "2.2.0"],
    ["another message", { messageType: "PReq" }, "101", "messageType"],
    ["no account", { acctNumber: undefined }, "201", "acctNumber"],
    ["no version", { messageVersion: undefined }, "201", "messageVersion"],
    [
      "no card in the extension",
      { messageExtension: [{ ...EXTENSION, data: {} }] },
      "201",
      "messageExtension.data.cardId",
    ],
    ["an account of letters", { acctNumber: "99999900000000AB" }, "203", "acctNumber"],
    ["an account that is too short", { acctNumber: "9".repeat(12) }, "203", "acctNumber"],
    ["an account that is too long", { acctNumber: "9".repeat(20) }, "203", "acctNumber"],
    ["an expiry of month 13", { cardExpiryDate: "3013" }, "203", "cardExpiryDate"],
    ["a negative amount", { purchaseAmount: "-1" }, "203", "purchaseAmount"],
    ["an amount with leading zeros", { purchaseAmount: "01250" }, "203", "purchaseAmount"],
    ["an amount that is a number", { purchaseAmount: 1250 }, "203", "purchaseAmount"],
    ["a currency of letters", { purchaseCurrency: "EUR" }, "203", "purchaseCurrency"],
    ["a country of two digits", { merchantCountryCode: "27" }, "203", "merchantCountryCode"],
    ["an exponent of two digits", { purchaseExponent: "02" }, "203", "purchaseExponent"],
    ["a kind of merchant of five digits", { mcc: "54620" }, "203", "mcc"],
    ["a browser", { deviceChannel: "02" }, "203", "deviceChannel"],
    ["no payment", { messageCategory: "02" }, "203", "messageCategory"],
    ["a name that is too long", { merchantName: "m".repeat(41) }, "203", "merchantName"],
    ["a requestor that is too long", { threeDSRequestorName: "r".repeat(33) }, "203", "threeDSRequestorName"],
    ["no extension", { messageExtension: [] }, "203", "messageExtension"],
    ["another's extension", { messageExtension: [{ ...EXTENSION, id: "other", data: {} }] }, "202", "messageExtension"],
    ["a transaction's name that is none", { threeDSServerTransID: "1" }, "203", "threeDSServerTransID"],
    ["a field that nobody knows", { cardSecurityCode: "123" }, "203", "an element that is not known"],
  ] as const) {
    it(`refuses ${what} by an Erro ${errorCode} (${errorDetail}), and asks no card`, async () => {
      await open(SECRET);
      const { threeDSServerTransID } = request();
      const body = Object.fromEntries(
        Object.entries({ ...request({ threeDSServerTransID }), ...asked }).filter(([, value]) => value !== undefined),
      );
      const isNamed = body.threeDSServerTransID === threeDSServerTransID;
      expect(await erroTo(body)).to.deep.equal({
        ...{ messageType: "Erro", messageVersion: "2.2.0", ...(isNamed && { threeDSServerTransID }) },
        ...{ errorCode, errorComponent: "A", errorDescription: ERRO_CODES[errorCode], errorDetail },
        errorMessageType: "AReq",
      });
      expect(questions()).to.deep.equal([]);
    });
  }

  it("asks once for each transaction: an Erro 305", async () => {
    await open(SECRET);
    const first = request();
    await post(first);
    const { threeDSServerTransID } = first;
    expect(await erroTo(first)).to.include({
      errorCode: "305",
      errorDetail: "threeDSServerTransID",
      threeDSServerTransID,
    });
    expect(asked).to.have.length(1);
  });

  it("says an issuer that is not there by a transient Erro, a fault of its own by a lasting one", async () => {
    for (const [cause, errorCode, errorDetail] of [
      [new AcsError("ISSUER_UNAVAILABLE"), "403", "ISSUER_UNAVAILABLE"],
      [new Error("of nobody's"), "404", "INTERNAL"],
    ] as const) {
      service = await startAcs({
        ...{ master: new Uint8Array(32), cavvKey: new Uint8Array(16), domainServer: SECRET },
        askCard: () => Promise.reject(cause),
        tellResult: () => Promise.reject(new Error("nobody is there")),
      });
      expect(await erroTo(request())).to.include({ errorCode, errorDetail });
      if (errorCode === "403") await service.close();
    }
  });

  it("tells a phone that asks out of order or wrongly both our code and an Erro", async () => {
    await open(SECRET);
    const ids = { threeDSServerTransID: randomUUID(), acsTransID: randomUUID() };
    const cReq = {
      ...{ messageType: "CReq", messageVersion: MESSAGE_VERSION, ...ids },
      challengeDataEntry: base64(new Uint8Array(8)),
    };
    const erro = { messageType: "Erro", messageVersion: "2.2.0", errorComponent: "A", errorMessageType: "CReq" };
    expect(await post(cReq, null, "/v1/creq"), "before any AReq").to.include({
      ...{ ...erro, ...ids, code: "TRANSACTION_UNKNOWN", errorCode: "301" },
      errorDetail: "threeDSServerTransID, acsTransID",
    });
    const long = { ...cReq, challengeDataEntry: "a".repeat(46) };
    const said = await post(long, null, "/v1/creq");
    expect(said).to.include({ ...erro, code: "BAD_REQUEST", errorCode: "203", errorDetail: "challengeDataEntry" });
    expect(said.message).to.be.a("string");
    const { acsTransID: _, ...unnamed } = cReq;
    expect(await post(unnamed, null, "/v1/creq")).to.include({ errorCode: "201", errorDetail: "acsTransID" });
    const headers = { "content-type": "application/json" };
    const cut = await fetch(`${service.url}/v1/creq`, { method: "POST", headers, body: '{"messageType":"CR' });
    expect(await cut.json()).to.include({ ...erro, code: "BAD_REQUEST", errorCode: "101" });
  });

  it("says that the domain server did not take a result, and tells it again when asked again: DOMAIN_SERVER_UNAVAILABLE", async () => {
    let answer: Uint8Array | undefined;
    let isThere = false;
    const told: string[] = [];
    service = await startAcs({
      ...{ master: new Uint8Array(32), cavvKey: new Uint8Array(16), domainServer: SECRET },
      askCard: async (_question, secret) => {
        answer = secret;
        return SEALED;
      },
      tellResult: async (result) => {
        if (!isThere) throw new Error("nobody is there");
        told.push(`${result.transStatus} ${result.messageExtension?.[0]?.data.atn}`);
        const { messageVersion, threeDSServerTransID, acsTransID } = result;
        return { messageType: "RRes", messageVersion, threeDSServerTransID, acsTransID, resultsStatus: "01" };
      },
    });
    const { threeDSServerTransID, acsTransID } = await post(request());
    const cReq = {
      ...{ messageType: "CReq", messageVersion: MESSAGE_VERSION, threeDSServerTransID, acsTransID },
      challengeDataEntry: base64(answer!),
    };
    expect(await post(cReq, null, "/v1/creq")).to.include({ code: "DOMAIN_SERVER_UNAVAILABLE" });
    isThere = true;
    for (let i = 0; i < 2; i++) expect(await post(cReq, null, "/v1/creq")).to.include({ transStatus: "Y" });
    expect(told[0]).to.match(/^Y [\w-]{22}$/);
    expect(told[1], "the same tracking number").to.equal(told[0]);
    const wrong = { ...cReq, challengeDataEntry: base64(new Uint8Array(8)) };
    expect(await post(wrong, null, "/v1/creq"), "another answer").to.include({ challengeCompletionInd: "N" });
    expect(told).to.have.length(2);
  });
});
