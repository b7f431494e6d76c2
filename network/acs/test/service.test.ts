// The access control server's own door: who may ask for an authentication, and what it must look like. What it comes to is in network/embedded/test.

import { randomUUID } from "node:crypto";
import { ServiceCaller, serviceKeys } from "@enabling-card/doors";
import { expect } from "chai";
import { type AcsService, type AReq, type CardQuestion, EXTENSION, MESSAGE_VERSION, startAcs } from "../src/index.js";

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

  for (const [what, change] of [
    ["another version", { messageVersion: "1.0.2" }],
    ["an account of letters", { acctNumber: "99999900000000AB" }],
    ["an account that is too long", { acctNumber: "9".repeat(20) }],
    ["a negative amount", { purchaseAmount: "-1" }],
    ["an amount with leading zeros", { purchaseAmount: "01250" }],
    ["a name that is too long", { merchantName: "m".repeat(41) }],
    ["no extension", { messageExtension: [] }],
    ["another's extension", { messageExtension: [{ ...EXTENSION, id: "other", data: {} }] }],
    ["a transaction's name that is none", { threeDSServerTransID: "1" }],
    ["a field that nobody knows", { cardSecurityCode: "123" }],
  ] as const) {
    it(`refuses ${what}: BAD_REQUEST, and asks no card`, async () => {
      await open(SECRET);
      expect(await post(request(change))).to.include({ code: "BAD_REQUEST" });
      expect(asked).to.deep.equal([]);
    });
  }

  it("asks once for each transaction: TRANSACTION_KNOWN", async () => {
    await open(SECRET);
    const first = request();
    await post(first);
    expect(await post(first)).to.include({ code: "TRANSACTION_KNOWN" });
    expect(asked).to.have.length(1);
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
