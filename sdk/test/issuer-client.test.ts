import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { IssuerClient } from "../src/index.js";
import { fromBase64Url, toBase64Url } from "../src/issuer/base64url.js";
import { expectError } from "./expect-error.js";

interface Call {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** A fetch that answers as told, and remembers. */
function issuer(answers: Record<string, unknown>, status = 200) {
  const calls: Call[] = [];
  const fetch = (async (url: URL, init: RequestInit) => {
    const body = init.body === undefined ? undefined : JSON.parse(init.body as string);
    calls.push({ url: String(url), method: init.method!, headers: init.headers as Record<string, string>, body });
    const path = url.pathname;
    const answer = answers[path] ?? answers["*"];
    return new Response(typeof answer === "string" ? answer : JSON.stringify(answer), { status });
  }) as unknown as typeof globalThis.fetch;
  const client = new IssuerClient({ baseUrl: "http://127.0.0.1:8080", fetch, accessKey: "key-1" });
  return { client, calls, fetch };
}

/** A server of this machine, and where it is. */
async function serving(answer: RequestListener): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const REF = new Uint8Array(16).fill(0xfb);
const CARD = { cardId: REF, checkpointSize: 0 };
const EVIDENCE = { issuerCert: "AQ", receipt: "Ag", consistency: null };

describe("the issuer's client", () => {
  it("enrols by the maker's certificate and uses the key it got from then on", async () => {
    const { calls, fetch } = issuer({
      "/v1/cards": { cardId: toBase64Url(REF), accessKey: "key-2" },
      "/v1/tokens": { tokenRef: toBase64Url(REF), iin: "999999", last4: "0017", expiry: "3012" },
    });
    const client = new IssuerClient({ baseUrl: "http://127.0.0.1:8080", fetch });
    await expectError(() => client.createToken(REF, "ADA"), "ISSUER_NOT_ENROLLED");
    const { cardId } = await client.enrol(Uint8Array.of(1, 2), "Ada's phone");
    expect(toHex(cardId)).to.equal(toHex(REF));
    const token = await client.createToken(cardId, "LOVELACE/ADA");
    expect(token).to.include({ iin: "999999", last4: "0017" });
    expect(calls[0]!.headers).not.to.have.property("authorization");
    expect(calls[0]!.body).to.deep.equal({ certificate: "AQI", phoneName: "Ada's phone" });
    expect(calls[1]!.headers.authorization).to.equal("Bearer key-2");
  });

  it("has an off-line token made, and asks for its grants without a challenge", async () => {
    const { client, calls } = issuer({
      "/v1/tokens": { tokenRef: toBase64Url(REF), iin: "999999", last4: "0017", expiry: "3012" },
      "/v1/grants": { sealed: "AwQ", atc: 7, ...EVIDENCE },
    });
    const { tokenRef } = await client.createToken(REF, "ADA", { offline: true });
    await client.createToken(REF, "ADA", { offline: false });
    const domain = { requestor: "Test wallet", channel: 0, country: 276, maxAmount: 1250 };
    await client.grant({ ...CARD, tokenRef, domain, maxEmissions: 1, kind: "offline" });
    const [offline, online, grant] = calls.map(({ body }) => body as Record<string, unknown>);
    expect(offline).to.deep.equal({ cardId: toBase64Url(REF), holderName: "ADA", offline: true });
    expect(online).not.to.have.property("offline");
    expect(grant).to.include({ kind: "offline" }).and.not.to.have.property("challenge");
  });

  it("refuses a token outside its number ranges (rule 4)", async () => {
    const { client } = issuer({ "*": { tokenRef: toBase64Url(REF), iin: "400000", last4: "0017", expiry: "3012" } });
    await expectError(() => client.createToken(REF, "ADA"), "ISSUER_TOKEN_OUTSIDE_IIN");
    expect(() => new IssuerClient({ baseUrl: "http://127.0.0.1", iins: ["99"] }))
      .to.throw()
      .with.property("code", "ARGUMENT_INVALID");
  });

  it("fetches grants, receipts and states", async () => {
    const { client, calls } = issuer({
      "/v1/grants": { sealed: "AwQ", atc: 7, ...EVIDENCE, consistency: "BQ" },
      "/v1/receipts": EVIDENCE,
      "*": { signed: "Bg", ...EVIDENCE, version: 3, state: "suspended" },
    });
    const bundle = await client.grant({
      cardId: REF,
      tokenRef: REF,
      challenge: REF,
      checkpointSize: 7,
      domain: { requestor: "Test wallet", channel: 0, country: 276, maxAmount: 1250 },
      maxEmissions: 1,
      kind: "online",
    });
    expect([...bundle.sealed]).to.deep.equal([3, 4]);
    expect([...bundle.consistency!]).to.deep.equal([5]);
    expect((await client.receipt({ cardId: REF, checkpointSize: 7 })).consistency).to.equal(null);
    const state = await client.setState(REF, "suspended", CARD);
    expect(state.version).to.equal(3);
    await client.state(REF, { cardId: REF, checkpointSize: 9 });
    expect(calls[2]!.body).to.deep.equal({ cardId: toBase64Url(REF), checkpointSize: 0, state: "suspended" });
    expect(calls[2]!.url).to.equal(`http://127.0.0.1:8080/v1/tokens/${toBase64Url(REF)}/state`);
    expect(calls[3]!.url).to.match(/\?cardId=[\w-]+&checkpointSize=9$/);
  });

  it("closes a grant, and tells what became of it, or that the answer cannot be read", async () => {
    const asked = { amount: 950, currency: "978", merchant: "Corner Bakery", at: 1_800_000_000 };
    for (const answer of [
      { outcome: "unused" },
      { outcome: "approved", ...asked, authCode: "123456" },
      { outcome: "reversed", ...asked, authCode: "123456" },
      { outcome: "declined", ...asked, currency: "", merchant: "", decline: "AMOUNT_OVER_CAP" },
    ]) {
      const { client, calls } = issuer({ "*": answer });
      expect(await client.closeGrant(REF, REF, 7)).to.deep.equal(answer);
      expect(calls[0]!.url).to.equal(`http://127.0.0.1:8080/v1/tokens/${toBase64Url(REF)}/grants/7/closure`);
      expect(calls[0]!.body).to.deep.equal({ cardId: toBase64Url(REF) });
      expect(calls[0]!.headers).to.include.keys("idempotency-key");
    }
    for (const answer of [
      {},
      { outcome: "unknown" },
      { outcome: "approved", ...asked },
      { outcome: "declined", ...asked },
      { outcome: "declined", ...asked, decline: "X", amount: -1 },
      { outcome: "declined", ...asked, decline: "X", at: "now" },
      { outcome: "declined", ...asked, decline: "X", merchant: "m".repeat(65) },
      { outcome: "declined", ...asked, decline: "X", currency: 978 },
    ]) {
      await expectError(() => issuer({ "*": answer }).client.closeGrant(REF, REF, 7), "ISSUER_ANSWER_INVALID");
    }
    for (const atc of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
      await expectError(() => issuer({}).client.closeGrant(REF, REF, atc), "ARGUMENT_INVALID");
    }
  });

  it("refuses a grant that has no counter, or one that is none", async () => {
    for (const atc of [undefined, 0, 1.5, "7", 2 ** 32]) {
      const { client } = issuer({ "*": { sealed: "AwQ", ...EVIDENCE, atc } });
      const domain = { requestor: "Test wallet", channel: 0, country: 276, maxAmount: 1250 };
      const asked = { ...CARD, tokenRef: REF, domain, maxEmissions: 1, kind: "offline" as const };
      await expectError(() => client.grant(asked), "ISSUER_ANSWER_INVALID");
    }
  });

  it("gives the issuer's refusals their code, and tells them from no issuer at all", async () => {
    const refused = issuer({ "*": { code: "TOKEN_SUSPENDED", message: "Five failures in 24 h" } }, 409);
    const error = await expectError(() => refused.client.receipt(CARD), "ISSUER_REFUSED");
    expect(error.issuerCode).to.equal("TOKEN_SUSPENDED");
    expect(error.message).to.contain("Five failures");
    await expectError(() => issuer({ "*": {} }, 401).client.receipt(CARD), "ISSUER_NOT_ENROLLED");
    const down = await expectError(() => issuer({ "*": {} }, 503).client.receipt(CARD), "ISSUER_UNREACHABLE");
    expect(down.retryable).to.equal(true);
    expect(down.message).to.contain("(HTTP 503)");
    const behind = issuer({ "*": { code: "ACS_UNAVAILABLE", message: "It does not answer" } }, 503);
    const which = await expectError(() => behind.client.receipt(CARD), "ISSUER_UNREACHABLE");
    expect(which.issuerCode).to.equal("ACS_UNAVAILABLE");
    expect(which.message).to.contain("(ACS_UNAVAILABLE)");
    const nobody = new IssuerClient({
      baseUrl: "http://127.0.0.1:1",
      accessKey: "k",
      fetch: () => Promise.reject(new TypeError("fetch failed")),
    });
    await expectError(() => nobody.receipt(CARD), "ISSUER_UNREACHABLE");
    await expectError(() => nobody.receipt(CARD, { signal: AbortSignal.abort() }), "ABORTED");
  });

  for (const [what, answer] of [
    ["no JSON", "<html>"],
    ["no object", "7"],
    ["a missing field", { receipt: "AQ", consistency: null }],
    ["octets that are none", { ...EVIDENCE, receipt: "!!" }],
    ["an endless answer", `{"receipt":"${"A".repeat(70_000)}"}`],
  ] as const) {
    it(`says ISSUER_ANSWER_INVALID to ${what}`, async () => {
      await expectError(() => issuer({ "*": answer }).client.receipt(CARD), "ISSUER_ANSWER_INVALID");
    });
  }

  for (const last4 of ["001", "00170", "00l7", "9999990000000017", "0017\n", "0017 "]) {
    it(`says ISSUER_ANSWER_INVALID to last four digits that are ${JSON.stringify(last4)}`, async () => {
      const { client } = issuer({ "*": { tokenRef: toBase64Url(REF), iin: "999999", last4, expiry: "3012" } });
      const error = await expectError(() => client.createToken(REF, "ADA"), "ISSUER_ANSWER_INVALID");
      expect(error.message).to.contain("last4").and.not.to.contain(last4);
    });
  }

  it("follows no redirect: the access key goes to this issuer and to nobody else", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const asked: (string | undefined)[] = [];
      const other = await serving((request, response) => {
        asked.push(request.headers.authorization);
        response.end(JSON.stringify(EVIDENCE));
      });
      const first = await serving((request, response) => {
        const where = request.url === "/v1/receipts" ? `${first.url}/elsewhere` : `${other.url}/v1/receipts`;
        if (request.url !== "/v1/receipts") asked.push(request.headers.authorization);
        response.writeHead(status, { location: where }).end();
      });
      try {
        const client = new IssuerClient({ baseUrl: first.url, accessKey: "key-1" });
        await expectError(() => client.receipt(CARD), "ISSUER_UNREACHABLE");
        expect(asked, `HTTP ${status}`).to.deep.equal([]);
      } finally {
        for (const { server } of [first, other]) {
          server.closeAllConnections();
          server.close();
        }
      }
    }
  });

  it("talks plain http to this machine alone, unless told", () => {
    const of = (baseUrl: string, insecure?: boolean) => () =>
      new IssuerClient({ baseUrl, ...(insecure !== undefined && { insecure }) });
    for (const host of [
      "127.0.0.1:8080",
      "127.8.9.10",
      "localhost:1",
      "LOCALHOST",
      "[::1]:8080",
      "127.1",
      "0x7f000001",
    ]) {
      expect(of(`http://${host}`), host).not.to.throw();
    }
    const others = [
      "192.168.0.7",
      "issuer.example",
      "127.0.0.1.example",
      "localhost.example",
      "127.0.0.1@example",
      "[::2]",
    ];
    for (const host of [...others, "example/127.0.0.1", "0.0.0.0", "1270.example", "xlocalhost"]) {
      for (const insecure of [undefined, false]) {
        expect(of(`http://${host}`, insecure), host)
          .to.throw()
          .with.property("code", "ARGUMENT_INVALID");
      }
      expect(of(`http://${host}`, true), host).not.to.throw();
      expect(of(`https://${host}`), host).not.to.throw();
    }
    for (const url of ["ftp://127.0.0.1", "file:///v1", "data:,x", "issuer.example", ""]) {
      expect(of(url, true), url).to.throw().with.property("code", "ARGUMENT_INVALID");
    }
  });

  it("takes no more of an answer than it may have, and lets the rest go", async () => {
    let sent = 0;
    let cancelled = false;
    const large = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
        if (sent >= 1_048_576) controller.close(); // large, not endless: who takes it all is told so at once
      },
      cancel() {
        cancelled = true;
      },
    });
    const client = new IssuerClient({
      baseUrl: "http://127.0.0.1:8080",
      accessKey: "k",
      fetch: async () => new Response(large),
    });
    await expectError(() => client.receipt(CARD), "ISSUER_ANSWER_INVALID");
    expect(cancelled).to.equal(true);
    expect(sent).to.be.at.most(65_536 + 3 * 16_384);
  });

  it("carries octets as base64url", () => {
    for (let length = 0; length < 40; length++) {
      const bytes = crypto.getRandomValues(new Uint8Array(length));
      expect(toBase64Url(bytes)).to.equal(Buffer.from(bytes).toString("base64url"));
      expect(toHex(fromBase64Url(toBase64Url(bytes)))).to.equal(toHex(bytes));
    }
    expect(() => fromBase64Url("A+/=")).to.throw(RangeError);
  });
});
