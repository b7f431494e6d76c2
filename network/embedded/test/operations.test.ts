// What an operator sees of the services, apart: their API, their health, their metrics and their logs; and what nobody sees in any of these.

import { IsoCaller } from "@enabling-card/doors";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { enrolledCard, openGrant, purchase, T0, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { SECRETS, startApart } from "./start.js";

describe("the services' operator", () => {
  let network: Network;
  let log: string;

  beforeEach(async () => {
    log = "";
    const write = (line: string) => {
      log += line;
    };
    network = await startApart({ keys: keysFromSeeds(randomSeeds()), now: () => T0, log: { write } });
  });
  afterEach(() => network.close());

  /** A purchase, the same grant again, a refusal over HTTP, and something unknown; what was secret in them. */
  async function aMorning(): Promise<readonly string[]> {
    const { issuer } = network.issuer;
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const tracks = tracksOf(await takeGrant(issuer, card, tokenRef));
    const terminal = new IsoCaller(network.processor.iso);
    await terminal.ask(purchase(tracks));
    await terminal.ask(purchase(tracks));
    terminal.close();
    const accessKey = Buffer.from(card.accessKey).toString("base64url");
    const headers = {
      ...{ authorization: `Bearer ${accessKey}`, "content-type": "application/json" },
      "idempotency-key": "of-a-morning",
    };
    const named = {
      cardId: Buffer.from(card.cardId).toString("base64url"),
      tokenRef: Buffer.from(tokenRef).toString("base64url"),
    };
    const body = JSON.stringify({ ...named, key: "A".repeat(22) });
    await fetch(`${network.processor.url}/v1/devices`, { method: "POST", headers, body });
    await fetch(`${network.issuer.url}/v1/tokens`, { method: "POST", headers, body: "{}" });
    await fetch(`${network.issuer.url}/9999991234567893?pan=${tracks.track2.slice(0, 16)}`, { headers });
    return [
      tracks.track2.slice(0, 16),
      tracks.track2.slice(-8),
      tracks.track1.slice(-16),
      "LOVELACE",
      accessKey,
      "A".repeat(22),
    ];
  }
  /** A card's user that is asked, over HTTP, and what was secret in that: the account, the token, the answer. */
  async function anAuthentication(): Promise<readonly string[]> {
    const { issuer } = network.issuer;
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada", "domain");
    const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
    const { account, token } = await issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef));
    const post = async (url: string, body: object) => {
      const headers = {
        ...{ authorization: `Bearer ${base64(card.accessKey)}`, "content-type": "application/json" },
        "idempotency-key": url.slice(-16),
      };
      return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
    };
    const named = { cardId: base64(card.cardId), tokenRef: base64(tokenRef), challenge: base64(card.cardId) };
    const begun = await post(`${network.processor.url}/v1/authentications`, {
      ...{ ...named, checkpointSize: 0, requestor: "Test wallet", merchant: "CORNER BAKERY", channel: 1 },
      ...{ country: 276, currency: "978", amount: 1250 },
    });
    const { threeDSServerTransID, acsTransID, acsURL, question } = begun;
    const { cryptogram } = await openGrant(Uint8Array.from(Buffer.from(question.sealed, "base64url")), card);
    const challengeDataEntry = base64(cryptogram);
    const named3ds = { messageVersion: "2.2.0", threeDSServerTransID };
    await post(acsURL, { ...named3ds, messageType: "CReq", acsTransID, challengeDataEntry });
    await post(`${network.acs.url}/v1/areq`, { ...named3ds, messageType: "AReq", acctNumber: account });
    const { remote } = await post(`${network.processor.url}/v1/domain-grants`, {
      ...{ ...named, checkpointSize: 0, threeDSServerTransID },
    });
    return [account, token, base64(card.accessKey), challengeDataEntry, remote.drc, remote.cavv, question.sealed];
  }
  const text = async (url: string) => (await fetch(url)).text();
  const lines = () =>
    log
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it("gets each service's API as OpenAPI 3, with every route, what it takes and how it refuses", async () => {
    for (const [service, routes] of [
      [
        network.issuer,
        [
          ...["/v1/health", "/v1/cards", "/v1/tokens", "/v1/grants", "/v1/receipts", "/v1/tokens/{ref}/state"],
          ...["/v1/states", "/v1/services/accounts", "/v1/services/tokens", "/v1/services/counts"],
          ...["/v1/services/grants", "/v1/services/questions", "/v1/services/failure-locks"],
          ...["/v1/operator/tokens", "/v1/operator/states", "/v1/requestor/tokens", "/v1/requestor/states"],
          "/v1/tokens/{ref}/registration",
          "/v1/tokens/{ref}/comparison",
          "/v1/tokens/{ref}/grants/{atc}/closure",
          ...["/v1/tokens/{ref}/delegations", "/v1/delegations/{id}/revocation", "/v1/delegations/left"],
          "/v1/delegated-grants",
        ],
      ],
      [
        network.processor,
        [
          ...["/v1/health", "/v1/devices", "/v1/devices/{device}", "/v1/codes", "/v1/codes/{ref}", "/v1/purchases"],
          ...["/v1/card-codes", "/v1/authentications", "/v1/domain-grants", "/v1/rreq"],
        ],
      ],
      [network.acs, ["/v1/health", "/v1/areq", "/v1/creq"]],
    ] as const) {
      const api = JSON.parse(await text(`${service.url}/v1/openapi.json`));
      expect(api.openapi).to.equal("3.1.0");
      expect(Object.keys(api.paths)).to.have.members([...routes, "/v1/openapi.json", "/docs", "/metrics"]);
      type Methods = Record<string, { responses: object; requestBody?: object }>;
      for (const [path, methods] of Object.entries(api.paths as Record<string, Methods>)) {
        for (const [method, { responses, requestBody }] of Object.entries(methods)) {
          expect(responses).to.include.keys("200");
          if (path.startsWith("/v1/") && path !== "/v1/openapi.json") expect(responses).to.include.keys("4XX", "5XX");
          if (method === "post")
            expect(requestBody).to.have.nested.property("content.application/json.schema.additionalProperties", false);
        }
      }
    }
  });

  it("counts and times requests and messages, by route and code", async () => {
    await aMorning();
    const count = async (url: string, name: string, ...labels: readonly string[]) => {
      const all = (await text(`${url}/metrics`)).split("\n");
      const [line] = all.filter((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)));
      return Number(line?.split(" ").at(-1));
    };
    const requests = "ecard_http_request_seconds_count";
    const { url: issuer } = network.issuer;
    expect(await count(issuer, requests, 'route="/v1/tokens"', 'status="400"', 'service="issuer"')).to.equal(1);
    expect(await count(issuer, requests, 'route="unknown"', 'status="404"')).to.equal(1);
    const { url: processor } = network.processor;
    const messages = "ecard_iso_message_seconds_count";
    expect(await count(processor, messages, 'mti="0100"', 'code="00"', 'service="processor"')).to.equal(1);
    expect(await count(processor, messages, 'mti="0100"', 'code="ATC_REPLAYED"')).to.equal(1);
    expect(await count(processor, "process_resident_memory_bytes")).to.be.greaterThan(1e6);
  });

  it("reads a line of JSON for each thing that happened", async () => {
    await aMorning();
    const messages = lines().filter(({ event, service }) => event === "message" && service === "processor");
    expect(messages.map(({ mti, answer }) => [mti, answer])).to.deep.equal([
      ["0100", "00"],
      ["0100", "ATC_REPLAYED"],
    ]);
    for (const line of messages)
      expect(line).to.have.all.keys("level", "time", "service", "event", "mti", "answer", "stan", "terminal", "ms");
    const requests = lines().filter(({ event }) => event === "request");
    expect(requests.map(({ route, status, refusal }) => [route, status, refusal])).to.deep.equal([
      ["/v1/services/accounts", 200, undefined],
      ["/v1/devices", 200, undefined],
      ["/v1/tokens", 400, "BAD_REQUEST"],
      ["unknown", 404, "ROUTE_UNKNOWN"],
    ]);
  });

  it("finds no number, track, name or key in any of it (rule 12)", async () => {
    const ofServices = SECRETS.flatMap((one) => [toHex(one), Buffer.from(one).toString("base64url")]);
    const secrets = [...(await aMorning()), ...(await anAuthentication()), ...ofServices];
    const all =
      log +
      (await text(`${network.issuer.url}/metrics`)) +
      (await text(`${network.processor.url}/metrics`)) +
      (await text(`${network.acs.url}/metrics`));
    expect(all).to.contain("/v1/areq");
    expect(all).to.contain("/v1/creq");
    expect(all).to.contain("/v1/services/grants");
    expect(all).to.contain("/v1/rreq");
    expect(all).to.contain("ATC_REPLAYED");
    for (const secret of secrets) expect(all.includes(secret), secret).to.equal(false);
  });
});
