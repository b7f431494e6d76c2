// A transaction code that was used (system 5), and requests that come under the name of the one that used it: STAN, terminal, time; over HTTP device and
// counter. Whoever knows these knows no secret: the very same request gets its answer, any other is a further use.

import { randomBytes } from "node:crypto";
import type { Message } from "@enabling-card/iso8583";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { purchaseMac, stripeMac } from "@enabling-card/processor";
import { expect } from "chai";
import { enrolledCard, T0, type TestCard } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { answersOf, saidOf } from "./terminal-line.js";

const PROVIDER = "POWDER & CO";
const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
type Json = Record<string, unknown>;

describe("a transaction code that was used", () => {
  let network: Network;
  let now: number;
  let card: TestCard;
  let tokenRef: Uint8Array;
  let device: string;
  let toIssuer: Message[];
  const key = randomBytes(16);

  beforeEach(async () => {
    now = T0;
    toIssuer = [];
    network = await startOfRun({
      keys: keysFromSeeds(randomSeeds()),
      now: () => now,
      onMessage: (_from, to, message) => void (to === "issuer" && toIssuer.push(message)),
    });
    card = await enrolledCard(network.issuer.issuer);
    ({ tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada"));
    device = (await post("/v1/devices", { cardId: base64(card.cardId), tokenRef: base64(tokenRef), key: base64(key) }))
      .device as string;
  });
  afterEach(() => network.close());

  async function post(path: string, body: Json): Promise<Json> {
    const response = await fetch(`${network.processor.url}${path}`, {
      method: "POST",
      headers: {
        ...{ authorization: `Bearer ${base64(card.accessKey)}`, "idempotency-key": base64(randomBytes(12)) },
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Json;
  }
  const newCode = async () => {
    const named = { cardId: base64(card.cardId), tokenRef: base64(tokenRef), device, provider: PROVIDER };
    return (await post("/v1/codes", { ...named, maxCost: 1500, currency: "978", lifeS: 3600 })).code as string;
  };
  let stan = 0;
  const request = (code: string): Message => ({
    mti: "0100",
    fields: {
      ...{ 3: "000000", 4: "000000001250", 7: "0115120000", 11: String(++stan).padStart(6, "0"), 18: "5462" },
      ...{ 19: "276", 22: "902", 32: "999999", 35: trackOf(code, stripeMac(key, code, 7)), 37: "501512000001" },
      ...{ 41: "POS00001", 42: PROVIDER.padEnd(15), 49: "978" },
    },
  });
  const trackOf = (code: string, digits: string) => `${code}=301210110007${digits}`;
  const swipe = (...messages: readonly Message[]) => answersOf(network.processor.iso, messages);
  const swiped = async (message: Message) => saidOf((await swipe(message))[0]!);

  for (const [what, change, decline] of [
    ["another amount", { 4: "000000000950" }, "CODE_USED"],
    ["an amount over its cap", { 4: "000099999900" }, "CODE_USED"],
    ["another currency", { 49: "840" }, "CODE_USED"],
    ["another merchant", { 42: "EVIL SHOP".padEnd(15) }, "CODE_USED"],
    ["another country", { 19: "250" }, "CODE_USED"],
    ["another kind of merchant", { 18: "5999" }, "CODE_USED"],
    ["the merchant's name", { 43: "EVIL SHOP".padEnd(40) }, "CODE_USED"],
    ["a false MAC", { 35: "00000000" }, "DEVICE_WRONG"],
  ] as const) {
    it(`pays nothing more with ${what}: ${decline}`, async () => {
      const code = await newCode();
      const first = request(code);
      const [answer] = await swipe(first);
      expect(saidOf(answer!)).to.equal("APPROVED");
      toIssuer = [];
      const fields = {
        ...first.fields,
        ...change,
        ...("35" in change && { 35: trackOf(code, change[35]) }),
      };
      for (const mti of ["0100", "0101"]) expect(await swiped({ mti, fields })).to.equal(decline);
      expect(toIssuer).to.deep.equal([]);
      expect((await swipe({ ...first, mti: "0101" }))[0]!.fields, "its true repeat").to.deep.equal(answer!.fields);
    });
  }

  it("pays nothing more when it has expired; its true repeat has its answer for a day, and none is decided anew", async () => {
    const first = request(await newCode());
    const [answer] = await swipe(first);
    now += 72_000;
    const dearer = { mti: "0101", fields: { ...first.fields, 4: "000000500000" } };
    expect(await swiped(dearer)).to.equal("CODE_USED");
    expect((await swipe({ ...first, mti: "0101" }))[0]!.fields).to.deep.equal(answer!.fields);
    now = T0 + 86_400;
    expect(await swiped({ ...first, mti: "0101" }), "a day later").to.equal("CODE_USED");
  });

  it("pays over HTTP nothing more: the same counter with another cost, currency, provider or MAC", async () => {
    const asked = { code: await newCode(), counter: 1, cost: 1250, currency: "978", provider: PROVIDER };
    const buy = async (change: Partial<typeof asked> = {}, mac = purchaseMac(key, { ...asked, ...change })) =>
      post("/v1/purchases", { device, ...asked, ...change, mac: base64(mac) });
    const bought = await buy();
    expect(bought).to.include({ approved: true });
    for (const change of [{ cost: 1 }, { cost: 99_999_900 }, { currency: "840" }, { provider: "EVIL SHOP" }]) {
      expect(await buy(change), JSON.stringify(change)).to.include({ approved: false, ourCode: "CODE_USED" });
      const unproven = await buy(change, new Uint8Array(8));
      expect(unproven, "and no MAC").to.include({ approved: false, ourCode: "DEVICE_WRONG" });
    }
    expect(await buy({}, new Uint8Array(8))).to.include({ approved: false, ourCode: "DEVICE_WRONG" });
    now += 5;
    expect(await buy(), "the very same purchase").to.deep.equal(bought);
  });

  it("is one of two whose requests have one name at a terminal: the other is NAME_TAKEN, not used, and not reversed", async () => {
    const [first, other] = [request(await newCode()), request(await newCode())];
    const again = { mti: "0100", fields: { ...other.fields, 11: first.fields[11]! } };
    const [answer] = await swipe(first);
    expect(saidOf(answer!)).to.equal("APPROVED");
    for (let i = 0; i < 2; i++) expect(await swiped(again)).to.equal("NAME_TAKEN");
    expect(toIssuer.length).to.equal(1);
    expect(await swiped(other), "by a name of its own").to.equal("APPROVED");
    const { 35: _, ...fields } = first.fields;
    const original = `0100${fields[11]}${fields[7]}${"999999".padStart(11, "0")}${"0".repeat(11)}`;
    const reversal: Message = { mti: "0400", fields: { ...fields, 11: "900001", 90: original } };
    expect((await swipe(reversal))[0]!.fields[39]).to.equal("00");
    expect(await swiped({ ...first, mti: "0101" })).to.equal("REVERSED");
    expect(await swiped({ ...other, mti: "0101" })).to.equal("APPROVED");
  });

  it("over HTTP is paid with by a request of a name of its own, whatever its counter ends in", async () => {
    const codes = await Promise.all(Array.from({ length: 8 }, newCode));
    const buy = (code: string, counter: number) => {
      const asked = { code, counter, cost: 1250, currency: "978", provider: PROVIDER };
      return post("/v1/purchases", { device, ...asked, mac: base64(purchaseMac(key, asked)) });
    };
    const answers = await Promise.all(codes.slice(1).map((code, i) => buy(code, 7 + i * 1_000_000)));
    expect(answers.filter(({ approved }) => approved === true).length).to.equal(7);
    const names = toIssuer.map(({ fields }) => [32, 41, 11, 7].map((de) => fields[de as 7]).join("|"));
    expect(new Set(names).size, "their names").to.equal(7);
    expect(await buy(codes[0]!, 7), "a counter of another purchase").to.include({ ourCode: "NAME_TAKEN" });
    expect(await buy(codes[0]!, 8)).to.include({ approved: true });
  });

  it("is paid with by one of 200 that present it at once with one STAN and an amount each", async () => {
    for (let run = 0; run < 3; run++) {
      const code = await newCode();
      const first = request(code);
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, line) =>
          swipe(
            ...Array.from({ length: 10 }, (_, i) => {
              const amount = String(line * 10 + i + 1).padStart(12, "0");
              return { ...first, fields: { ...first.fields, 4: amount } };
            }),
          ),
        ),
      );
      const outcomes = all.flat().map(saidOf);
      expect(outcomes.filter((one) => one === "APPROVED")).to.have.length(1);
      expect(outcomes.filter((one) => one === "CODE_USED")).to.have.length(199);
    }
  }).timeout(60_000);
});
