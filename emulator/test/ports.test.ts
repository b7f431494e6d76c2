import { FlashRecord, Mail, ModuleId, Status, VaultItem } from "@enabling-card/wire";
import { expect } from "chai";
import { coilRefusals, FLASH_OWNERS, ROUTES, VAULT_RIGHTS } from "../../test/support/port-rules.js";
import { ModuleMemory } from "../src/memory.js";
import { MODULE_NAMES, type ModuleName } from "../src/modules.js";
import { Battery } from "../src/ports/battery.js";
import { Alarm, Timeline } from "../src/ports/clock.js";
import { Coil } from "../src/ports/coil.js";
import { FLASH_OWNER, flashPort } from "../src/ports/flash.js";
import { mailboxPort, PostOffice, routes } from "../src/ports/mailbox.js";
import { randomPort, seededRandom } from "../src/ports/random.js";
import { VAULT_ACCESS, vaultPort } from "../src/ports/vault.js";
import { MemoryBlock } from "../src/store/block.js";
import { Region, Store } from "../src/store/store.js";

const BUDGET = 8192;

function module(budget = BUDGET) {
  const wasm = new WebAssembly.Memory({ initial: 1 });
  const memory = new ModuleMemory(budget);
  memory.attach(wasm);
  return { memory, octets: new Uint8Array(wasm.buffer) };
}

describe("the vault port", () => {
  it("has a row for every item", () => {
    expect(Object.keys(VAULT_ACCESS).map(Number)).to.deep.equal(VAULT_RIGHTS.map(([item]) => item));
  });

  for (const [item, wallet, authenticator] of VAULT_RIGHTS) {
    const name = VAULT_ACCESS[item].name;
    it(`gives ${name} to wallet (${wallet || "none"}), authenticator (${authenticator || "none"}), and never to link`, () => {
      const granted: Record<ModuleName, string> = { wallet, authenticator, link: "" };
      for (const who of MODULE_NAMES) {
        const { memory, octets } = module();
        const store = new Store(new MemoryBlock());
        store.write(Region.Vault, item, Uint8Array.of(1, 2, 3));
        const port = vaultPort(memory, who, store);
        expect(port.read(item, 100, 10), `${who} reads`).to.equal(granted[who].includes("r") ? 3 : -2);
        expect([...octets.slice(100, 103)]).to.deep.equal(granted[who].includes("r") ? [1, 2, 3] : [0, 0, 0]);
        octets.set([9], 200);
        const written = port.write(item, 200, 1);
        expect(written, `${who} writes`).to.equal(granted[who].includes("w") ? Status.Ok : Status.VaultFailed);
        expect(store.read(Region.Vault, item)!.length).to.equal(granted[who].includes("w") ? 1 : 3);
      }
    });
  }

  it("answers -1 for none, -2 for too long or not one's memory, and erases with a length of zero", () => {
    const { memory } = module();
    const store = new Store(new MemoryBlock());
    const port = vaultPort(memory, "wallet", store);
    expect(port.read(VaultItem.Owner, 0, 100)).to.equal(-1);
    expect(port.write(VaultItem.Owner, 0, 80)).to.equal(Status.Ok);
    expect(port.read(VaultItem.Owner, 0, 79)).to.equal(-2);
    expect(port.read(VaultItem.Owner, BUDGET - 79, 80)).to.equal(-2);
    expect(port.write(VaultItem.Owner, BUDGET, 1)).to.equal(Status.BadArgument);
    expect(port.write(VaultItem.Owner, 0, -1)).to.equal(Status.BadArgument);
    expect(port.read(99, 0, 10)).to.equal(-2);
    expect(port.write(99, 0, 1)).to.equal(Status.VaultFailed);
    expect(port.write(VaultItem.Owner, 0, 0)).to.equal(Status.Ok);
    expect(port.read(VaultItem.Owner, 0, 100)).to.equal(-1);
  });
});

describe("the flash port", () => {
  it("gives each record to its own module alone", () => {
    for (const record of [FlashRecord.Wallet, FlashRecord.PinLock]) {
      for (const who of MODULE_NAMES) {
        const { memory } = module();
        const port = flashPort(memory, who, new Store(new MemoryBlock()));
        const mine = FLASH_OWNER[record] === who;
        expect(port.write(record, 0, 8)).to.equal(mine ? Status.Ok : Status.FlashFailed);
        expect(port.read(record, 0, 8)).to.equal(mine ? 8 : -2);
      }
    }
    const names = { [ModuleId.Wallet]: "wallet", [ModuleId.Authenticator]: "authenticator" } as Record<
      ModuleId,
      string
    >;
    const owners = FLASH_OWNERS.map(([record, owner]) => [record, names[owner]]);
    expect(Object.entries(FLASH_OWNER).map(([record, owner]) => [Number(record), owner])).to.deep.equal(owners);
  });

  it("answers FlashFailed where it is full, -1 for none, BadArgument for memory that is not the module's", () => {
    const { memory } = module();
    const port = flashPort(memory, "wallet", new Store(new MemoryBlock(512)));
    expect(port.read(FlashRecord.Wallet, 0, 8)).to.equal(-1);
    expect(port.write(FlashRecord.Wallet, 0, 400)).to.equal(Status.FlashFailed);
    expect(port.write(FlashRecord.Wallet, BUDGET - 1, 2)).to.equal(Status.BadArgument);
  });
});

describe("the mailbox port", () => {
  it("knows one way between modules: through link", () => {
    const ids = [ModuleId.Machine, ModuleId.Link, ModuleId.Wallet, ModuleId.Authenticator];
    const open = ids.flatMap((from) =>
      [...ids, ModuleId.Loader].filter((to) => routes(from, to)).map((to) => [from, to]),
    );
    expect(open).to.deep.equal(ROUTES);
  });

  it("copies slots of 1 to 256 octets, and answers Full past eight that wait", () => {
    const { memory, octets } = module();
    const post = new PostOffice();
    const port = mailboxPort(memory, ModuleId.Wallet, (letter) => (post.put(letter) ? Status.Ok : Status.Full));
    expect(port.send(ModuleId.Link, 0, 0)).to.equal(Status.BadArgument);
    expect(port.send(ModuleId.Link, 0, 257)).to.equal(Status.BadArgument);
    expect(port.send(ModuleId.Authenticator, 0, 1)).to.equal(Status.BadArgument);
    expect(port.send(77, 0, 1)).to.equal(Status.BadArgument);
    expect(port.send(ModuleId.Link, BUDGET - 255, 256)).to.equal(Status.BadArgument);
    octets[0] = Mail.Indicate;
    for (let i = 0; i < 8; i++) {
      octets[1] = i;
      expect(port.send(ModuleId.Link, 0, 2)).to.equal(Status.Ok);
    }
    expect(port.send(ModuleId.Link, 0, 2)).to.equal(Status.Full);
    octets.fill(0xff, 0, 2); // the sender's memory is its own again
    for (let i = 0; i < 8; i++) expect([...post.take()!.bytes]).to.deep.equal([Mail.Indicate, i]);
    expect(post.take()).to.equal(undefined);
  });
});

describe("the clock port", () => {
  it("rings once at each alarm, in the order of time; a new alarm replaces the old, 0 cancels", () => {
    const timeline = new Timeline();
    const rung: string[] = [];
    const a = new Alarm(timeline, () => rung.push(`a${timeline.nowNs / 1e6}`));
    const b = new Alarm(timeline, () => rung.push(`b${timeline.nowNs / 1e6}`));
    const run = (untilMs: number) => {
      for (let due = timeline.take(untilMs * 1e6); due; due = timeline.take(untilMs * 1e6)) due.fire();
      timeline.moveTo(untilMs * 1e6);
    };
    a.port().wakeAt(50n);
    b.port().wakeAt(30n);
    a.port().wakeAt(40n);
    run(45);
    expect(rung).to.deep.equal(["b30", "a40"]);
    expect(a.port().now()).to.equal(45n);
    a.port().wakeAt(10n); // past: at once
    b.port().wakeAt(60n);
    b.port().wakeAt(0n);
    run(100);
    expect(rung).to.deep.equal(["b30", "a40", "a45"]);
    a.port().wakeAt(0xffff_ffff_ffff_ffffn);
    expect(timeline.nextNs()).to.equal(undefined);
  });
});

describe("the random port", () => {
  it("repeats itself for a seed and for nothing else", () => {
    const draw = (seed: string) => {
      const source = seededRandom(seed);
      return [source(16), source(40)].map((octets) => octets.join());
    };
    expect(draw("a")).to.deep.equal(draw("a"));
    expect(draw("a")).not.to.deep.equal(draw("b"));
    expect(draw("a")[0]).not.to.equal(draw("a")[1]!.slice(0, draw("a")[0]!.length));
    const { memory, octets } = module();
    randomPort(memory, seededRandom("a")).fill(8, 16);
    expect(octets.slice(8, 24).join()).to.equal(draw("a")[0]);
    expect(octets[24]).to.equal(0);
  });
});

describe("the battery", () => {
  it("is drained by supply times coil current for the time of the emission, and by idling", () => {
    const battery = new Battery({ capacityMj: 1000, supplyV: 3, coilMa: 100, coilOhm: 2, idleMw: 1, reserve: 0.1 });
    expect(battery.emissionMj(1e9)).to.equal(300);
    battery.settle(100 * 1e9);
    expect(battery.percent).to.equal(90);
    expect(battery.sustains(2_666)).to.equal(true);
    expect(battery.sustains(2_667)).to.equal(false);
    battery.percent = 10;
    expect(battery.sustains(1)).to.equal(false);
    expect(battery.percent).to.equal(10);
    battery.percent = 100;
    expect(battery.sustains(-1), "an emission that may not be").to.equal(false);
  });

  it("takes the current that the coil's resistance lets through where that is less", () => {
    expect(new Battery({ supplyV: 3, coilOhm: 60, coilMa: 100 }).emissionMw).to.equal(150);
  });
});

describe("the coil port", () => {
  function coil(battery = new Battery()) {
    const timeline = new Timeline();
    const calls: string[] = [];
    const it = new Coil(timeline, battery, {
      done: () => calls.push("done"),
      exhausted: () => calls.push("exhausted"),
      disturbed: () => calls.push("disturbed"),
      passed: () => calls.push("passed"),
    });
    const { memory, octets } = module();
    const port = it.port(memory);
    const write = (...us: number[]) => new Uint16Array(octets.buffer).set(us, 50);
    const run = (untilNs: number) => {
      for (let due = timeline.take(untilNs); due; due = timeline.take(untilNs)) due.fire();
      timeline.moveTo(untilNs);
    };
    return { coil: it, port, write, run, calls };
  }

  it("records every reversal, the first at the start, from absolute sums that do not drift", () => {
    const { coil: it, port, write, run, calls } = coil();
    write(400, 200, 200, 65_535);
    run(1_234_567);
    expect(port.play(100, 4)).to.equal(Status.Ok);
    expect(port.play(100, 4)).to.equal(Status.Busy);
    run(1e9);
    expect(calls).to.deep.equal(["passed", "done"]);
    const emission = it.emission()!;
    expect(emission.startNs).to.equal(1_234_567);
    expect([...emission.edgesNs[0]!]).to.deep.equal([0, 400_000, 600_000, 800_000, 66_335_000]);
    expect(emission.passes[0]).to.include({ complete: true, endNs: 66_335_000 });
    expect(emission.energyMj).to.be.closeTo((450 * 66_335_000) / 1e9, 1e-9);
  });

  it("refuses no intervals, and memory that is not the wallet's", () => {
    const { port } = coil();
    for (const [at, count] of coilRefusals(BUDGET)) {
      expect(port.play(at, count), `${at}, ${count}`).to.equal(Status.BadArgument);
    }
  });

  it("ends a pass early on stop, with no call after it", () => {
    const { coil: it, port, write, run, calls } = coil();
    write(1000, 1000, 1000);
    port.play(100, 3);
    run(1_500_000);
    port.stop();
    run(1e9);
    expect(calls).to.deep.equal(["passed"]);
    expect([...it.emission()!.edgesNs[0]!]).to.deep.equal([0, 1_000_000]);
    expect(it.emission()!.passes[0]!.complete).to.equal(false);
    port.stop();
  });

  it("notices a wallet that changes intervals while they play", () => {
    const { port, write, run, calls } = coil();
    write(1000, 1000);
    port.play(100, 2);
    write(1000, 999);
    run(1e9);
    expect(calls).to.deep.equal(["disturbed", "passed", "done"]);
  });

  it("ends where the battery does", () => {
    const { coil: it, port, write, run, calls } = coil(new Battery({ capacityMj: 0.45, idleMw: 0 }));
    write(800, 800);
    port.play(100, 2);
    run(1e9);
    expect(calls).to.deep.equal(["passed", "exhausted"]);
    expect(it.emission()!.passes[0]).to.include({ complete: false, endNs: 1_000_000 });
  });

  it("puts passes together until a pause of more than a second, or another head", () => {
    const { coil: it, port, write, run } = coil();
    write(1000);
    const play = () => port.play(100, 1);
    play();
    run(200e6);
    play();
    run(300e6);
    it.contact();
    play();
    run(2e9);
    play();
    run(3e9);
    expect(it.emissions().map(({ passes }) => passes.length)).to.deep.equal([2, 1, 1]);
    expect(it.emissions()[0]!.passes[1]!.startNs).to.equal(200e6);
    it.clear();
    expect(it.emission()).to.equal(undefined);
  });
});
