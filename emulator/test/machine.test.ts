import { Indicator, Mail, ModuleId } from "@enabling-card/wire";
import { expect } from "chai";
import sinon from "sinon";
import type { EmulatedCardOptions } from "../src/index.js";
import {
  type Courier,
  EmulatedCard,
  EmulatorError,
  type FaultName,
  isPersonalised,
  MemoryBlock,
  personalise,
  Store,
} from "../src/index.js";
import type { ModuleName } from "../src/modules.js";
import { testFirmware } from "./test-modules.js";

const PORTS = `
// @ts-ignore: decorator
@external("mailbox", "send") declare function send(to: i32, data: usize, length: i32): i32;
// @ts-ignore: decorator
@external("clock", "wakeAt") declare function wakeAt(ms: u64): void;
// @ts-ignore: decorator
@external("clock", "now") declare function now(): u64;
`;
const LINE = `
// @ts-ignore: decorator
@external("line", "write") declare function write(data: usize, length: i32): i32;
// @ts-ignore: decorator
@external("line", "hangUp") declare function hangUp(): void;
// @ts-ignore: decorator
@external("indicators", "show") declare function show(pattern: i32): void;
`;
const FLASH = `
// @ts-ignore: decorator
@external("flash", "write") declare function flashWrite(record: i32, data: usize, length: i32): i32;
// @ts-ignore: decorator
@external("flash", "read") declare function flashRead(record: i32, out: usize, max: i32): i32;
`;
/** A log in memory that a test reads: one octet a call. */
const LOG = `
const log: usize = memory.data(4096);
let logged: i32 = 0;
export function logAt(): usize { return log; }
function note(what: i32): void { store<u8>(log + 1 + logged, <u8>what); logged++; store<u8>(log, <u8>logged); }
`;

async function card(sources: Partial<Record<ModuleName, string>>, options: Partial<EmulatedCardOptions> = {}) {
  const block = options.block ?? new MemoryBlock();
  if (!isPersonalised(new Store(block))) {
    await personalise(block, {
      cardClass: "test",
      issuerRoot: new Uint8Array(32),
      ledger: { threshold: 1, nodeKeys: [new Uint8Array(32)], origin: "test.example/log" },
      iins: ["999999"],
      certify: () => new Uint8Array(100),
    });
  }
  return (await EmulatedCard.create({ firmware: await testFirmware(sources), block, ...options })).start();
}

/** What a module of ours has noted: `log` is the first static data of a source that begins with LOG. */
function notes(emulated: EmulatedCard, module: ModuleName): number[] {
  const memory = emulated.memory(module);
  const start = 16 + 256; // behind the mail slot, aligned
  for (const at of [start, start - 8, start + 8]) {
    const count = memory[at]!;
    if (count > 0) return [...memory.slice(at + 1, at + 1 + count)];
  }
  return [];
}

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 10));

describe("the machine", () => {
  it("runs one call to its end, mail before events, events in their order", async () => {
    // A chunk makes link send three letters to the wallet; two chunks are given at once.
    const emulated = await card({
      wallet: `${LOG}export function onMail(sender: i32, length: i32): void { note(load<u8>(slot + 1)); }`,
      link: `${PORTS}const out: usize = memory.data(16);
        export function onChunk(length: i32): void {
          for (let i = 0; i < 3; i++) { store<u8>(out, ${Mail.Piece}); store<u8>(out + 1, load<u8>(chunk) * 10 + <u8>i); send(2, out, 2); }
        }
        const chunk: usize = memory.data(520);
        export function chunkSlot(): usize { return chunk; }`,
    });
    const line = emulated.connectLine();
    await Promise.all([line.write(Uint8Array.of(1)), line.write(Uint8Array.of(2))]);
    expect(notes(emulated, "wallet")).to.deep.equal([10, 11, 12, 20, 21, 22]);
    emulated.stop();
  });

  it("gives a receiver the slot alone: what an earlier letter left there is gone", async () => {
    const emulated = await card({
      wallet: `${LOG}export function onMail(sender: i32, length: i32): void { note(sender); note(length); note(load<u8>(slot + 3)); }`,
      link: `${PORTS}const out: usize = memory.data(16);
        export function onLineUp(): void { store<u32>(out, 0x63636301); send(2, out, 4); send(2, out, 1); }`,
    });
    emulated.connectLine();
    expect(notes(emulated, "wallet")).to.deep.equal([ModuleId.Link, 4, 0x63, ModuleId.Link, 1, 0]);
    emulated.stop();
  });

  it("makes the same run of the same seed and events", async () => {
    const source = {
      wallet: `${PORTS}
        // @ts-ignore: decorator
        @external("random", "fill") declare function fill(out: usize, length: i32): void;
        const out: usize = memory.data(64);
        export function onMail(sender: i32, length: i32): void { fill(out, 32); wakeAt(now() + 7); }
        export function onAlarm(): void { fill(out + 32, 32); }`,
      link: `${PORTS}const out: usize = memory.data(16);
        export function onLineUp(): void { store<u8>(out, 2); send(2, out, 1); }`,
    };
    const run = async (seed: string) => {
      const emulated = await card(source, { seed });
      emulated.connectLine();
      emulated.advance(20);
      const memory = emulated.memory("wallet").join();
      emulated.stop();
      return memory;
    };
    expect(await run("one")).to.equal(await run("one"));
    expect(await run("one")).not.to.equal(await run("two"));
  });

  it("restarts a module that traps, with fresh memory, and leaves the others as they are", async () => {
    const emulated = await card({
      wallet: `${PORTS}${LOG}
        export function start(): void { wakeAt(1000); }
        export function onAlarm(): void { note(7); }
        export function onMail(sender: i32, length: i32): void { note(1); if (load<u8>(slot) == 3) return; if (logged > 1) unreachable(); }`,
      authenticator: `${LOG}export function onButton(): void { note(5); }`,
      link: `${PORTS}const out: usize = memory.data(16);
        export function onChunk(length: i32): void { store<u8>(out, 1); send(2, out, 1); }
        export function onLineDown(): void { store<u8>(out, 3); send(2, out, 1); }`,
    });
    let closed = false;
    const line = emulated.connectLine();
    line.onClose(() => {
      closed = true;
    });
    emulated.press();
    await line.write(Uint8Array.of(1));
    expect(emulated.traps).to.deep.equal([]);
    await line.write(Uint8Array.of(1));
    await soon();
    expect(emulated.traps.map(({ module }) => module)).to.deep.equal(["wallet"]);
    expect(closed, "a wallet's trap closes the line").to.equal(true);
    expect(notes(emulated, "wallet"), "memory is new; link has told it of the line").to.deep.equal([1]);
    expect(notes(emulated, "authenticator")).to.deep.equal([5, 5]);
    await line.write(Uint8Array.of(1)).catch((error: EmulatorError) => expect(error.code).to.equal("LINE_CLOSED"));
    emulated.advance(2000);
    expect(notes(emulated, "wallet"), "its alarms are of its new life").to.deep.equal([1, 7]);
    emulated.stop();
  });

  it("leaves the line up where the authenticator traps", async () => {
    const emulated = await card({ authenticator: "export function onButton(): void { unreachable(); }" });
    emulated.connectLine();
    emulated.press();
    expect(emulated.traps).to.have.length(2);
    expect(emulated.lineUp).to.equal(true);
    emulated.stop();
  });

  it("says MODULE_DEAD of one that traps while it starts", async () => {
    const error = await card({ wallet: "export function start(): void { unreachable(); }" }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(EmulatorError).with.property("code", "MODULE_DEAD");
  });

  it("ends a module whose port is given memory that is not its own", async () => {
    const emulated = await card({
      wallet: `
        // @ts-ignore: decorator
        @external("random", "fill") declare function fill(out: usize, length: i32): void;
        export function onMail(sender: i32, length: i32): void { fill(16384 - 8, 16); }`,
      link: `${PORTS}const out: usize = memory.data(16);
        export function onLineUp(): void { store<u8>(out, 2); send(2, out, 1); }`,
    });
    emulated.connectLine();
    expect(emulated.traps[0]?.message).to.match(/outside the module's 16384 octets/);
    expect(emulated.budgets().wallet.touchedAbove).to.equal(false);
    emulated.stop();
  });

  it("shows a module that writes above its budget, which wasm alone would allow", async () => {
    const emulated = await card({ link: "export function onLineUp(): void { store<u8>(9000, 1); }" });
    expect(emulated.budgets().link.touchedAbove).to.equal(false);
    emulated.connectLine();
    expect(emulated.budgets().link.touchedAbove).to.equal(true);
    emulated.stop();
  });

  it("stops altogether where the power goes in a write, and comes back with the old record", async () => {
    const source = {
      wallet: `${FLASH}${LOG}const data: usize = memory.data(64);
        export function start(): void { note(flashRead(1, data, 64)); note(load<u8>(data)); }
        export function onHeadContact(): void {}
        export function onMail(sender: i32, length: i32): void { store<u8>(data, load<u8>(data) + 1); flashWrite(1, data, 8); note(99); }`,
      link: `${PORTS}const out: usize = memory.data(16);
        export function onLineUp(): void { store<u8>(out, 2); send(2, out, 1); }`,
    };
    const emulated = await card(source);
    await emulated.connectLine().close();
    expect(notes(emulated, "wallet")).to.deep.equal([255, 0, 99]);
    emulated.store.cutPowerAt({ write: 1 });
    let closed = false;
    emulated.connectLine().onClose(() => {
      closed = true;
    });
    await soon();
    expect([emulated.on, closed, emulated.memory("wallet").length]).to.deep.equal([false, true, 0]);
    expect(() => emulated.connectLine())
      .to.throw(EmulatorError)
      .with.property("code", "CARD_OFF");
    emulated.advance(1000);
    emulated.press();
    emulated.restart();
    expect(notes(emulated, "wallet"), "as before the cut").to.deep.equal([8, 1]);
    emulated.stop();
  });

  it("holds the line to its MTU, its window and its order, in both directions", async () => {
    const emulated = await card({
      link: `${LINE}let next: i32 = 0; let total: i32 = 0; const out: usize = memory.data(32);
        const chunk: usize = memory.data(520);
        export function chunkSlot(): usize { return chunk; }
        function pour(): void { while (next < total) { store<u8>(out, <u8>next); if (write(out, 20) != 0) return; next++; } hangUp(); }
        export function onChunk(length: i32): void { total = load<u8>(chunk); next = 0; pour(); }
        export function onLineReady(): void { if (total > 0) pour(); }`,
    });
    const line = emulated.connectLine({ mtu: 23 });
    expect(line.maxWrite).to.equal(20);
    expect(() => emulated.connectLine())
      .to.throw(EmulatorError)
      .with.property("code", "LINE_BUSY");
    const code = (chunk: Uint8Array) => line.write(chunk).catch((error: EmulatorError) => error.code);
    expect(await code(new Uint8Array(21))).to.equal("LINE_CHUNK_INVALID");
    expect(await code(new Uint8Array(0))).to.equal("LINE_CHUNK_INVALID");
    const got: number[] = [];
    const closed = new Promise<void>((resolve) => line.onClose(resolve));
    line.onChunk((chunk) => got.push(chunk[0]!));
    await line.write(Uint8Array.of(40));
    await closed;
    expect(got).to.deep.equal(Array.from({ length: 40 }, (_, i) => i));
    expect(() => emulated.connectLine({ mtu: 22 }))
      .to.throw(EmulatorError)
      .with.property("code", "LINE_MTU_INVALID");
    emulated.mtuLimit = 100;
    expect(emulated.connectLine({ mtu: 517 }).maxWrite).to.equal(97);
    emulated.stop();
  });

  it("tells the wallet of a head only while it listens", async () => {
    const emulated = await card({
      wallet: `
        // @ts-ignore: decorator
        @external("head", "listen") declare function listen(on: i32): void;
        ${LOG}
        export function onMail(sender: i32, length: i32): void { listen(1); }
        export function onHeadContact(): void { note(3); listen(0); }`,
      link: `${PORTS}const out: usize = memory.data(16);
        export function onLineUp(): void { store<u8>(out, 2); send(2, out, 1); }`,
    });
    emulated.touchHead();
    emulated.connectLine();
    emulated.touchHead();
    emulated.touchHead();
    expect(notes(emulated, "wallet")).to.deep.equal([3]);
    emulated.stop();
  });

  it("follows the wall clock where it is asked to", async () => {
    const emulated = await card(
      {
        wallet: `${PORTS}${LOG}export function start(): void { wakeAt(20); } export function onAlarm(): void { note(1); }`,
      },
      { clock: "real" },
    );
    expect(notes(emulated, "wallet")).to.deep.equal([]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(notes(emulated, "wallet")).to.deep.equal([1]);
    emulated.stop();
  });

  it("hears what happens outside at the wall's time, however long it was at rest", async () => {
    const link = `${PORTS}export function onLineUp(): void { wakeAt(now() + 10000); }`;
    const emulated = await card({ link }, { clock: "real" });
    await new Promise((resolve) => setTimeout(resolve, 60));
    emulated.connectLine();
    const up = emulated.trace.events.find(({ kind }) => kind === "line")!;
    expect(up.atNs).to.be.at.least(50e6);
    emulated.stop();
  });

  it("hears a press before its release, each at its time, where the process was held up over both", async () => {
    const clock = sinon.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const authenticator = `${PORTS}${LOG}
        // @ts-ignore: decorator
        @external("button", "pressed") declare function pressed(): i32;
        export function onButton(): void { note(pressed()); note(<i32>(now() / 10)); }`;
      const emulated = await card({ authenticator }, { clock: "real" });
      emulated.pressTwice();
      clock.jump(900);
      expect(notes(emulated, "authenticator")).to.deep.equal([1, 0, 0, 12, 1, 32, 0, 44]);
      emulated.stop();
    } finally {
      clock.restore();
    }
  });

  it("traces what happened by name, size and time, and never contents", async () => {
    const emulated = await card({
      wallet: `${FLASH}export function onMail(sender: i32, length: i32): void { flashWrite(1, slot, 8); }`,
      link: `${PORTS}${LINE}const out: usize = memory.data(16);
        export function onLineUp(): void { store<u64>(out, 0x4242424242424202); send(2, out, 8); show(${Indicator.Pairing}); write(out, 8); }`,
    });
    emulated.connectLine().onChunk(() => undefined);
    const kinds = emulated.trace.events.map(({ kind }) => kind);
    expect(kinds).to.deep.equal(["start", "line", "mail", "indicator", "chunk", "flash-write"]);
    expect(JSON.stringify(emulated.trace.events)).not.to.match(/66|42/);
    emulated.stop();
  });
});

describe("the courier", () => {
  // Link sends V1 with a body of 1, then V1 with 2, to the authenticator; both trusted modules note what comes.
  const SOURCES = {
    wallet: `${LOG}export function onMail(sender: i32, length: i32): void { note(load<u8>(slot)); note(load<u8>(slot + 1)); }`,
    authenticator: `${LOG}export function onMail(sender: i32, length: i32): void { note(load<u8>(slot)); note(load<u8>(slot + 1)); }`,
    link: `${PORTS}const out: usize = memory.data(16);
      export function onLineUp(): void {
        store<u8>(out, ${Mail.V1}); store<u8>(out + 1, 1); send(3, out, 2);
        store<u8>(out + 1, 2); send(3, out, 2);
        store<u8>(out, ${Mail.LineUp}); send(2, out, 1);
      }`,
  };
  const V1 = Mail.V1;
  const V2 = Mail.V2;
  const UP = [Mail.LineUp, 0];
  const cases: readonly [FaultName, readonly number[], readonly number[]][] = [
    ["honest", [V1, 1, V1, 2], UP],
    ["drop", [], UP],
    ["tamper", [V1, 0x81, V1, 0x82], UP],
    ["replay", [V1, 1, V1, 1, V1, 2, V1, 2], UP],
    ["stale", [V1, 1, V1, 1], UP],
    ["reorder", [V1, 2, V1, 1], UP],
    ["swap", [], [V2, 1, V2, 2, ...UP]],
    ["delay", [], UP],
  ];
  for (const [fault, atAuthenticator, atWallet] of cases) {
    it(`can ${fault}, and touches nothing but sealed mail`, async () => {
      const emulated = await card(SOURCES);
      emulated.setCourier(fault, { ms: 500 });
      emulated.connectLine();
      expect(notes(emulated, "authenticator")).to.deep.equal(atAuthenticator);
      expect(notes(emulated, "wallet")).to.deep.equal(atWallet);
      if (fault === "delay") {
        emulated.advance(499);
        expect(notes(emulated, "authenticator")).to.deep.equal([]);
        emulated.advance(1);
        expect(notes(emulated, "authenticator")).to.deep.equal([V1, 1, V1, 2]);
      }
      emulated.stop();
    });
  }

  it("does it to the kinds it was told and leaves the others alone; a courier of one's own may do anything", async () => {
    const emulated = await card(SOURCES);
    emulated.setCourier("drop", { kinds: [Mail.V2] });
    await emulated.connectLine().close();
    expect(notes(emulated, "authenticator")).to.deep.equal([V1, 1, V1, 2]);
    const seen: number[] = [];
    const own: Courier = (mail) => {
      seen.push(mail.bytes[1]!);
      return [];
    };
    emulated.setCourier(own);
    emulated.connectLine();
    expect(seen).to.deep.equal([1, 2]);
    expect(() => emulated.setCourier("bribe" as FaultName))
      .to.throw(EmulatorError)
      .with.property("code", "COURIER_UNKNOWN");
    emulated.stop();
  });
});
