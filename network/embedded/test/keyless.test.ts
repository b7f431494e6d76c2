// Every route that moves state refuses a request without an idempotency key, and does nothing: the routes are those of the services' own API pages, so that
// a new one is asked here, too.

import { randomBytes } from "node:crypto";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { toBase32, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { enrolledCard, newCard, T0, type TestCard } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startApart } from "./start.js";

type Json = Record<string, unknown>;
type Page = {
  readonly paths: Record<string, Record<string, { readonly parameters?: readonly Json[] }>>;
};
const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");

/** Routes that are asked by other methods than GET and have no such header of their own, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  "POST /v1/receipts": "moves nothing",
  "POST /v1/tokens/{ref}/comparison": "moves nothing",
  "POST /v1/delegations/left": "moves nothing",
  "POST /v1/purchases": "a device's counter, under its MAC, is the key",
  "POST /v1/creq": "3-D Secure's transaction numbers are the key: the right answer again is told the same",
};

describe("a request without an idempotency key", () => {
  let network: Network;
  let card: TestCard;
  let tokenRef: Uint8Array;

  before(async () => {
    network = await startApart({ keys: keysFromSeeds(randomSeeds()), now: () => T0 });
    card = await enrolledCard(network.issuer.issuer);
    ({ tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada"));
  });
  after(() => network.close());

  async function ask(method: string, url: string, body?: Json, key?: string) {
    const headers = {
      authorization: `Bearer ${base64(card.accessKey)}`,
      ...(body && { "content-type": "application/json" }),
      ...(key !== undefined && { "idempotency-key": key }),
    };
    const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as Json };
  }

  it("is named by every service's API as one that it does not take, wherever it moves state", async () => {
    const found: string[] = [];
    for (const { url } of [network.issuer, network.processor, network.acs]) {
      const page = (await ask("GET", `${url}/v1/openapi.json`)).body as unknown as Page;
      for (const [path, methods] of Object.entries(page.paths)) {
        for (const [method, { parameters = [] }] of Object.entries(methods)) {
          const route = `${method.toUpperCase()} ${path}`;
          if (method === "get") continue;
          const header = parameters.find(({ name }) => name === "idempotency-key");
          if (header === undefined) found.push(route);
          else expect(header, route).to.deep.include({ in: "header", required: true });
        }
      }
    }
    expect(found.sort()).to.deep.equal(Object.keys(WITHOUT).sort());
  });

  it("is refused on each of them, and the same with one is not: BAD_REQUEST", async () => {
    const { issuer } = network.issuer;
    const processor = network.processor.url;
    const named = { cardId: base64(card.cardId), tokenRef: base64(tokenRef) };
    const challenge = { challenge: base64(randomBytes(16)), checkpointSize: 0 };
    const of = `${network.issuer.url}/v1/tokens/${base64(tokenRef)}`;
    const domain = { requestor: "Test wallet", channel: 0, country: 276, maxAmount: 1250 };
    const fresh = newCard(issuer);
    const devices = async () => (await network.processor.processor.store.sealedRows("devices", "", 99)).length;
    const before = await devices();
    const refused = async (method: string, url: string, body?: Json) => {
      const answer = await ask(method, url, body);
      expect([answer.status, answer.body.code], url).to.deep.equal([400, "BAD_REQUEST"]);
      expect(answer.body.message, url).to.contain("idempotency-key");
    };
    const order = { ...named, provider: "POWDERS", maxCost: 500, currency: "978" };
    const purchase = { requestor: "Test wallet", merchant: "BAKERY", channel: 1, country: 276, currency: "978" };
    const cases: readonly (readonly [method: string, url: string, body?: Json | undefined, status?: number])[] = [
      ["POST", `${network.issuer.url}/v1/cards`, { certificate: base64(fresh.certificate), phoneName: "phone" }],
      ["POST", `${network.issuer.url}/v1/tokens`, { cardId: named.cardId, holderName: "Lovelace/Ada" }],
      ["POST", `${network.issuer.url}/v1/grants`, { ...named, ...challenge, domain, maxEmissions: 1, kind: "online" }],
      ["POST", `${of}/grants/1/closure`, { cardId: named.cardId }],
      ["POST", `${of}/registration`, { cardId: named.cardId }],
      ["POST", `${of}/delegations`, { cardId: named.cardId, caveats: ["uses <= 1", `time < ${T0 + 60}`] }],
      ["POST", `${network.issuer.url}/v1/delegations/${"A".repeat(26)}/revocation`, { cardId: named.cardId }, 404],
      [
        "POST",
        `${network.issuer.url}/v1/delegated-grants`,
        { cardId: named.cardId, ...challenge, domain, maxEmissions: 1, delegation: "AAAA" },
        400,
      ],
      ["POST", `${of}/state`, { cardId: named.cardId, checkpointSize: 0, state: "suspended" }],
      ["POST", `${of}/state`, { cardId: named.cardId, checkpointSize: 0, state: "active" }],
      ["POST", `${processor}/v1/devices`, { ...named, key: base64(randomBytes(16)) }],
      // Behind the key each says what it makes of the rest.
      ["POST", `${processor}/v1/codes`, { ...order, device: base64(randomBytes(16)), lifeS: 60 }, 404],
      ["DELETE", `${processor}/v1/codes/abc?cardId=${named.cardId}&tokenRef=${named.tokenRef}`, undefined, 404],
      ["POST", `${processor}/v1/card-codes`, { ...order, ...challenge, country: 276 }],
      ["POST", `${processor}/v1/authentications`, { ...named, ...challenge, ...purchase, amount: 1 }],
      [
        "POST",
        `${processor}/v1/domain-grants`,
        { ...named, ...challenge, threeDSServerTransID: "8a880dc0-d2d2-4067-bcb1-b08d1690b26e" },
        404,
      ],
    ];
    for (const [method, url, body] of cases) await refused(method, url, body);
    expect(await issuer.store.card(toBase32(fresh.cardId))).to.equal(undefined);
    expect(await issuer.store.tokensOf(toBase32(card.cardId))).to.have.length(1);
    expect(await issuer.store.token(toHex(tokenRef))).to.include({ atc: 0, version: 0, registration: null });
    expect(await devices()).to.equal(before);
    expect(await issuer.store.delegations.ofToken(toHex(tokenRef))).to.deep.equal([]);
    for (const [i, [method, url, body, status = 200]] of cases.entries()) {
      expect((await ask(method, url, body, `key-of-${i}-own`)).status, url).to.equal(status);
    }
  });
});
