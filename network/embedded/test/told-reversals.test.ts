// What an issuer may have approved and nobody heard of is told until the issuer has it: behind its failures and its refusals, behind the processor's own
// store's, and however much there is of it.

import { LineError } from "@enabling-card/doors";
import type { Message } from "@enabling-card/iso8583";
import { Processor } from "@enabling-card/processor";
import { expect } from "chai";
import { storeOfRun } from "../../../test/support/postgresql.js";
import { purchase, T0 } from "../../issuer/test/issuer-support.js";
import { UNEARNED_MAX } from "../../processor/src/reversal-allowance.js";
import { Switch } from "../../processor/src/switch.js";

describe("a reversal that is to be told", () => {
  let processor: Processor;
  let terminals: Switch;
  let faults: string[];
  let told: Message[];
  /** What the issuer answers; a `LineError` where it is not there. */
  let issuer: (message: Message) => string | LineError;

  beforeEach(async () => {
    [faults, told] = [[], []];
    issuer = () => new LineError("LINE_TIMEOUT");
    const findAccount = () => Promise.reject(new Error("not asked here"));
    const file = await storeOfRun();
    processor = await Processor.open({
      ...{ master: new Uint8Array(32), findAccount, now: () => T0 },
      ...(file !== undefined && { file }),
    });
    terminals = new Switch({
      processor,
      onFault: (code) => faults.push(code),
      route: async (message) => {
        if (message.mti === "0401") told.push(message);
        const said = issuer(message);
        if (typeof said !== "string") throw said;
        return { mti: `${message.mti.slice(0, 2)}10`, fields: { 39: said } };
      },
    });
    terminals.close(); // told here by hand alone
  });
  afterEach(() => processor.close());

  const TRACK2 = "9999990000000017=30121011000012345678";
  const request = (stan: number): Message =>
    purchase({ track2: TRACK2 }, { 11: String(stan).padStart(6, "0"), 32: "999999", 41: "POS00001" });
  const said = async (message: Message) => {
    const { fields } = await terminals.answer(message);
    return fields[44] ?? fields[39];
  };
  const kept = () => processor.store.reversals(100_000);
  const stanOf = ({ fields }: Message) => Number(fields[11]);

  for (const refusal of ["96", "91", "30"]) {
    it(`is kept where the issuer answers ${refusal}, and told again: until it answers 00`, async () => {
      expect(await said(request(1))).to.equal("ISSUER_UNAVAILABLE");
      issuer = () => refusal;
      for (let i = 0; i < 3; i++) await terminals.reverse();
      expect(told).to.have.length(3);
      expect(await kept()).to.have.length(1);
      expect(faults).to.include("REVERSAL_REFUSED");
      expect(await said({ ...request(1), mti: "0101" })).to.equal("REVERSED");
      issuer = () => "00";
      await terminals.reverse();
      expect(await kept()).to.deep.equal([]);
    });
  }

  it("is not forgotten where the processor's own store does not take it: no repeat is asked for, and it is kept when it can be", async () => {
    const { store } = processor;
    const { keepReversal } = store;
    store.keepReversal = () => Promise.reject(new Error("disk is full"));
    expect(await said(request(1)), "not as if it were settled").to.equal("PROCESSOR_FAILED");
    issuer = () => "00";
    expect(await said({ ...request(1), mti: "0101" })).to.equal("REVERSED");
    await terminals.reverse();
    expect(await said({ ...request(1), mti: "0101" }), "still full").to.equal("REVERSED");
    store.keepReversal = keepReversal;
    issuer = () => new LineError("LINE_DOWN");
    await terminals.reverse();
    expect(await kept()).to.have.length(1);
    issuer = () => "00";
    await terminals.reverse();
    expect(told.map(stanOf)).to.include(1);
    expect(await kept()).to.deep.equal([]);
    expect(await said({ ...request(1), mti: "0101" }), "as the issuer says").to.equal("00");
  });

  it("is kept of a thousand repeats that a peer brings while the issuer is away, and of no more: REVERSALS_MANY", async () => {
    issuer = () => new LineError("LINE_DOWN", { isSent: false });
    const peer = { name: "line", address: "192.0.2.1" };
    const outcomes: (string | undefined)[] = [];
    for (let i = 0; i < UNEARNED_MAX + 20; i++) {
      const { fields } = await terminals.answer({ ...request(i), mti: "0101" }, peer);
      outcomes.push(fields[44]);
    }
    expect(outcomes.filter((one) => one === "ISSUER_UNAVAILABLE").length).to.equal(UNEARNED_MAX);
    expect(outcomes.slice(-20)).to.deep.equal(Array(20).fill("REVERSALS_MANY"));
    expect(await kept()).to.have.length(UNEARNED_MAX);
  });

  it("and was told by another processor over the same store is asked for again", async () => {
    expect(await said(request(1))).to.equal("ISSUER_UNAVAILABLE");
    issuer = () => "00";
    const [row] = await kept();
    await processor.store.atomically((tables) => tables.dropReversal(row!.name));
    for (let i = 0; i < 2; i++) await terminals.reverse();
    expect(await said({ ...request(1), mti: "0101" })).to.equal("00");
  });

  it("has its repeat refused from the moment on in which the line broke, before the store has it", async () => {
    const { keepReversal } = processor.store;
    let release: () => void = () => undefined;
    const isHeld = new Promise<void>((held) => {
      processor.store.keepReversal = async (row) => {
        held();
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return keepReversal.call(processor.store, row);
      };
    });
    const first = said(request(1));
    await isHeld;
    issuer = () => "00";
    expect(await said({ ...request(1), mti: "0101" })).to.equal("REVERSED");
    release();
    expect(await first).to.equal("ISSUER_UNAVAILABLE");
  });

  it("has its repeat refused also where the line breaks while the store is looked at", async () => {
    const { isReversing } = processor.store;
    let release: () => void = () => undefined;
    const isLooked = new Promise<void>((looked) => {
      processor.store.isReversing = async (name) => {
        const found = await isReversing.call(processor.store, name);
        processor.store.isReversing = isReversing;
        looked();
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return found;
      };
    });
    const repeat = said({ ...request(1), mti: "0101" });
    await isLooked;
    expect(await said(request(1))).to.equal("ISSUER_UNAVAILABLE");
    issuer = () => "00";
    release();
    expect(await repeat).to.equal("REVERSED");
  });

  it("is none of what could not be sent, but of a repeat, whose original may have been", async () => {
    issuer = () => new LineError("LINE_DOWN", { isSent: false });
    expect(await said(request(1))).to.equal("ISSUER_UNAVAILABLE");
    expect(await kept()).to.deep.equal([]);
    expect(await said({ ...request(1), mti: "0101" })).to.equal("ISSUER_UNAVAILABLE");
    expect(await kept()).to.have.length(1);
  });

  it("is one of a thousand, and all are told in one go; those that are refused hold up none", async () => {
    for (let stan = 1; stan <= 1000; stan++) await said(request(stan));
    issuer = ({ fields }) => (Number(fields[11]) <= 100 ? "96" : "00");
    await terminals.reverse();
    expect((await kept()).length).to.equal(100);
    expect(new Set(told.map(stanOf)).size).to.equal(1000);
    await said(request(2000));
    issuer = () => new LineError("LINE_DOWN");
    await said(request(2001));
    told = [];
    issuer = ({ fields }) => (Number(fields[11]) <= 100 ? "96" : "00");
    await terminals.reverse();
    expect(told.slice(0, 64).map(stanOf), "before those that were refused").to.include(2001);
  });

  it("of a repeat that was not sent is told behind those that were", async () => {
    issuer = () => new LineError("LINE_DOWN", { isSent: false });
    for (let stan = 1; stan <= 100; stan++) await said({ ...request(stan), mti: "0101" });
    issuer = () => new LineError("LINE_TIMEOUT");
    await said(request(500));
    issuer = () => "00";
    await terminals.reverse();
    expect(stanOf(told[0]!)).to.equal(500);
    expect(told).to.have.length(101);
  });
});
