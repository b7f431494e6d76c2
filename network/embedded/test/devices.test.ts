// Devices of a card's holder (system 5): who may register and remove one, how many, and what becomes of one's codes.

import { randomBytes } from "node:crypto";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { DEVICES_MAX, stripeMac } from "@enabling-card/processor";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { enrolledCard, purchase, T0, type TestCard } from "../../issuer/test/issuer-support.js";
import { DEVICES_KEPT_MAX } from "../../processor/src/devices.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { answersOf, saidOf } from "./terminal-line.js";

const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
type Json = Record<string, unknown>;
interface Holder {
  readonly card: TestCard;
  readonly tokenRef: Uint8Array;
}

describe("a device", () => {
  let network: Network;
  let now: number;
  let mine: Holder;
  let other: Holder;
  const key = randomBytes(16);

  beforeEach(async () => {
    now = T0;
    network = await startOfRun({ keys: keysFromSeeds(randomSeeds()), now: () => now });
    [mine, other] = [await holder(), await holder()];
  });
  afterEach(() => network.close());

  async function holder(): Promise<Holder> {
    const card = await enrolledCard(network.issuer.issuer);
    return { card, tokenRef: (await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef };
  }
  const named = ({ card, tokenRef }: Holder) => ({ cardId: base64(card.cardId), tokenRef: base64(tokenRef) });

  async function ask(method: string, path: string, by: Holder | null, body?: Json, idempotencyKey?: string) {
    const response = await fetch(`${network.processor.url}${path}`, {
      method,
      headers: {
        "idempotency-key": idempotencyKey ?? base64(randomBytes(12)),
        ...(by && { authorization: `Bearer ${base64(by.card.accessKey)}` }),
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { device?: string; code?: string; codeRef?: string };
    return { status: response.status, ...answer };
  }
  const register = (of: Holder, { by = of as Holder | null, idempotencyKey = base64(randomBytes(12)) } = {}) =>
    ask("POST", "/v1/devices", by, { ...named(of), key: base64(key) }, idempotencyKey);
  const remove = (device: string, by: Holder, idempotencyKey?: string) =>
    ask("DELETE", `/v1/devices/${device}?${new URLSearchParams(named(by))}`, by, undefined, idempotencyKey);
  const codeFor = (device: string, by: Holder) => {
    const order = { provider: "POWDER & CO", maxCost: 1250, currency: "978", lifeS: 600 };
    return ask("POST", "/v1/codes", by, { ...named(by), ...order, device });
  };
  const registered = async (of: Holder) => (await register(of)).device!;
  const rows = async () => (await network.processor.processor.store.sealedRows("devices", "", 999)).length;
  const swiped = async (code: string) => {
    const track2 = `${code}=30121011${"0001"}${stripeMac(key, code, 1)}`;
    const asked = purchase({ track2 }, { 42: "POWDER & CO".padEnd(15), 49: "978" });
    return saidOf((await answersOf(network.processor.iso, [asked]))[0]!);
  };

  it("has a name that a store can be asked for: BAD_REQUEST", async () => {
    for (const wrong of ["%00", "a%20b", "a".repeat(65)]) {
      expect(await remove(wrong, mine), wrong).to.include({ status: 400, code: "BAD_REQUEST" });
    }
  });

  it("is no way around a domain: of a token for domains alone there is no device, and no code: ACCOUNT_REFUSED", async () => {
    const { card } = mine;
    const { tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada", "domain");
    const device = await registered(mine);
    const before = await rows();
    expect((await register({ card, tokenRef })).code).to.equal("ACCOUNT_REFUSED");
    expect((await codeFor(device, { card, tokenRef })).code).to.equal("ACCOUNT_REFUSED");
    expect(await rows()).to.equal(before);
    const { issuer } = network.issuer;
    const asked = issuer.account(card.cardId, card.accessKey, toHex(tokenRef));
    expect(await asked.catch(({ code }) => code)).to.equal("DOMAIN_REQUIRED");
    expect((await codeFor(device, mine)).status).to.equal(200);
  });

  it("is registered by nobody but a card's holder: UNAUTHORISED, and nothing is kept", async () => {
    const refused = [
      await register(mine, { by: null }),
      await register(mine, { by: other }),
      await register({ ...mine, card: { ...mine.card, cardId: new Uint8Array(16) } }),
    ];
    for (const { status, code } of refused) expect([status, code]).to.deep.equal([401, "UNAUTHORISED"]);
    const unknown = await register({ ...mine, tokenRef: new Uint8Array(16) });
    expect([unknown.status, unknown.code]).to.deep.equal([403, "ACCOUNT_REFUSED"]);
    expect(await rows()).to.equal(0);
    expect((await register(mine)).status).to.equal(200);
    expect(await rows()).to.equal(1);
  });

  it("is one of a card's sixteen, however many come at once: DEVICE_LIMIT, until one is removed", async () => {
    const all = await Promise.all(Array.from({ length: DEVICES_MAX + 4 }, () => register(mine)));
    const refused = all.filter(({ status }) => status !== 200);
    expect(refused.map(({ status, code }) => [status, code])).to.deep.equal(
      Array.from({ length: 4 }, () => [403, "DEVICE_LIMIT"]),
    );
    expect((await register(other)).status, "another card's").to.equal(200);
    const { device } = all.find(({ status }) => status === 200)!;
    expect((await remove(device!, mine)).status).to.equal(200);
    expect((await register(mine)).status).to.equal(200);
    expect((await register(mine)).code).to.equal("DEVICE_LIMIT");
  });

  it("has no codes of another card's, who cannot remove it either: DEVICE_UNKNOWN", async () => {
    const device = await registered(mine);
    expect((await codeFor(device, mine)).status).to.equal(200);
    const refused = [await codeFor(device, other), await remove(device, other), await remove("nobody's", mine)];
    for (const { status, code } of refused) expect([status, code]).to.deep.equal([404, "DEVICE_UNKNOWN"]);
    expect((await codeFor(device, mine)).status).to.equal(200);
  });

  it("that was removed gets no code, and one of before pays nothing: CODE_EXPIRED; twice is once", async () => {
    const device = await registered(mine);
    const codes = [(await codeFor(device, mine)).code!, (await codeFor(device, mine)).code!];
    expect(await swiped(codes[0]!)).to.equal("APPROVED");
    const gone = await remove(device, mine, "removed-once");
    expect(gone).to.deep.include({ status: 200, device });
    expect(await remove(device, mine, "removed-once")).to.deep.equal(gone);
    expect((await remove(device, mine)).status).to.equal(200);
    expect(await swiped(codes[1]!)).to.equal("CODE_EXPIRED");
    expect(await codeFor(device, mine)).to.include({ status: 404, code: "DEVICE_UNKNOWN" });
  });

  it("that was removed is forgotten when its codes are", async () => {
    const [used, unused] = [await registered(mine), await registered(mine)];
    await codeFor(used, mine);
    await remove(used, mine);
    await remove(unused, mine);
    await registered(other);
    expect(await rows(), "the one with a code, and the other card's").to.equal(2);
    now += 600 + 2 * 86_400 + 1;
    await registered(other);
    expect(await rows()).to.equal(2);
  });

  it("is one of so many of a card with those that were removed and whose codes are kept still: DEVICE_LIMIT", async () => {
    const { processor } = network.processor;
    const owner = processor.nameOf("owner", named(mine).cardId);
    const sealed = processor.sealKey(key);
    await processor.store.atomically(async (kept) => {
      for (let i = 0; i < DEVICES_KEPT_MAX; i++) {
        const device = `device ${i}`;
        await kept.devices.add(device, sealed, owner);
        const code = { code_name: `name ${i}`, code_ref: `ref ${i}`, owner, device, provider: "SHOP", max_cost: 1 };
        await kept.addCode({ ...code, currency: "978", account: sealed, not_before: now, expires: now + 60 });
        await kept.devices.remove(device);
      }
    });
    expect(await register(mine)).to.include({ status: 403, code: "DEVICE_LIMIT" });
    expect((await register(other)).status, "another card's").to.equal(200);
    now += 60 + 2 * 86_400;
    expect((await register(mine)).status, "when they are forgotten").to.equal(200);
  });

  it("of before devices had an owner is whose knows its name", async () => {
    const { processor } = network.processor;
    await processor.store.devices.add("A".repeat(22), processor.sealKey(key), null);
    expect((await codeFor("A".repeat(22), mine)).status).to.equal(200);
    expect((await remove("A".repeat(22), mine)).code).to.equal("DEVICE_UNKNOWN");
  });
});
