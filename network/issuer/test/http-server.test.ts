// The phones' door over real HTTP: each route, each kind of bad request, and what no answer ever holds.

import { connect } from "node:net";
import { decodeReceipt, TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { type IssuerService, keysFromSeeds, randomSeeds, startIssuer } from "../src/index.js";
import { type Answer, newKey, refused } from "./http-answer.js";
import { DOMAIN, enrolledCard, newCard, openGrant, T0, type TestCard, tracksOf } from "./issuer-support.js";

const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");

describe("the issuer's HTTP API", () => {
  let service: IssuerService;
  let card: TestCard;
  let other: TestCard;
  let ref: string;

  before(async () => {
    service = await startIssuer({ keys: keysFromSeeds(randomSeeds()), now: () => T0, http: { requestMs: 300 } });
  });
  after(() => service.close());
  beforeEach(async () => {
    card = await enrolledCard(service.issuer);
    other = await enrolledCard(service.issuer);
    ref = base64((await service.issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef);
  });

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = bearer(card),
  ): Promise<Answer> {
    const response = await fetch(service.url + path, {
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...newKey(), ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(response.headers.get("content-type")).to.match(/^application\/json/);
    expect(response.headers.get("cache-control")).to.equal("no-store");
    return { status: response.status, body: JSON.parse(text), text };
  }
  const bearer = ({ accessKey }: TestCard) => ({ authorization: `Bearer ${base64(accessKey)}` });
  const position = () => ({ cardId: base64(card.cardId), checkpointSize: 0 });
  const grantBody = () => ({
    ...position(),
    tokenRef: ref,
    challenge: base64(new Uint8Array(16)),
    domain: DOMAIN,
    maxEmissions: 1,
    kind: "online",
  });

  describe("GET /v1/health", () => {
    it("says that it lives, to anybody", async () => {
      const { status, body } = await ask("GET", "/v1/health", undefined, {});
      expect(status).to.equal(200);
      expect(body).to.deep.equal({ ok: true, log: service.issuer.log.size });
    });
  });

  describe("POST /v1/cards", () => {
    it("enrols, once", async () => {
      const fresh = newCard(service.issuer);
      const body = { certificate: base64(fresh.certificate), phoneName: "Ada's phone" };
      const { status, body: answer } = await ask("POST", "/v1/cards", body, {});
      expect(status).to.equal(200);
      expect(answer).to.have.all.keys("cardId", "accessKey");
      expect(answer.cardId).to.equal(base64(fresh.cardId));
      await service.issuer.authenticate(fresh.cardId, Buffer.from(answer.accessKey as string, "base64url"));
      refused(await ask("POST", "/v1/cards", body, {}), 409, "CARD_ENROLLED");
    });

    it("refuses what is not genuine", async () => {
      const body = { certificate: "AAAA", phoneName: "phone" };
      refused(await ask("POST", "/v1/cards", body, {}), 403, "CARD_NOT_GENUINE");
    });
  });

  describe("POST /v1/tokens", () => {
    it("mints, on-line and off-line", async () => {
      for (const offline of [undefined, false, true]) {
        const body = {
          cardId: base64(card.cardId),
          holderName: "Lovelace/Ada",
          ...(offline !== undefined && { offline }),
        };
        const { status, body: token } = await ask("POST", "/v1/tokens", body);
        expect(status).to.equal(200);
        expect(token).to.have.all.keys("tokenRef", "iin", "last4", "expiry");
        const row = await service.issuer.store.token(toHex(Buffer.from(token.tokenRef as string, "base64url")))!;
        expect(row?.offline).to.equal(offline ? 1 : 0);
      }
    });

    it("refuses a name that no track holds", async () => {
      const body = { cardId: base64(card.cardId), holderName: "A^B" };
      refused(await ask("POST", "/v1/tokens", body), 400, "NAME_INVALID");
    });
  });

  describe("POST /v1/grants", () => {
    it("gives a grant that the card opens, on-line and off-line", async () => {
      const { status, body } = await ask("POST", "/v1/grants", grantBody());
      expect(status).to.equal(200);
      expect(body).to.have.all.keys("sealed", "atc", "issuerCert", "receipt", "consistency");
      expect(body.consistency).to.equal(null);
      expect((await openGrant(Buffer.from(body.sealed as string, "base64url"), card)).atc).to.equal(1);

      const { tokenRef } = await service.issuer.mint(card.cardId, "Lovelace/Ada", "offline");
      const { challenge: _, ...rest } = grantBody();
      const offline = await ask("POST", "/v1/grants", { ...rest, tokenRef: base64(tokenRef), kind: "offline" });
      expect((await openGrant(Buffer.from(offline.body.sealed as string, "base64url"), card)).offline!.n).to.equal(1);
    });

    it("refuses a card that has seen a larger ledger, and a token of another card", async () => {
      refused(await ask("POST", "/v1/grants", { ...grantBody(), checkpointSize: 1e6 }), 409, "CHECKPOINT_UNKNOWN");
      const body = { ...grantBody(), cardId: base64(other.cardId) };
      refused(await ask("POST", "/v1/grants", body, bearer(other)), 404, "TOKEN_UNKNOWN");
    });
  });

  describe("POST /v1/receipts", () => {
    it("gives a fresh receipt, and a proof where one is needed", async () => {
      const { status, body } = await ask("POST", "/v1/receipts", { ...position(), checkpointSize: 1 });
      expect(status).to.equal(200);
      expect(body).to.have.all.keys("issuerCert", "receipt", "consistency");
      expect(body.consistency).to.be.a("string");
      expect(decodeReceipt(Buffer.from(body.receipt as string, "base64url")).index).to.equal(0);
    });
  });

  describe("/v1/tokens/:ref/state", () => {
    it("is read, and changed by the holder", async () => {
      const query = `cardId=${base64(card.cardId)}&checkpointSize=0`;
      const first = await ask("GET", `/v1/tokens/${ref}/state?${query}`);
      expect(first.body).to.have.all.keys("signed", "version", "state", "issuerCert", "receipt", "consistency");
      expect(first.body).to.include({ version: 0, state: "active" });
      for (const [i, state] of ["suspended", "active", "deactivated"].entries()) {
        const { status, body } = await ask("POST", `/v1/tokens/${ref}/state`, { ...position(), state });
        expect(status).to.equal(200);
        expect(body).to.include({ version: i + 1, state });
      }
      const back = await ask("POST", `/v1/tokens/${ref}/state`, { ...position(), state: "active" });
      refused(back, 409, "STATE_TRANSITION_ILLEGAL");
    });

    it("is not the holder's to resume where the issuer suspended it", async () => {
      await service.issuer.setState(toHex(Buffer.from(ref, "base64url")), TokenState.Suspended, "issuer");
      refused(
        await ask("POST", `/v1/tokens/${ref}/state`, { ...position(), state: "active" }),
        403,
        "SUSPENDED_BY_ISSUER",
      );
    });

    it("is refused for a reference that is none, or another card's", async () => {
      const body = { ...position(), state: "suspended" };
      refused(await ask("POST", "/v1/tokens/abc/state", body), 400, "BAD_REQUEST");
      refused(await ask("POST", `/v1/tokens/${base64(new Uint8Array(16))}/state`, body), 404, "TOKEN_UNKNOWN");
      const theirs = { ...body, cardId: base64(other.cardId) };
      refused(await ask("POST", `/v1/tokens/${ref}/state`, theirs, bearer(other)), 404, "TOKEN_UNKNOWN");
    });
  });

  describe("/v1/tokens/:ref/registration and /comparison", () => {
    const register = () => ask("POST", `/v1/tokens/${ref}/registration`, { cardId: base64(card.cardId) });
    const compare = (registration: unknown, nonce = base64(new Uint8Array(16))) =>
      ask("POST", `/v1/tokens/${ref}/comparison`, { cardId: base64(card.cardId), registration, nonce });

    it("register a token, and say how it stands, and nothing else", async () => {
      refused(await compare(base64(new Uint8Array(16))), 404, "REGISTRATION_UNKNOWN");
      const { status, body } = await register();
      expect(status).to.equal(200);
      expect(body).to.have.all.keys("registration", "key");
      const held = { ...position(), state: "suspended", by: "PIN lock" };
      expect((await ask("POST", `/v1/tokens/${ref}/state`, held)).body).to.include({ state: "suspended", version: 1 });
      const told = (await compare(body.registration)).body;
      expect(told).to.have.all.keys(
        ...["cardId", "tokenRef", "registration", "nonce", "version", "state", "heldBy", "link", "cryptogram"],
      );
      expect(told).to.deep.include({ version: 1, state: "suspended", heldBy: ["PIN lock"], link: "", tokenRef: ref });
      await register();
      refused(await compare(body.registration), 409, "REGISTRATION_OLD");
    });

    it("are refused for octets of another length, and for whoever speaks for the issuer", async () => {
      const { registration } = (await register()).body;
      for (const wrong of ["AAAA", "", 7]) refused(await compare(wrong), 400, "BAD_REQUEST");
      refused(await compare(registration, "AAAA"), 400, "BAD_REQUEST");
      for (const by of ["issuer", "requestor", "failure lock", ""])
        refused(
          await ask("POST", `/v1/tokens/${ref}/state`, { ...position(), state: "suspended", by }),
          400,
          "BAD_REQUEST",
        );
    });
  });

  const KEYED = () =>
    [
      ["POST", `/v1/tokens/${ref}/registration`, { cardId: base64(card.cardId) }],
      [
        "POST",
        `/v1/tokens/${ref}/comparison`,
        { ...{ cardId: base64(card.cardId), registration: ref, nonce: base64(new Uint8Array(16)) } },
      ],
      ["POST", "/v1/tokens", { cardId: base64(card.cardId), holderName: "Lovelace/Ada" }],
      ["POST", "/v1/grants", grantBody()],
      ["POST", "/v1/receipts", position()],
      ["POST", `/v1/tokens/${ref}/state`, { ...position(), state: "suspended" }],
      ["GET", `/v1/tokens/${ref}/state?cardId=${base64(card.cardId)}&checkpointSize=0`, undefined],
    ] as const;

  it("asks for the card's own access key on every route but health and enrolment", async () => {
    const key = base64(card.accessKey);
    for (const [method, path, body] of KEYED()) {
      for (const headers of [
        {},
        { authorization: "" },
        { authorization: "Bearer" },
        { authorization: key },
        { authorization: `Basic ${key}` },
        { authorization: `Bearer ${key.slice(1)}` },
        { authorization: `Bearer ${key}A` },
        { authorization: `Bearer ${base64(new Uint8Array(32))}` },
        bearer(other),
      ] as readonly Record<string, string>[]) {
        refused(await ask(method, path, body, headers), 401, "UNAUTHORISED");
      }
    }
    expect(await service.issuer.store.token(toHex(Buffer.from(ref, "base64url")))).to.include({ atc: 0, version: 0 });
  });

  it("knows no card that was not enrolled", async () => {
    const body = { ...position(), cardId: base64(new Uint8Array(16)) };
    refused(await ask("POST", "/v1/receipts", body), 404, "CARD_UNKNOWN");
  });

  it("refuses bodies that are no JSON, no object, or not all there", async () => {
    for (const body of [
      "",
      "{",
      "null",
      "7",
      '"text"',
      "[]",
      "{}",
      '{"__proto__":{"cardId":"AAAA"}}',
      '{"cardId":7}',
    ]) {
      for (const path of ["/v1/cards", "/v1/tokens", "/v1/grants", "/v1/receipts", `/v1/tokens/${ref}/state`]) {
        refused(await ask("POST", path, body), 400, "BAD_REQUEST");
      }
    }
  });

  it("refuses fields that it does not know, in the domain as well", async () => {
    for (const [method, path, body] of KEYED()) {
      if (body === undefined) refused(await ask(method, `${path}&pan=1`), 400, "BAD_REQUEST");
      else refused(await ask(method, path, { ...body, track2: "9999990000000013=" }), 400, "BAD_REQUEST");
    }
    const domain = { ...DOMAIN, cvv: "123" };
    refused(await ask("POST", "/v1/grants", { ...grantBody(), domain }), 400, "BAD_REQUEST");
  });

  it("refuses values of another type, range or form, and converts none", async () => {
    for (const change of [
      { checkpointSize: "0" },
      { checkpointSize: -1 },
      { checkpointSize: 2 ** 32 },
      { checkpointSize: 0.5 },
      { maxEmissions: 0 },
      { maxEmissions: 4 },
      { kind: "delegated" },
      { challenge: "AAAA" },
      { challenge: "a+/=" },
      { tokenRef: "A".repeat(40) },
      { cardId: `${base64(card.cardId).slice(0, -1)}B` }, // the same octets, written another way
      { cardId: "" },
      { domain: null },
      { domain: { ...DOMAIN, country: 1000 } },
      { domain: { ...DOMAIN, requestor: "" } },
      { domain: { ...DOMAIN, maxAmount: "1250" } },
    ]) {
      refused(await ask("POST", "/v1/grants", { ...grantBody(), ...change }), 400, "BAD_REQUEST");
    }
    const domain = { ...DOMAIN, requestor: "Ünser" };
    refused(await ask("POST", "/v1/grants", { ...grantBody(), domain }), 400, "DOMAIN_MISSING");
    for (const query of ["", `cardId=${base64(card.cardId)}`, `cardId=${base64(card.cardId)}&checkpointSize=-1`]) {
      refused(await ask("GET", `/v1/tokens/${ref}/state?${query}`), 400, "BAD_REQUEST");
    }
    expect((await service.issuer.store.token(toHex(Buffer.from(ref, "base64url"))))!.atc).to.equal(0);
  });

  it("refuses a body over 8 KiB, and one that is not JSON by name, with HTTP's own status", async () => {
    const long = { certificate: "A".repeat(9000), phoneName: "phone" };
    refused(await ask("POST", "/v1/cards", long, {}), 413, "BAD_REQUEST");
    refused(await ask("POST", "/v1/cards", "a=b", { "content-type": "text/csv" }), 415, "BAD_REQUEST");
  });

  it("has nothing elsewhere, and says so in JSON: ROUTE_UNKNOWN", async () => {
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", "/v1/cards"],
      ["GET", "/v1/tokens"],
      ["DELETE", `/v1/tokens/${ref}/state`],
      ["POST", "/v1/authorise"],
      ["GET", "/v2/health"],
    ] as const) {
      refused(await ask(method, path), 404, "ROUTE_UNKNOWN");
    }
    refused(await ask("GET", "/v1/tokens/%ff/state"), 400, "BAD_REQUEST");
  });

  it("quotes nothing of what it was sent in what it refuses", async () => {
    const secret = "9999990000000013";
    for (const [method, path, body] of [
      ["POST", "/v1/cards", `{"certificate": ${secret}x`],
      ["POST", "/v1/cards", { certificate: `${secret}!`, phoneName: "phone" }],
      ["POST", "/v1/tokens", { cardId: base64(card.cardId), holderName: secret }],
      ["POST", "/v1/tokens", { cardId: base64(card.cardId), holderName: "Ada", [secret]: 1 }],
      ["POST", "/v1/grants", { ...grantBody(), kind: secret }],
      ["GET", `/v1/${secret}`, undefined],
    ] as const) {
      const { status, text } = await ask(method, path, body);
      expect(status).to.be.within(400, 499);
      expect(text).not.to.contain(secret);
    }
  });

  it("says INTERNAL where it failed, and not why", async () => {
    const { log } = service.issuer;
    const { consistency } = log;
    log.consistency = () => {
      throw new Error("SQLITE_FULL at /var/lib/issuer.db");
    };
    try {
      const answer = await ask("POST", "/v1/receipts", position());
      refused(answer, 500, "INTERNAL");
      expect(answer.text).not.to.match(/SQLITE|var/);
    } finally {
      log.consistency = consistency;
    }
  });

  it("returns no static verification value, PAN or discretionary digit, on any route (rule 10)", async () => {
    const texts: string[] = [];
    const fresh = newCard(service.issuer);
    texts.push((await ask("POST", "/v1/cards", { certificate: base64(fresh.certificate), phoneName: "p" }, {})).text);
    const granted = await ask("POST", "/v1/grants", grantBody());
    for (const [method, path, body] of KEYED()) {
      const { status, text } = await ask(method, path, body);
      expect(status, path).to.be.oneOf([200, 403, 409]);
      texts.push(text);
    }
    texts.push(granted.text, (await ask("GET", "/v1/health")).text, (await ask("GET", "/nowhere")).text);
    const grant = await openGrant(Buffer.from(granted.body.sealed as string, "base64url"), card);
    const { track1, track2 } = tracksOf(grant);
    const pan = track2.slice(0, 16);
    for (const text of texts) {
      for (const secret of [
        pan,
        track2.slice(-8),
        track2.slice(-13),
        track1.slice(-16),
        track1.slice(-16).toLowerCase(),
      ]) {
        expect(text).not.to.contain(secret);
      }
      expect(text).not.to.match(/cv[vc]2?\b|cryptogram|track|"pan"|service/i);
      expect(
        text.replace(/"(signed|sealed|receipt|issuerCert|consistency|accessKey|cardId|tokenRef)":"[\w-]*"/g, ""),
      ).not.to.match(/\d{7}/);
    }
  });

  const HEAD = "POST /v1/cards HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 400\r\n";
  for (const [what, octets, after] of [
    ["does not end its headers", HEAD, 300],
    ["does not end its body", `${HEAD}\r\n{`, 300],
    ["does not speak HTTP", "\x00\x20hello, is this the terminal's door?\r\n\r\n", 0],
  ] as const) {
    it(`refuses a line that ${what}, in JSON, and hangs up`, async () => {
      const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk;
      });
      const start = performance.now();
      socket.write(octets);
      await new Promise((resolve) => socket.once("close", resolve));
      expect(received).to.match(/^HTTP\/1\.1 400 /);
      expect(JSON.parse(received.split("\r\n\r\n")[1]!).code).to.equal("BAD_REQUEST");
      expect(performance.now() - start).to.be.within(after - 20, after + 3000);
    });
  }
});
