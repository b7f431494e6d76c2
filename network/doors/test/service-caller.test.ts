// A service that asks another: an answer is believed that is one to its own request. Another's implementation of RFC 9421 makes and reads the same octets, and
// OpenSSL made the values of docs/protocol.md.

import { createHmac, randomBytes } from "node:crypto";
import { expect } from "chai";
import { httpbis } from "http-message-signatures";
import { isProvenAnswer, signedAnswer, signedRequest } from "../src/http-signature.js";
import { serviceKeys } from "../src/index.js";
import { BODY, KEYS, signedDoor, T0 } from "./signed-support.js";

describe("a service that asks another", () => {
  const { door, send, asked, signed, caller, said } = signedDoor();

  /** The caller asks through a hand that may change what comes back. */
  const through = (change: (response: Response, text: string, signature: string) => Response) =>
    caller({
      fetch: async (...args) => {
        const response = await fetch(...args);
        const signature = new Headers(args[1]!.headers).get("signature")!.slice("ecard=".length);
        return change(response, await response.clone().text(), signature);
      },
    });
  const copy = ({ status, headers }: Response, text: string, more: Record<string, string> = {}) =>
    new Response(text, { status, headers: { ...Object.fromEntries(headers), ...more } });

  const resigned = (response: Response, text: string, change: object, signature: string) =>
    copy(
      response,
      text,
      signedAnswer({ ...KEYS, ...change }, { status: 200, body: Buffer.from(text), signature }, door.now),
    );
  it("as it is signed anew by its own key, is believed", async () => {
    const honest = through((response, text, signature) => resigned(response, text, {}, signature));
    expect(await honest.ask("/v1/moves", BODY)).to.deep.equal({ taken: 950 });
  });

  it("has its answer believed as it was signed alone: ANSWER_UNPROVEN", async () => {
    const ways: Record<string, (response: Response, text: string, signature: string) => Response> = {
      "another body": (response) => copy(response, '{"taken":9}'),
      "another status": ({ headers }, text) => new Response(text, { status: 201, headers }),
      "no signature": ({ status }, text) => new Response(text, { status }),
      "two signatures": (response, text) => {
        const headers = new Headers(response.headers);
        headers.append("signature", headers.get("signature")!);
        return new Response(text, { headers });
      },
      "a signature for another request": (response, text) =>
        copy(
          response,
          text,
          signedAnswer(
            KEYS,
            { status: 200, body: Buffer.from(text), signature: signed().signature!.slice(6) },
            door.now,
          ),
        ),
      "the key of requests": (response, text, signature) =>
        resigned(response, text, { answer: KEYS.request }, signature),
      "another service's name": (response, text, signature) => resigned(response, text, { to: "acs" }, signature),
    };
    for (const [what, way] of Object.entries(ways))
      expect(await said(through(way).ask("/v1/moves", BODY)), what).to.equal("ANSWER_UNPROVEN");
    expect(door.faults).to.have.length(7);
  });

  it("has no answer of an earlier request believed", async () => {
    let first: Response | undefined;
    const late = through((response) => {
      first ??= response.clone();
      return first.clone();
    });
    expect(await late.ask("/v1/moves", BODY)).to.deep.equal({ taken: 950 });
    expect(await said(late.ask("/v1/moves", BODY))).to.equal("ANSWER_UNPROVEN");
  });

  it("says what a refusal claims that nobody vouches for", async () => {
    expect(
      await said(caller({ keys: serviceKeys(new Uint8Array(32), "processor", "issuer") }).ask("/v1/moves", BODY)),
    ).to.equal("ANSWER_UNPROVENSIGNATURE_WRONG");
    expect(await said(caller({ now: () => T0 + 100 }).ask("/v1/moves", BODY))).to.equal("ANSWER_UNPROVENCLOCK_SKEW");
    expect(await said(caller().ask("/v1/unknown", BODY))).to.equal("ANSWER_UNPROVENROUTE_UNKNOWN");
  });

  it("asks once more where the answer was lost, by the same idempotency key and another signature; then it gives up: SERVICE_UNREACHABLE", async () => {
    const sent: Headers[] = [];
    let lost = 1;
    const losing = caller({
      fetch: async (...args) => {
        sent.push(new Headers(args[1]!.headers));
        const response = await fetch(...args);
        if (lost-- > 0) throw new TypeError("the line is gone");
        return response;
      },
    });
    expect(await losing.ask("/v1/moves", BODY)).to.deep.equal({ taken: 950 });
    expect(new Set(sent.map((headers) => headers.get("idempotency-key")))).to.have.lengthOf(1);
    expect(new Set(sent.map((headers) => headers.get("signature")))).to.have.lengthOf(2);
    lost = 2;
    expect(await said(losing.ask("/v1/moves", BODY))).to.equal("SERVICE_UNREACHABLE");
    expect(door.served).to.have.length(4);
  });

  it("waits no longer than it is told, and reads no longer than it must", async () => {
    expect(
      await said(
        caller({
          fetch: (_url, options) =>
            new Promise((_, reject) =>
              options!.signal!.addEventListener("abort", () => reject(options!.signal!.reason)),
            ),
          answerMs: 20,
        }).ask("/v1/moves", BODY),
      ),
    ).to.equal("SERVICE_UNREACHABLE");
    expect(await said(through((response) => copy(response, "x".repeat(70_000))).ask("/v1/moves", BODY))).to.equal(
      "ANSWER_MALFORMED",
    );
  });

  describe("is RFC 9421's", () => {
    const hmac = (key: Uint8Array) => async (data: Buffer) => createHmac("sha256", key).update(data).digest();

    it("taken from another's implementation, and its answer taken there", async () => {
      const body = JSON.stringify(BODY);
      const { signature: _, "signature-input": __, ...headers } = signed();
      const message = await httpbis.signMessage(
        {
          ...{ key: { id: "processor", alg: "hmac-sha256", sign: hmac(KEYS.request) }, name: "ecard" },
          fields: ["@method", "@path", "@query", "content-digest", "idempotency-key"],
          params: ["created", "keyid", "alg", "nonce"],
          paramValues: { created: new Date(T0 * 1000), nonce: randomBytes(16).toString("base64url") },
        },
        { method: "POST", url: `${door.url}/v1/moves`, headers: { ...headers } },
      );
      const sent = Object.fromEntries(
        Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
      );
      const answer = await send("/v1/moves", sent, body);
      expect(answer.code, JSON.stringify(sent)).to.equal(200);
      const isTheirs = await httpbis.verifyMessage(
        {
          keyLookup: async ({ keyid }) => ({
            ...{ id: keyid!, algs: ["hmac-sha256"] },
            verify: async (data, signature) => signature.equals(await hmac(KEYS.answer)(data)),
          }),
          requiredFields: ["@status", "content-digest"],
          notAfter: new Date((T0 + 1) * 1000),
        },
        { status: answer.message.statusCode!, headers: answer.message.headers as Record<string, string> },
        { method: "POST", url: `${door.url}/v1/moves`, headers: sent },
      );
      expect(isTheirs).to.equal(true);
    });

    it("as docs/protocol.md has it, with the values that OpenSSL made", () => {
      const body = Buffer.from('{"amount":950}');
      const key = { ...KEYS, request: Buffer.from(VALUES.request, "hex"), answer: Buffer.from(VALUES.answer, "hex") };
      expect([KEYS.request, KEYS.answer].map((one) => Buffer.from(one).toString("hex"))).to.deep.equal([
        VALUES.request,
        VALUES.answer,
      ]);
      const headers = signedRequest(key, { ...asked, body }, T0, "AAECAwQFBgcICQoLDA0ODw");
      expect(headers["content-digest"]).to.equal(`sha-256=:${VALUES.digest}:`);
      expect(headers.signature).to.equal(`ecard=:${VALUES.signature}:`);
      const said = { status: 200, body: Buffer.from('{"taken":950}'), signature: `:${VALUES.signature}:` };
      const answer = signedAnswer(key, said, T0);
      expect(answer.signature).to.equal(`ecard=:${VALUES.answerSignature}:`);
      expect(
        isProvenAnswer(key, said, Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, [value]]))),
      ).to.equal(true);
    });
  });
});

/** By `openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:0505... -kdfopt info:... HKDF`, `openssl dgst -sha256` and `openssl mac -digest SHA256 -macopt hexkey:... HMAC`. */
const VALUES = {
  request: "e7d21205ca6b99b22217c69f5f5693d8717a81f5cd2a651a77378f5d0dfa596f",
  answer: "ac18032b97f333dff1e3e519437b227ad351c8e7cab144969939d533174c384b",
  digest: "NaXgChnfOang0YqWumLdFtuO9BKJgWCT2IWTuBz+kto=",
  signature: "QuBfLfYOVxVcskgbZ5lUO6Co3Q3PMR++On/JznROVZo=",
  answerSignature: "w6ndksy3lwpEgutz8K/sFe94FS1hmG0BJmCcVM2R/nw=",
};
