// Signed HTTP between services: what is taken, each refusal, and that an answer is one to its own request. Another's implementation of RFC 9421 makes and
// reads the same octets, and OpenSSL made the values of docs/protocol.md.

import { createHmac, randomBytes } from "node:crypto";
import { request as ask, type IncomingMessage } from "node:http";
import type { Master } from "@enabling-card/vault";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { httpbis } from "http-message-signatures";
import { isProvenAnswer, type SignatureError, signedAnswer, signedRequest } from "../src/http-signature.js";
import {
  httpDoor,
  object,
  type Refusals,
  ServiceCaller,
  type ServiceCallerOptions,
  serviceKeys,
  signedRoutes,
} from "../src/index.js";
import { Nonces } from "../src/nonces.js";

const T0 = 1_800_000_000;
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const KEYS = serviceKeys(SECRET, "processor", "issuer");
const BODY = { amount: 950 };

const refusal = (code: string, http: number) => ({ code, message: code, http });
const REFUSALS: Refusals = {
  of: (error) => ((error as { own?: true }).own ? refusal("OWN", 403) : undefined),
  badRequest: () => refusal("BAD_REQUEST", 400),
  unknownRoute: () => refusal("ROUTE_UNKNOWN", 404),
  failure: () => refusal("INTERNAL", 500),
};

describe("signed HTTP between services", () => {
  let app: FastifyInstance;
  let url: string;
  let now: number;
  let served: unknown[];
  let faults: string[];

  beforeEach(async () => {
    now = T0;
    served = [];
    faults = [];
    app = await httpDoor({ refusals: REFUSALS, title: "Test" });
    await signedRoutes(app, { keys: KEYS, now: () => now }, (routes) => {
      const schema = { body: object({ amount: { type: "integer" } }) };
      for (const path of ["/v1/moves", "/v1/others"]) {
        routes.route<{ Body: typeof BODY }>({
          method: ["POST", "PUT"],
          url: path,
          schema,
          handler: async ({ body }) => {
            served.push(body);
            if (body.amount < 0) throw Object.assign(new Error(), { own: true });
            return { taken: body.amount };
          },
        });
      }
    });
    app.get("/v1/open", () => ({ open: true }));
    url = await app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(() => app.close());

  type Sent = Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As it is, whatever it is. */
  const send = (path: string, headers: Sent, body = JSON.stringify(BODY), method = "POST") =>
    new Promise<{ code: unknown; message: IncomingMessage; text: string }>((resolve, reject) => {
      const told = Object.entries({ "content-type": "application/json", ...headers }).filter(([, value]) => value);
      const request = ask(`${url}${path}`, { method, headers: Object.fromEntries(told) as never }, (message) => {
        let text = "";
        message.on("data", (chunk) => {
          text += chunk;
        });
        message.on("end", () => {
          const { code } = JSON.parse(text) as { code?: unknown };
          resolve({ code: code ?? message.statusCode, message, text });
        });
      });
      request.once("error", reject);
      request.end(body);
    });
  const asked = {
    method: "POST",
    target: "/v1/moves",
    idempotencyKey: "a-key-of-its-own",
    body: Buffer.from(JSON.stringify(BODY)),
  };
  const signed = (change: Partial<typeof asked> = {}, keys = KEYS, at = now) =>
    signedRequest(keys, { ...asked, ...change }, at);
  const caller = (change: Partial<ServiceCallerOptions> = {}) =>
    new ServiceCaller({ url, keys: KEYS, now: () => now, onFault: (code) => faults.push(code), ...change });
  const said = (work: Promise<unknown>) =>
    work.then(
      (answer) => answer,
      ({ code, message }: { code: string; message: string }) =>
        `${code}${/ \(it says (\w+)\)/.exec(message)?.[1] ?? ""}`,
    );

  it("is answered, and the answer is believed", async () => {
    expect(await caller().ask("/v1/moves", BODY)).to.deep.equal({ taken: 950 });
    expect(served).to.deep.equal([BODY]);
    expect((await send("/v1/moves", signed())).code).to.equal(200);
    expect(faults).to.deep.equal([]);
  });

  it("is refused by the other service in its own words, and those are believed too", async () => {
    expect(await said(caller().ask("/v1/moves", { amount: -1 }))).to.equal("OWN");
    expect(await said(caller().ask("/v1/moves", { amount: 1, more: 1 }))).to.equal("BAD_REQUEST");
    expect(faults).to.deep.equal([]);
  });

  describe("whose secret is changed", () => {
    const second = { number: 1, master: new Uint8Array(32).fill(7) };
    const both = { ...second, before: { number: 0, master: SECRET } };
    const keysOf = (secret: Master) => serviceKeys(secret, "processor", "issuer");
    let changed: FastifyInstance;
    const open = async (secret: Master) => {
      changed = await httpDoor({ refusals: REFUSALS, title: "Test" });
      await signedRoutes(changed, { keys: keysOf(secret), now: () => now }, (routes) => {
        routes.post("/v1/moves", () => ({ taken: 950 }));
      });
      return changed.listen({ host: "127.0.0.1", port: 0 });
    };
    afterEach(() => changed.close());
    const asks = async (at: string, secret: Master) =>
      said(caller({ url: at, keys: keysOf(secret) }).ask("/v1/moves", BODY));

    it("is taken by either while both are there, and each is answered by its own", async () => {
      const at = await open(both);
      for (const secret of [SECRET, second, both]) expect(await asks(at, secret)).to.deep.equal({ taken: 950 });
      expect(faults).to.deep.equal([]);
    });

    it("names the key by its number, and the first by none", () => {
      const keyid = (secret: Master) => signed({}, keysOf(secret))["signature-input"]!.match(/keyid="([^"]+)"/)![1];
      expect([SECRET, both].map(keyid)).to.deep.equal(["processor", "processor.1"]);
    });

    it("is refused by the old one once that is taken out: KEY_RETIRED", async () => {
      expect(await asks(await open(second), SECRET)).to.equal("ANSWER_UNPROVENKEY_RETIRED");
    });

    it("is refused by the new one where it is not there yet: KEY_NOT_YET, and asked by the old one by whoever has it", async () => {
      const at = await open(SECRET);
      expect(await asks(at, second)).to.equal("ANSWER_UNPROVENKEY_NOT_YET");
      expect(await asks(at, both)).to.deep.equal({ taken: 950 });
    });

    it("is refused where the number is another key's: SIGNATURE_WRONG", async () => {
      const at = await open(both);
      const mixed = { ...keysOf(SECRET), number: 1 };
      expect(await said(caller({ url: at, keys: mixed }).ask("/v1/moves", BODY))).to.equal(
        "ANSWER_UNPROVENSIGNATURE_WRONG",
      );
    });
  });

  it("leaves the door's other routes as they are", async () => {
    expect(await (await fetch(`${url}/v1/open`)).json()).to.deep.equal({ open: true });
  });

  const input = (change: (value: string) => string) => () => {
    const headers = signed();
    return { ...headers, "signature-input": change(headers["signature-input"]!) };
  };
  const TABLE: readonly (readonly [string, string, () => Sent, { path?: string; body?: string; method?: string }?])[] =
    [
      ["no signature", "SIGNATURE_MISSING", () => ({})],
      [
        "a key shown in clear",
        "SIGNATURE_MISSING",
        () => ({ authorization: `Bearer ${Buffer.from(SECRET).toString("base64url")}` }),
      ],
      [
        "a signature without what it is of",
        "SIGNATURE_MALFORMED",
        () => ({ ...signed(), "signature-input": undefined }),
      ],
      ["parameters without a signature", "SIGNATURE_MALFORMED", () => ({ ...signed(), signature: undefined })],
      ["no digest", "SIGNATURE_MALFORMED", () => ({ ...signed(), "content-digest": undefined })],
      ["no idempotency key", "SIGNATURE_MALFORMED", () => ({ ...signed(), "idempotency-key": undefined })],
      [
        "two signatures",
        "SIGNATURE_MALFORMED",
        () => ({ ...signed(), signature: [signed().signature!, signed().signature!] }),
      ],
      [
        "two digests",
        "SIGNATURE_MALFORMED",
        () => ({ ...signed(), "content-digest": [signed()["content-digest"]!, signed()["content-digest"]!] }),
      ],
      [
        "two sets of parameters",
        "SIGNATURE_MALFORMED",
        () => ({ ...signed(), "signature-input": [signed()["signature-input"]!, signed()["signature-input"]!] }),
      ],
      [
        "two idempotency keys",
        "SIGNATURE_MALFORMED",
        () => ({ ...signed(), "idempotency-key": ["a-key-of-its-own", "another-of-its-own"] }),
      ],
      [
        "a header that is too long",
        "SIGNATURE_MALFORMED",
        () => ({ ...signed(), signature: `ecard=:${"A".repeat(4000)}:` }),
      ],
      ["another algorithm", "SIGNATURE_MALFORMED", input((value) => value.replace("hmac-sha256", "ed25519"))],
      ["fewer covered components", "SIGNATURE_MALFORMED", input((value) => value.replace('"content-digest" ', ""))],
      ["no nonce", "SIGNATURE_MALFORMED", input((value) => value.replace(/;nonce="[^"]+"/, ""))],
      ["a parameter more", "SIGNATURE_MALFORMED", input((value) => `${value};expires=1900000000`)],
      [
        "an answer's parameters",
        "SIGNATURE_MALFORMED",
        () => ({ ...signed(), ...signedAnswer(KEYS, { status: 200, body: asked.body, signature: "" }, now) }),
      ],
      [
        "a later moment written in",
        "SIGNATURE_WRONG",
        input((value) => value.replace(`created=${T0}`, `created=${T0 + 1}`)),
      ],
      [
        "another nonce written in",
        "SIGNATURE_WRONG",
        input((value) => value.replace(/nonce="[^"]+"/, `nonce="${"A".repeat(22)}"`)),
      ],
      ["another service's name", "SIGNATURE_WRONG", () => signed({}, { ...KEYS, from: "acs" })],
      ["another name written in", "SIGNATURE_WRONG", input((value) => value.replace('"processor"', '"acs"'))],
      ["another secret", "SIGNATURE_WRONG", () => signed({}, serviceKeys(new Uint8Array(32), "processor", "issuer"))],
      [
        "the key of what the issuer asks",
        "SIGNATURE_WRONG",
        () => signed({}, { ...serviceKeys(SECRET, "issuer", "processor"), from: "processor" }),
      ],
      ["the key of answers", "SIGNATURE_WRONG", () => signed({}, { ...KEYS, request: KEYS.answer })],
      ["another path", "SIGNATURE_WRONG", () => signed(), { path: "/v1/others" }],
      ["a query", "SIGNATURE_WRONG", () => signed(), { path: "/v1/moves?amount=1" }],
      ["another method", "SIGNATURE_WRONG", () => signed(), { method: "PUT" }],
      ["another idempotency key", "SIGNATURE_WRONG", () => ({ ...signed(), "idempotency-key": "another-of-its-own" })],
      [
        "another digest",
        "SIGNATURE_WRONG",
        () => ({ ...signed(), "content-digest": signed({ body: Buffer.from("{}") })["content-digest"] }),
      ],
      ["another body", "DIGEST_WRONG", () => signed(), { body: '{"amount":951}' }],
      ["a body that says the same in other octets", "DIGEST_WRONG", () => signed(), { body: '{"amount": 950}' }],
      ["a minute and a second late", "CLOCK_SKEW", () => signed({}, KEYS, T0 - 61)],
      ["a minute and a second early", "CLOCK_SKEW", () => signed({}, KEYS, T0 + 61)],
    ];
  for (const [what, code, headers, { path = "/v1/moves", body, method } = {}] of TABLE) {
    it(`is refused with ${what}: ${code}, and the refusal is signed for nobody`, async () => {
      const answer = await send(path, headers(), body, method);
      expect(answer.code).to.equal(code);
      expect(answer.message.headers).not.to.have.any.keys("signature", "signature-input");
      expect(served).to.deep.equal([]);
    });
  }

  it("is taken up to a minute late or early", async () => {
    now += 60;
    expect((await send("/v1/moves", signed({}, KEYS, now - 60))).code).to.equal(200);
    expect((await send("/v1/moves", signed({}, KEYS, now + 60))).code).to.equal(200);
  });

  it("is taken once: REQUEST_REPLAYED, as long as it would be taken", async () => {
    const headers = signed({}, KEYS, now + 60);
    const altered = await send("/v1/moves", headers, '{"amount":951}');
    expect(altered.code, "a body that is not its own uses it up").to.equal("DIGEST_WRONG");
    expect((await send("/v1/moves", headers)).code).to.equal(200);
    for (const later of [0, 60, 60]) {
      now += later;
      await send("/v1/moves", signed());
      const again = await send("/v1/moves", headers);
      expect(again.code).to.equal("REQUEST_REPLAYED");
      expect(again.message.headers, "an answer to it would be believed").not.to.have.any.keys("signature");
    }
    now++;
    expect((await send("/v1/moves", headers)).code).to.equal("CLOCK_SKEW");
  });

  it("is refused where it was signed before the service began: SIGNED_BEFORE_START", async () => {
    expect((await send("/v1/moves", signed({}, KEYS, T0 - 1))).code).to.equal("SIGNED_BEFORE_START");
    expect(served).to.deep.equal([]);
  });

  it("has a memory with an end: REQUESTS_TOO_MANY, until the first of them are too old", () => {
    const nonces = new Nonces(T0, 3);
    const taken = (nonce: string, at: number) => {
      try {
        nonces.take(nonce, at, at);
        return "taken";
      } catch (error) {
        return (error as SignatureError).code;
      }
    };
    expect(["a", "b", "c", "d", "a"].map((nonce, i) => taken(nonce, T0 + i))).to.deep.equal([
      "taken",
      "taken",
      "taken",
      "REQUESTS_TOO_MANY",
      "REQUEST_REPLAYED",
    ]);
    expect(taken("d", T0 + 60)).to.equal("REQUESTS_TOO_MANY");
    expect(taken("d", T0 + 61)).to.equal("taken");
    expect(nonces.size).to.equal(3);
  });

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
      signedAnswer({ ...KEYS, ...change }, { status: 200, body: Buffer.from(text), signature }, now),
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
          signedAnswer(KEYS, { status: 200, body: Buffer.from(text), signature: signed().signature!.slice(6) }, now),
        ),
      "the key of requests": (response, text, signature) =>
        resigned(response, text, { answer: KEYS.request }, signature),
      "another service's name": (response, text, signature) => resigned(response, text, { to: "acs" }, signature),
    };
    for (const [what, way] of Object.entries(ways))
      expect(await said(through(way).ask("/v1/moves", BODY)), what).to.equal("ANSWER_UNPROVEN");
    expect(faults).to.have.length(7);
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
    expect(served).to.have.length(4);
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
        { method: "POST", url: `${url}/v1/moves`, headers: { ...headers } },
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
        { method: "POST", url: `${url}/v1/moves`, headers: sent },
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
