// Signed HTTP between services, at the door: what is taken, and each refusal.

import type { Master } from "@enabling-card/vault";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { type SignatureError, signedAnswer } from "../src/http-signature.js";
import { httpDoor, serviceKeys, signedRoutes } from "../src/index.js";
import { Nonces } from "../src/nonces.js";
import { BODY, KEYS, REFUSALS, SECRET, type Sent, signedDoor, T0 } from "./signed-support.js";

describe("signed HTTP between services", () => {
  const { door, send, asked, signed, caller, said } = signedDoor();

  it("is answered, and the answer is believed", async () => {
    expect(await caller().ask("/v1/moves", BODY)).to.deep.equal({ taken: 950 });
    expect(door.served).to.deep.equal([BODY]);
    expect((await send("/v1/moves", signed())).code).to.equal(200);
    expect(door.faults).to.deep.equal([]);
  });

  it("is refused by the other service in its own words, and those are believed too", async () => {
    expect(await said(caller().ask("/v1/moves", { amount: -1 }))).to.equal("OWN");
    expect(await said(caller().ask("/v1/moves", { amount: 1, more: 1 }))).to.equal("BAD_REQUEST");
    expect(door.faults).to.deep.equal([]);
  });

  describe("whose secret is changed", () => {
    const second = { number: 1, master: new Uint8Array(32).fill(7) };
    const both = { ...second, before: { number: 0, master: SECRET } };
    const keysOf = (secret: Master) => serviceKeys(secret, "processor", "issuer");
    let changed: FastifyInstance;
    const open = async (secret: Master) => {
      changed = await httpDoor({ refusals: REFUSALS, title: "Test" });
      await signedRoutes(changed, { keys: keysOf(secret), now: () => door.now }, (routes) => {
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
      expect(door.faults).to.deep.equal([]);
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
    expect(await (await fetch(`${door.url}/v1/open`)).json()).to.deep.equal({ open: true });
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
        () => ({ ...signed(), ...signedAnswer(KEYS, { status: 200, body: asked.body, signature: "" }, door.now) }),
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
      expect(door.served).to.deep.equal([]);
    });
  }

  it("is taken up to a minute late or early", async () => {
    door.now += 60;
    expect((await send("/v1/moves", signed({}, KEYS, door.now - 60))).code).to.equal(200);
    expect((await send("/v1/moves", signed({}, KEYS, door.now + 60))).code).to.equal(200);
  });

  it("is taken once: REQUEST_REPLAYED, as long as it would be taken", async () => {
    const headers = signed({}, KEYS, door.now + 60);
    const altered = await send("/v1/moves", headers, '{"amount":951}');
    expect(altered.code, "a body that is not its own uses it up").to.equal("DIGEST_WRONG");
    expect((await send("/v1/moves", headers)).code).to.equal(200);
    for (const later of [0, 60, 60]) {
      door.now += later;
      await send("/v1/moves", signed());
      const again = await send("/v1/moves", headers);
      expect(again.code).to.equal("REQUEST_REPLAYED");
      expect(again.message.headers, "an answer to it would be believed").not.to.have.any.keys("signature");
    }
    door.now++;
    expect((await send("/v1/moves", headers)).code).to.equal("CLOCK_SKEW");
  });

  it("is refused where it was signed before the service began: SIGNED_BEFORE_START", async () => {
    expect((await send("/v1/moves", signed({}, KEYS, T0 - 1))).code).to.equal("SIGNED_BEFORE_START");
    expect(door.served).to.deep.equal([]);
  });

  it("is taken by a service whose clock was ahead when it began, once the clock is set back", async () => {
    const early = signed({}, KEYS, T0 - 3600);
    door.now = T0 - 3600;
    expect((await send("/v1/moves", early)).code).to.equal(200);
    expect((await send("/v1/moves", early)).code).to.equal("REQUEST_REPLAYED");
    const before = await send("/v1/moves", signed({}, KEYS, T0 - 3601));
    expect(before.code, "signed before it").to.equal("SIGNED_BEFORE_START");
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
});
