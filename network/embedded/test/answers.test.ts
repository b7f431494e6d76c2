// Requests that come again under their idempotency key: whatever moves state is done once, however often its answer is lost on the way; through the real
// doors, asked by the SDK and by hand.

import { randomBytes } from "node:crypto";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { CodeClient, IssuerClient } from "@enabling-card/sdk";
import { TokenState, toBase32, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import {
  enrolledCard,
  newCard,
  openGrant,
  purchase,
  T0,
  type TestCard,
  tracksOf,
} from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { answersOf, saidOf } from "./terminal-line.js";

type Json = Record<string, unknown>;
const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
const octets = (text: unknown) => Uint8Array.from(Buffer.from(text as string, "base64url"));
const DOMAIN = { requestor: "Test wallet", channel: 0, country: 276, maxAmount: 1250 };
const KEY = "a-key-of-its-own";

describe("a request that comes again", () => {
  let network: Network;
  let now: number;
  let card: TestCard;
  let tokenRef: Uint8Array;

  beforeEach(async () => {
    now = T0;
    network = await startOfRun({
      ...{ keys: keysFromSeeds(randomSeeds()), now: () => now },
    });
    card = await enrolledCard(network.issuer.issuer);
    ({ tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada"));
  });
  afterEach(() => network.close());

  const post = async (path: string, body: Json, key: string, of: TestCard = card, url = network.issuer.url) => {
    const headers = {
      ...{ authorization: `Bearer ${base64(of.accessKey)}`, "content-type": "application/json" },
      "idempotency-key": key,
    };
    const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as Json };
  };
  const wanted = (change: Json = {}): Json => ({
    ...{ cardId: base64(card.cardId), tokenRef: base64(tokenRef), challenge: base64(new Uint8Array(16)) },
    ...{ checkpointSize: 0, domain: DOMAIN, maxEmissions: 1, kind: "online", ...change },
  });
  const atcOf = async (ref = tokenRef) => (await network.issuer.issuer.store.token(toHex(ref)))!.atc;
  const tokensOf = async (cardId: Uint8Array) => (await network.issuer.issuer.store.tokensOf(toBase32(cardId))).length;
  /** A fetch whose every first answer is lost, when the service has done its work. */
  const losing = () => {
    const lost: string[] = [];
    let isNext = true;
    const fetching = (async (url: URL, options: RequestInit) => {
      const response = await fetch(url, options);
      isNext = !isNext;
      if (isNext) return response;
      lost.push(await response.text());
      throw new TypeError("the line is gone");
    }) as typeof globalThis.fetch;
    return { fetch: fetching, lost };
  };

  it("of the SDK, whose answer was lost, is done once: one card, token, ATC, device, suspension, registration", async () => {
    const { issuer } = network.issuer;
    const { fetch: through, lost } = losing();
    const other = newCard(issuer);
    const client = new IssuerClient({ baseUrl: network.issuer.url, fetch: through });
    const { accessKey } = await client.enrol(other.certificate, "Ada's phone");
    await issuer.authenticate(other.cardId, octets(accessKey));
    const token = await client.createToken(other.cardId, "LOVELACE/ADA");
    expect(await tokensOf(other.cardId)).to.equal(1);
    const position = { cardId: other.cardId, checkpointSize: 0 };
    const grant = await client.grant({
      ...{ ...position, tokenRef: token.tokenRef, challenge: new Uint8Array(16), domain: DOMAIN },
      ...{ maxEmissions: 1, kind: "online" },
    });
    expect(await atcOf(token.tokenRef)).to.equal(1);
    expect(base64(grant.sealed), "the very grant that was lost").to.equal(JSON.parse(lost[2]!).sealed);
    const tracks = tracksOf(await openGrant(grant.sealed, other));
    expect(saidOf((await answersOf(network.processor.iso, [purchase(tracks)]))[0]!)).to.equal("APPROVED");
    const codes = new CodeClient({ baseUrl: network.processor.url, accessKey, fetch: through });
    expect(await codes.addDevice(other, { ...token, key: randomBytes(16) })).to.equal(JSON.parse(lost[3]!).device);
    const { version } = await client.setState(token.tokenRef, "suspended", position);
    expect(version).to.equal(1);
    expect((await issuer.store.token(toHex(token.tokenRef)))!.version).to.equal(1);
    const { registration } = await client.register(other.cardId, token.tokenRef);
    expect(base64(registration), "the very one that was lost").to.equal(JSON.parse(lost[5]!).registration);
    expect(lost).to.have.length(6);
  });

  it("gets what was answered, octet for octet, and counts nothing", async () => {
    const first = await post("/v1/grants", wanted(), KEY);
    expect(first.status).to.equal(200);
    now += 30;
    expect(await post("/v1/grants", wanted(), KEY)).to.deep.equal(first);
    const turned = Object.fromEntries(Object.entries(wanted()).reverse());
    expect(await post("/v1/grants", turned, KEY), "the same JSON, its members in another order").to.deep.equal(first);
    expect(await atcOf()).to.equal(1);
    const token = { cardId: base64(card.cardId), holderName: "Lovelace/Ada" };
    const minted = await post("/v1/tokens", token, `${KEY}-2`);
    expect(await post("/v1/tokens", token, `${KEY}-2`)).to.deep.equal(minted);
    expect(await tokensOf(card.cardId)).to.equal(2);
  });

  it("under a key of its own is another one", async () => {
    const [one, two] = [await post("/v1/grants", wanted(), KEY), await post("/v1/grants", wanted(), `${KEY}-2`)];
    const ephemeral = ({ body }: { body: Json }) => toHex(octets(body.sealed).subarray(0, 32));
    expect(ephemeral(one), "a key that seals two grants opens both").not.to.equal(ephemeral(two));
    expect(await atcOf()).to.equal(2);
  });

  it("and says something else, or asks elsewhere, is refused, and does nothing: IDEMPOTENCY_MISMATCH", async () => {
    const state = { cardId: base64(card.cardId), checkpointSize: 0, state: "suspended" };
    const stateOf = `/v1/tokens/${base64(tokenRef)}/state`;
    const { certificate } = newCard(network.issuer.issuer);
    const { tokenRef: paying } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada");
    const named = { cardId: base64(card.cardId), tokenRef: base64(paying) };
    const cases: readonly (readonly [string, Json, Json, string?])[] = [
      ["/v1/grants", wanted(), wanted({ domain: { ...DOMAIN, maxAmount: 1251 } })],
      [
        "/v1/tokens",
        { cardId: base64(card.cardId), holderName: "A/B" },
        { cardId: base64(card.cardId), holderName: "A/C" },
      ],
      [stateOf, state, { ...state, state: "deactivated" }],
      [
        "/v1/cards",
        { certificate: base64(certificate), phoneName: "a" },
        { certificate: base64(certificate), phoneName: "b" },
      ],
      [
        "/v1/devices",
        { ...named, key: base64(randomBytes(16)) },
        { ...named, key: base64(randomBytes(16)) },
        network.processor.url,
      ],
    ];
    for (const [i, [path, body, other, url]] of cases.entries()) {
      const key = `${KEY}-${i}`;
      expect((await post(path, body, key, card, url)).status, path).to.equal(200);
      expect(await post(path, other, key, card, url), path)
        .to.deep.include({ status: 422 })
        .and.to.have.nested.property("body.code", "IDEMPOTENCY_MISMATCH");
    }
    expect((await post("/v1/tokens", { cardId: base64(card.cardId), holderName: "A/B" }, `${KEY}-0`)).body).to.include({
      code: "IDEMPOTENCY_MISMATCH",
    });
    expect(await tokensOf(card.cardId)).to.equal(3);
    const sameBody = await post(`/v1/tokens/${base64(paying)}/state`, state, `${KEY}-2`);
    expect(sameBody.body, "of another token").to.include({ code: "IDEMPOTENCY_MISMATCH" });
    expect(await atcOf()).to.equal(1);
    expect((await network.issuer.issuer.store.token(toHex(tokenRef)))!.state).to.equal(TokenState.Suspended);
  });

  it("is another's where another card chose the same key", async () => {
    const other = await enrolledCard(network.issuer.issuer);
    const { tokenRef: theirs } = await network.issuer.issuer.mint(other.cardId, "Turing/Alan");
    await post("/v1/grants", wanted(), KEY);
    const asked = wanted({ cardId: base64(other.cardId), tokenRef: base64(theirs) });
    const { status, body } = await post("/v1/grants", asked, KEY, other);
    expect(status).to.equal(200);
    expect((await openGrant(octets(body.sealed), other)).atc).to.equal(1);
    expect((await post("/v1/grants", wanted(), KEY, other)).body, "who has no access key has nothing").to.include({
      code: "UNAUTHORISED",
    });
  });

  it("behind a refusal is a first one: what was refused is not kept", async () => {
    const { issuer } = network.issuer;
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "cardholder");
    expect((await post("/v1/grants", wanted(), KEY)).body).to.include({ code: "TOKEN_SUSPENDED" });
    await issuer.setState(toHex(tokenRef), TokenState.Active, "cardholder");
    expect((await post("/v1/grants", wanted(), KEY)).status).to.equal(200);
    expect((await post("/v1/tokens", { cardId: base64(card.cardId), holderName: "1" }, `${KEY}-2`)).status).to.equal(
      400,
    );
  });

  it("of 20 at once is done once, and each gets the same", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post("/v1/grants", wanted(), KEY)));
    for (const answer of answers) expect(answer).to.deep.equal(answers[0]);
    expect(answers[0]!.status).to.equal(200);
    expect(await atcOf()).to.equal(1);
    const token = { cardId: base64(card.cardId), holderName: "Lovelace/Ada" };
    const minted = await Promise.all(Array.from({ length: 20 }, () => post("/v1/tokens", token, `${KEY}-2`)));
    for (const answer of minted) expect(answer).to.deep.equal(minted[0]);
    expect(await tokensOf(card.cardId)).to.equal(2);
  });

  it("late takes a token from no phone that registered it since", async () => {
    const path = `/v1/tokens/${base64(tokenRef)}/registration`;
    const first = await post(path, { cardId: base64(card.cardId) }, KEY);
    expect(first.status).to.equal(200);
    const second = await post(path, { cardId: base64(card.cardId) }, `${KEY}-2`);
    expect(await post(path, { cardId: base64(card.cardId) }, KEY)).to.deep.equal(first);
    const kept = (await network.issuer.issuer.store.token(toHex(tokenRef)))!.registration;
    expect(kept).to.equal(toHex(octets(second.body.registration)));
  });

  it("late does not suspend what was resumed since, and tells what it came to then", async () => {
    const { issuer } = network.issuer;
    const path = `/v1/tokens/${base64(tokenRef)}/state`;
    const suspend = { cardId: base64(card.cardId), checkpointSize: 0, state: "suspended" };
    const first = await post(path, suspend, KEY);
    await issuer.setState(toHex(tokenRef), TokenState.Active, "cardholder");
    expect(await post(path, suspend, KEY)).to.deep.equal(first);
    expect(first.body).to.include({ state: "suspended", version: 1 });
    expect((await issuer.store.token(toHex(tokenRef)))!.state).to.equal(TokenState.Active);
  });

  it("more than a day later is a first one", async () => {
    const first = await post("/v1/grants", wanted(), KEY);
    now += 86_399;
    expect((await post("/v1/grants", wanted(), KEY)).body.sealed).to.equal(first.body.sealed);
    now += 1;
    await post("/v1/grants", wanted(), `${KEY}-2`);
    expect((await post("/v1/grants", wanted(), KEY)).body.sealed).not.to.equal(first.body.sealed);
    expect(await atcOf()).to.equal(3);
  });

  it("has a key of 8 to 64 printable characters: BAD_REQUEST", async () => {
    for (const key of ["short", "x".repeat(65), "a key with blanks"]) {
      expect((await post("/v1/grants", wanted(), key)).body, key).to.include({ code: "BAD_REQUEST" });
    }
    expect(await atcOf()).to.equal(0);
  });
});
