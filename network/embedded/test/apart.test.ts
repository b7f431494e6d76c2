// Issuer and processor as two services: a line with a MAC between them, that breaks, and an issuer that is not there.

import { IsoCaller, LineError, type LineKeys, lineKeys, ServiceCaller, serviceKeys } from "@enabling-card/doors";
import type { Message } from "@enabling-card/iso8583";
import { type IssuerService, keysFromSeeds, randomSeeds, startIssuer } from "@enabling-card/issuer";
import { Processor } from "@enabling-card/processor";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import {
  enrolledCard,
  openGrant,
  purchase,
  reversalOf,
  T0,
  type TestCard,
  takeGrant,
  tracksOf,
} from "../../issuer/test/issuer-support.js";
import { Switch } from "../../processor/src/switch.js";
import { startNetwork } from "../src/index.js";
import { startApart } from "./start.js";

const SECRET = new Uint8Array(32).fill(3);

describe("a processor apart from its issuer", () => {
  let issuer: IssuerService;
  let processor: Processor;
  let line: IsoCaller;
  let terminals: Switch;
  let faults: string[];
  let port = 0;
  const keys = keysFromSeeds(randomSeeds());

  const startOne = async () => {
    issuer = await startIssuer({ keys, now: () => T0, processor: { port, secret: SECRET } });
    ({ port } = issuer.line!);
  };
  beforeEach(async () => {
    faults = [];
    port = 0;
    await startOne();
    line = new IsoCaller({ ...issuer.line!, now: () => T0, keys: lineKeys(SECRET), answerMs: 300 });
    const findAccount = () => Promise.reject(new Error("not asked here"));
    processor = await Processor.open({ master: new Uint8Array(32), findAccount, now: () => T0 });
    terminals = new Switch({ processor, route: (message) => line.ask(message), onFault: (code) => faults.push(code) });
  });
  afterEach(async () => {
    terminals.close();
    line.close();
    await processor.close();
    await issuer.close();
  });

  const swipe = async () => {
    const card = await enrolledCard(issuer.issuer);
    const { tokenRef } = await issuer.issuer.mint(card.cardId, "Lovelace/Ada");
    return purchase(tracksOf(await takeGrant(issuer.issuer, card, tokenRef)));
  };
  const said = async (message: Message) => {
    const { fields } = await terminals.answer(message);
    return fields[39] === "00" ? "APPROVED" : `${fields[39]} ${fields[44]}`;
  };
  /** The next request arrives, and its answer does not. */
  const loseAnswer = () => {
    const { ask } = IsoCaller.prototype;
    line.ask = async (message) => {
      line.ask = ask;
      await line.ask(message);
      throw new LineError("LINE_TIMEOUT");
    };
  };

  it("passes a token's request on, and the answer back", async () => {
    const message = await swipe();
    const answer = await terminals.answer(message);
    expect([answer.mti, answer.fields[39]]).to.deep.equal(["0110", "00"]);
    expect(await said({ ...message, mti: "0101" })).to.equal("APPROVED");
    expect(await said(reversalOf(message))).to.equal("APPROVED");
    expect(await said({ ...message, mti: "0101" })).to.equal("21 REVERSED");
    expect(faults).to.deep.equal([]);
  });

  it("says 91 where the issuer is not there, and goes on by itself when it is", async () => {
    const message = await swipe();
    await issuer.close();
    expect(await said(message)).to.equal("91 ISSUER_UNAVAILABLE");
    expect(faults).to.deep.equal(["LINE_DOWN"]);
    await startOne();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await said(await swipe())).to.equal("APPROVED");
  });

  it("reverses what the issuer approved and nobody heard of, before any repeat can find it approved", async () => {
    const message = await swipe();
    loseAnswer();
    expect(await said(message)).to.equal("91 ISSUER_UNAVAILABLE");
    expect(await said({ ...message, mti: "0101" }), "while it is still to be told").to.equal("21 REVERSED");
    await terminals.reverse();
    expect(await processor.store.reversals(9)).to.deep.equal([]);
    expect(await said({ ...message, mti: "0101" }), "by the issuer itself").to.equal("21 REVERSED");
  });

  it("keeps a reversal until the issuer has heard of it, and no card's data in it", async () => {
    const message = await swipe();
    loseAnswer();
    await said(message);
    await issuer.close();
    await terminals.reverse();
    const [kept] = await processor.store.reversals(9);
    expect(kept!.message).not.to.contain(message.fields[35]!.slice(0, 16));
    await startOne();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await terminals.reverse();
    expect(await processor.store.reversals(9)).to.deep.equal([]);
  });

  it("keeps none of what was not sent: the same request is decided when the issuer is there", async () => {
    const message = await swipe();
    await issuer.close();
    for (let i = 0; i < 3; i++) expect(await said(message)).to.equal("91 ISSUER_UNAVAILABLE");
    const { ask } = line;
    line.ask = () => Promise.reject(new LineError("LINE_BUSY"));
    expect(await said(message)).to.equal("91 ISSUER_UNAVAILABLE");
    line.ask = ask;
    expect(await processor.store.reversals(9)).to.deep.equal([]);
  });

  it("keeps that of a repeat, sent or not: its original may have been approved", async () => {
    const message = await swipe();
    expect(await said(message)).to.equal("APPROVED");
    const { ask } = line;
    line.ask = () => Promise.reject(new LineError("LINE_DOWN", { isSent: false }));
    expect(await said({ ...message, mti: "0101" })).to.equal("91 ISSUER_UNAVAILABLE");
    line.ask = ask;
    await terminals.reverse();
    expect(await said({ ...message, mti: "0101" })).to.equal("21 REVERSED");
  });

  it("answers a repeat amid its original as that, and refuses another request of its name, which harms it not", async () => {
    const message = await swipe();
    const other = { ...message, fields: { ...(await swipe()).fields, 11: message.fields[11]!, 4: "000000000100" } };
    const answers = await Promise.all([
      ...[message, { ...message, mti: "0101" }, message].map((one) => terminals.answer(one)),
      ...[other, { ...other, mti: "0101" }].map((one) => terminals.answer(one)),
    ]);
    expect(answers.map(({ fields }) => fields[44] ?? fields[39])).to.deep.equal([
      ...["00", "00", "00"],
      ...["NAME_TAKEN", "NAME_TAKEN"],
    ]);
    for (const { fields } of answers.slice(0, 3)) expect(fields[38]).to.equal(answers[0]!.fields[38]);
    await terminals.reverse();
    expect(await said({ ...message, mti: "0101" }), "later").to.equal("APPROVED");
  });

  it("answers 96 where its own store is gone, and asks nobody", async () => {
    const message = await swipe();
    processor.store.isReversing = () => Promise.reject(new Error("disk is full"));
    expect(await said(message)).to.equal("96 PROCESSOR_FAILED");
    expect(faults).to.deep.equal(["PROCESSOR_FAILED"]);
  });
});

describe("an issuer that has a processor", () => {
  it("has no door for terminals, apart or in one process: they ask the processor, which looks at domains", async () => {
    const keys = keysFromSeeds(randomSeeds());
    for (const start of [startNetwork, startApart]) {
      const network = await start({ keys, now: () => T0 });
      const { iso } = network.issuer;
      await network.close();
      expect(iso).to.equal(undefined);
    }
  });
});

describe("an issuer's line for processors", () => {
  it("believes an account that a processor names, and none that a terminal does", async () => {
    const issuer = await startIssuer({
      keys: keysFromSeeds(randomSeeds()),
      now: () => T0,
      isoPort: 0,
      processor: { port: 0, secret: SECRET },
    });
    const card = await enrolledCard(issuer.issuer);
    const { tokenRef } = await issuer.issuer.mint(card.cardId, "Lovelace/Ada");
    const { pan, expiry } = await issuer.issuer.account(
      card.cardId,
      card.accessKey,
      Buffer.from(tokenRef).toString("hex"),
    );
    const ask = async (door: { host: string; port: number }, keys?: LineKeys) => {
      const caller = new IsoCaller({ ...door, now: () => T0, ...(keys && { keys }) });
      try {
        return (await caller.ask(purchase({}, { 2: pan, 14: expiry }))).fields[39];
      } catch (error) {
        return (error as { code: string }).code;
      } finally {
        caller.close();
      }
    };
    expect(await ask(issuer.iso!)).to.equal("30");
    expect(await ask(issuer.line!)).to.equal("LINE_DOWN");
    expect(await ask(issuer.line!, lineKeys(new Uint8Array(32)))).to.equal("LINE_DOWN");
    expect(await ask(issuer.line!, lineKeys(SECRET))).to.equal("00");
    await issuer.close();
  });
});

describe("an issuer's routes for services", () => {
  const [forProcessor, forAcs] = [SECRET, new Uint8Array(32).fill(4)];
  let issuer: IssuerService;
  let card: TestCard;
  let tokenRef: Uint8Array;
  let now: number;

  beforeEach(async () => {
    now = T0;
    issuer = await startIssuer({
      ...{ keys: keysFromSeeds(randomSeeds()), now: () => now, acs: forAcs },
      processor: { port: 0, secret: forProcessor },
    });
    card = await enrolledCard(issuer.issuer);
    ({ tokenRef } = await issuer.issuer.mint(card.cardId, "Lovelace/Ada"));
  });
  afterEach(() => issuer.close());

  const callerOf = (from: string, secret: Uint8Array) =>
    new ServiceCaller({ url: issuer.url, keys: serviceKeys(secret, from, "issuer"), now: () => now });
  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
  const named = () => ({ cardId: base64(card.cardId), tokenRef: base64(tokenRef) });
  const domain = { requestor: "Test wallet", merchant: "CORNER BAKERY", channel: 0, country: 276, maxAmount: 1250 };
  const position = () => ({ ...named(), challenge: base64(new Uint8Array(16)), checkpointSize: 0, domain });
  const said = (work: Promise<unknown>) =>
    work.then(
      () => "answered",
      ({ code, message }: Error & { code: string }) => `${code}${/ \(it says (\w+)\)/.exec(message)?.[1] ?? ""}`,
    );
  const bodies = (): Record<string, object> => ({
    accounts: { ...named(), accessKey: base64(card.accessKey) },
    tokens: { ...named(), accessKey: base64(card.accessKey) },
    counts: position(),
    grants: { counted: "AAAA", cryptogram: base64(new Uint8Array(8)) },
    questions: { ...position(), account: "9999990000000008", answer: base64(new Uint8Array(8)) },
  });

  it("each hear the one service that they are for, and no phone", async () => {
    for (const [path, body] of Object.entries(bodies())) {
      const route = `/v1/services/${path}`;
      const isAcs = path === "questions";
      const [right, wrong] = isAcs
        ? [callerOf("acs", forAcs), callerOf("processor", forProcessor)]
        : [callerOf("processor", forProcessor), callerOf("acs", forAcs)];
      expect(await said(right.ask(route, body)), path).not.to.contain("ANSWER_UNPROVEN");
      expect(await said(wrong.ask(route, body)), path).to.equal("ANSWER_UNPROVENSIGNATURE_WRONG");
      const headers = { "content-type": "application/json", authorization: `Bearer ${base64(card.accessKey)}` };
      const phone = await fetch(`${issuer.url}${route}`, { method: "POST", headers, body: JSON.stringify(body) });
      expect(await phone.json(), path).to.include({ code: "SIGNATURE_MISSING" });
    }
  });

  it("count once for one idempotency key, and ask a card once: IDEMPOTENCY_MISMATCH for another request", async () => {
    const processor = callerOf("processor", forProcessor);
    const count = (change: object = {}) =>
      processor.ask<{ atc: number }>("/v1/services/counts", { ...position(), ...change }, "a-key-of-its-own");
    expect([(await count()).atc, (await count()).atc]).to.deep.equal([1, 1]);
    expect(await said(count({ checkpointSize: 1 }))).to.equal("IDEMPOTENCY_MISMATCH");
    const { account } = await issuer.issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef));
    const acs = callerOf("acs", forAcs);
    const body = { ...position(), domain: { ...domain, channel: 1 }, account, answer: base64(new Uint8Array(8)) };
    const ask = () => acs.ask<{ sealed: string }>("/v1/services/questions", body, "a-key-of-its-own");
    expect((await ask()).sealed).to.equal((await ask()).sealed);
    expect((await issuer.issuer.store.token(toHex(tokenRef)))!.atc).to.equal(2);
  });

  it("have what they were answered kept a token by itself: no other's push it out", async () => {
    const owners: (string | undefined)[] = [];
    const { once } = issuer.issuer;
    const within = once.within.bind(once);
    once.within = (answers, request, work) => {
      owners.push(request?.owner);
      return within(answers, request, work);
    };
    const { account } = await issuer.issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef));
    const question = { ...position(), domain: { ...domain, channel: 1 }, account, answer: base64(new Uint8Array(8)) };
    await callerOf("processor", forProcessor).ask("/v1/services/counts", position());
    await callerOf("acs", forAcs).ask("/v1/services/questions", question);
    expect(owners).to.deep.equal([`counts of ${base64(tokenRef)}`, `questions of ${base64(tokenRef)}`]);
  });

  it("make a grant of what was counted, as it was counted, while it lives: COUNTED_UNKNOWN", async () => {
    const processor = callerOf("processor", forProcessor);
    const counted = await processor.ask<{ counted: string; atc: number; expires: number }>(
      "/v1/services/counts",
      position(),
    );
    expect(counted).to.include({ atc: 1, expires: T0 + 120 });
    expect(Buffer.from(counted.counted, "base64url").toString("latin1"), "nothing to read in it").not.to.contain(
      "CORNER",
    );
    const cryptogram = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const make = (shown: string) =>
      processor.ask<{ sealed: string }>("/v1/services/grants", { counted: shown, cryptogram: base64(cryptogram) });
    const { sealed } = await make(counted.counted);
    const grant = await openGrant(Uint8Array.from(Buffer.from(sealed, "base64url")), card);
    expect(grant).to.deep.include({ atc: 1, cryptogram, domain, expires: T0 + 120, issuedAt: T0 });
    expect((await make(counted.counted)).sealed, "again").to.equal(sealed);
    const second = { counted: counted.counted, cryptogram: base64(new Uint8Array(8)) };
    expect(await said(processor.ask("/v1/services/grants", second)), "another cryptogram").to.equal(
      "IDEMPOTENCY_MISMATCH",
    );
    const other = `${counted.counted.slice(0, 40)}${counted.counted[40] === "A" ? "B" : "A"}${counted.counted.slice(41)}`;
    expect(await said(make(other))).to.equal("COUNTED_UNKNOWN");
    now += 120;
    expect(await said(make(counted.counted))).to.equal("COUNTED_UNKNOWN");
  });
});
