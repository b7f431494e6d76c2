// Whoever tries codes names another terminal (DE 41) or device each time, and that is his to choose: wrong tries are counted by his address as well, whatever
// else comes from there is served, and old ones are forgotten.

import { randomBytes } from "node:crypto";
import type { Message } from "@enabling-card/iso8583";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { expect } from "chai";
import { enrolledCard, purchase, T0, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { answersOf, saidOf } from "./terminal-line.js";

/** Within an hour, of one address. */
const WRONG_MAX = 100;

describe("whoever tries codes", () => {
  let network: Network;
  let now: number;
  let faults: string[];
  beforeEach(async () => {
    [now, faults] = [T0, []];
    network = await startOfRun({
      ...{ keys: keysFromSeeds(randomSeeds()), now: () => now, onFault: (code) => faults.push(code) },
    });
  });
  afterEach(() => network.close());

  let tried = 0;
  /** A code that nobody made, at a terminal that nobody heard of before. */
  const attempt = (): Message => {
    const n = String(++tried);
    return {
      mti: "0100",
      fields: {
        ...{ 3: "000000", 4: "000000000100", 7: "0115120000", 11: n.padStart(6, "0"), 19: "276", 32: "999999" },
        ...{ 35: `9999999${n.padStart(9, "0")}=30121011000712345678`, 41: `T${n.padStart(7, "0")}`, 49: "978" },
        42: "POWDERS".padEnd(15),
      },
    };
  };
  const attempts = (count: number) => Array.from({ length: count }, attempt);
  it("is told no more than that, whatever terminals it names, and others on its line are served: TRIES_SPENT", async () => {
    const { issuer } = network.issuer;
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const paid: Message[] = [];
    for (let i = 0; i < 7; i++)
      paid.push(purchase(tracksOf(await takeGrant(issuer, card, tokenRef)), { 11: `80000${i}` }));
    const messages = attempts(WRONG_MAX + 40).flatMap((one, i) =>
      i > WRONG_MAX && i % 5 === 0 ? [one, paid.pop()!] : [one],
    );
    expect(paid, "one behind each fifth of what is wrong").to.deep.equal([]);
    const said = (await answersOf(network.processor.iso, messages)).map(saidOf);
    expect(said.length).to.equal(messages.length);
    const counts = (what: string) => said.filter((one) => one === what).length;
    expect([counts("CODE_UNKNOWN"), counts("TRIES_SPENT"), counts("APPROVED")]).to.deep.equal([WRONG_MAX, 40, 7]);
    expect(faults).to.deep.equal([]);
  });

  it("is counted no further then: neither rows nor locked terminals are his to make", async () => {
    const { processor } = network.processor;
    const address = processor.nameOf("address", "127.0.0.1");
    await answersOf(network.processor.iso, attempts(WRONG_MAX));
    expect(await processor.store.failures(address, 0)).to.equal(WRONG_MAX);
    await answersOf(network.processor.iso, attempts(20));
    expect(await processor.store.failures(address, 0)).to.equal(WRONG_MAX);
    const here = attempt();
    const nine = Array.from({ length: 9 }, () => ({
      ...here,
      fields: { ...here.fields, 11: String(++tried).padStart(6, "0") },
    }));
    const said = (await answersOf(network.processor.iso, nine)).map(saidOf);
    expect(said, "his terminal is not locked by more").to.deep.equal(Array(9).fill("TRIES_SPENT"));
  });

  it("over HTTP likewise, whatever devices it names", async () => {
    const buy = async () => {
      const device = randomBytes(16).toString("base64url");
      const code = `9999999${String(++tried).padStart(9, "0")}`;
      const purchase = { device, code, counter: 1, cost: 100, currency: "978", provider: "POWDERS" };
      const response = await fetch(`${network.processor.url}/v1/purchases`, {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify({ ...purchase, mac: Buffer.alloc(8).toString("base64url") }),
      });
      return ((await response.json()) as { ourCode: unknown }).ourCode;
    };
    for (let i = 0; i < WRONG_MAX; i++) expect(await buy()).to.equal("CODE_UNKNOWN");
    expect(await buy()).to.equal("TRIES_SPENT");
    now += 3600;
    expect(await buy()).to.equal("CODE_UNKNOWN");
  });

  it("leaves nothing behind when a day has gone by: old wrong tries are forgotten, whose ever they were", async () => {
    const { store } = network.processor.processor;
    for (let i = 0; i < 50; i++) await store.addFailure(`subject ${i}`, now, now - 86_400);
    now += 86_400;
    await answersOf(network.processor.iso, attempts(1));
    for (let i = 0; i < 50; i++) expect(await store.failures(`subject ${i}`, 0), String(i)).to.equal(0);
  });
});
