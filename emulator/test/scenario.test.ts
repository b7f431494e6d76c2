import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Indicator } from "@enabling-card/wire";
import { expect } from "chai";
import { EmulatedCard, EmulatorError, MemoryBlock, parseScenario, personalise, runScenario } from "../src/index.js";
import { testFirmware } from "./test-modules.js";

const FOLDER = path.resolve(import.meta.dirname, "../scenarios");

function invalid(value: unknown): string {
  try {
    parseScenario(value);
  } catch (error) {
    expect(error).to.be.instanceOf(EmulatorError).with.property("code", "SCENARIO_INVALID");
    return (error as Error).message;
  }
  throw new Error("it was taken");
}

/** Lights: link shows ask when the line comes up; the wallet plays a pass at a head's contact. */
async function card() {
  const block = new MemoryBlock();
  await personalise(block, {
    cardClass: "test",
    issuerRoot: new Uint8Array(32),
    ledger: { threshold: 1, nodeKeys: [new Uint8Array(32)], origin: "test.example/log" },
    iins: ["999999"],
    certify: () => new Uint8Array(100),
  });
  const firmware = await testFirmware({
    wallet: `
      // @ts-ignore: decorator
      @external("coil", "play") declare function play(data: usize, count: i32): i32;
      // @ts-ignore: decorator
      @external("head", "listen") declare function listen(on: i32): void;
      // @ts-ignore: decorator
      @external("flash", "write") declare function flashWrite(record: i32, data: usize, length: i32): i32;
      const out: usize = memory.data(16);
      export function start(): void { listen(1); }
      export function onHeadContact(): void { flashWrite(1, out, 8); store<u16>(out, 500); play(out, 1); }`,
    link: `
      // @ts-ignore: decorator
      @external("indicators", "show") declare function show(pattern: i32): void;
      export function onLineUp(): void { show(${Indicator.Ask}); }`,
  });
  return (await EmulatedCard.create({ firmware, block })).start();
}

describe("a scenario with a step that every object has", () => {
  for (const step of [
    '{"__proto__":{"press":"twice"}}',
    '{"constructor":1}',
    '{"toString":1}',
    '{"hasOwnProperty":1}',
  ]) {
    it(`is SCENARIO_INVALID: ${step}`, () => {
      expect(invalid(JSON.parse(`{"name":"x","steps":[${step}]}`))).to.include("steps[0]");
    });
  }
});

describe("a scenario file", () => {
  for (const file of readdirSync(FOLDER)) {
    it(`of the samples is valid: ${file}`, () => {
      const scenario = parseScenario(JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")));
      expect(scenario.steps.length).to.be.greaterThan(2);
    });
  }

  it("is refused with the name of the field that is wrong", () => {
    const steps = (...list: unknown[]) => ({ name: "x", steps: list });
    expect(invalid(7)).to.contain("scenario");
    expect(invalid({ name: "x" })).to.contain('"steps"');
    expect(invalid({ name: "", steps: [{ restart: true }] })).to.contain('"name"');
    expect(invalid({ ...steps({ restart: true }), extra: 1 })).to.contain('"extra"');
    expect(invalid(steps({ restart: true }, { pres: "twice" }))).to.contain('"steps[1]"');
    expect(invalid(steps({ press: "twice", hold: 3 }))).to.contain('"steps[0]"');
    expect(invalid(steps({ press: "thrice" }))).to.contain('"steps[0].press"');
    expect(invalid(steps({ hold: -1 }))).to.contain('"steps[0].hold"');
    expect(invalid(steps({ advance: 1.5 }))).to.contain('"steps[0].advance"');
    expect(invalid(steps({ battery: 101 }))).to.contain('"steps[0].battery"');
    expect(invalid(steps({ powerCut: { write: 0 } }))).to.contain('"steps[0].powerCut.write"');
    expect(invalid(steps({ powerCut: { write: 1, bite: 3 } }))).to.contain('"steps[0].powerCut.bite"');
    expect(invalid(steps({ courier: "bribe" }))).to.contain('"steps[0].courier"');
    expect(invalid(steps({ courier: { fault: "drop", kinds: ["V1", "Piece"] } }))).to.contain(
      '"steps[0].courier.kinds[1]"',
    );
    expect(invalid(steps({ link: { mtu: 22 } }))).to.contain('"steps[0].link.mtu"');
    expect(invalid(steps({ link: { up: true } }))).to.contain('"steps[0].link.up"');
    expect(invalid(steps({ wait: { indicator: "blue" } }))).to.contain('"steps[0].wait.indicator"');
    expect(invalid(steps({ expect: { emisions: 1 } }))).to.contain('"steps[0].expect.emisions"');
    expect(invalid(steps({ expect: { on: 1 } }))).to.contain('"steps[0].expect.on"');
    expect(invalid(steps({ touchHead: false }))).to.contain('"steps[0].touchHead"');
  });

  it("plays its steps on a card, and says which one failed", async () => {
    const emulated = await card();
    const seen: number[] = [];
    const scenario = parseScenario({
      name: "all of it",
      steps: [
        { link: { mtu: 23 } },
        { touchHead: true },
        { advance: 10 },
        { expect: { emissions: 1, passes: 1, on: true, lineUp: false, battery: 99, traps: 0 } },
        { clearCoil: true },
        { press: "once" },
        { hold: 100 },
        { battery: 55 },
        { courier: "drop" },
        { powerCut: { write: 1, byte: 3 } },
        { touchHead: true },
        { expect: { on: false, emissions: 0 } },
        { restart: true },
        { expect: { on: true, battery: 55 } },
        { stop: true },
        { restart: true },
        { expect: { indicator: "armed" } },
      ],
    });
    const failed = await runScenario(emulated, scenario, { onStep: (_, i) => seen.push(i) }).catch((e: unknown) => e);
    expect(failed).to.be.instanceOf(EmulatorError).with.property("code", "SCENARIO_FAILED");
    expect((failed as Error).message).to.equal("steps[16]: expected indicator armed, it is off");
    expect(seen).to.have.length(17);
    expect(emulated.connectLine({ mtu: 247 }).maxWrite).to.equal(20);
    emulated.stop();
  });

  it("waits for the lights, but not for ever", async () => {
    const emulated = await card();
    const wait = (timeoutMs: number) =>
      runScenario(emulated, parseScenario({ name: "w", steps: [{ wait: { indicator: "ask", timeoutMs } }] }));
    const failed = await wait(20).catch((e: unknown) => e);
    expect((failed as EmulatorError).code).to.equal("SCENARIO_FAILED");
    const waiting = wait(2000);
    emulated.connectLine();
    await waiting;
    await wait(1);
    emulated.stop();
  });
});
