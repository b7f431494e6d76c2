// The microcontroller's store (firmware/mcu/ports/store.c), compiled for this machine: its power is cut at each octet of each write and in each
// erase. Afterwards it opens, every record is as before that write or as after it, and the emulator's store reads the same.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MemoryBlock, Region, Store } from "@enabling-card/emulator";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { seeded } from "../fuzz/random.js";

const SIZE = 2 * 4096;
const IDS = 8;
const MCU = fileURLToPath(new URL("../../firmware/mcu/", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));

interface Write {
  readonly id: number;
  readonly data: Uint8Array;
}

interface AfterCut {
  /** Writes that were begun. */
  readonly begun: number;
  readonly flash: Uint8Array;
  /** By id, in hex. */
  readonly items: ReadonlyMap<number, string>;
  readonly writes: boolean;
}

describe("the microcontroller's store", () => {
  let folder: string;
  let program: string;
  before(function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), "ecard-store-"));
    program = join(folder, "store");
    const sources = [join(HERE, "store-harness.c"), join(MCU, "ports/store.c")];
    execFileSync("gcc", ["-std=gnu11", "-O1", `-I${join(MCU, "include")}`, ...sources, "-o", program]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [what, seed, used] of [
    ["where there is room", 1, 0],
    ["where the half is full, and the other one takes what lives", 2, 3900],
  ] as const) {
    it(`loses nothing when power goes at any octet, ${what}`, () => {
      const block = new MemoryBlock(SIZE);
      const store = new Store(block);
      const next = seeded(seed);
      const octets = (length: number) => Uint8Array.from({ length }, () => Math.floor(256 * next()));
      for (let id = 1; id <= 4; id++) store.write(Region.Flash, id, octets(40 + 30 * id));
      while (store.used < used) store.write(Region.Flash, 5, octets(60));
      const writes = Array.from(
        { length: 6 },
        (_, i): Write => ({ id: 1 + ((3 * i) % 7), data: octets(i === 4 ? 0 : 20 + 40 * i) }),
      );
      const states = [contents(store)];
      for (const { id, data } of writes) {
        const state = new Map(states.at(-1));
        if (data.length === 0) state.delete(id);
        else state.set(id, toHex(data));
        states.push(state);
      }

      const cuts = cutEverywhere(program, block.snapshot(), writes);
      expect(cuts.length).to.be.greaterThan(600);
      for (const [n, { begun, flash, items, writes: stillWrites }] of cuts.entries()) {
        const possible = [states[Math.max(0, begun - 1)]!, states[begun]!].map(told);
        expect(told(items), `cut ${n}, in write ${begun}`).to.be.oneOf(possible);
        expect(stillWrites, `cut ${n}: it takes another write`).to.equal(true);
        if (n % 5 === 0) expect(told(contents(new Store(new MemoryBlock(flash)))), `cut ${n}`).to.equal(told(items));
      }
      expect(told(cuts.at(-1)!.items)).to.equal(told(states.at(-1)!));
    }).timeout(60_000);
  }
});

function contents(store: Store): Map<number, string> {
  return new Map(store.ids(Region.Flash).map((id) => [id, toHex(store.read(Region.Flash, id)!)]));
}

const told = (items: ReadonlyMap<number, string>): string => JSON.stringify([...items].sort(([a], [b]) => a - b));

function cutEverywhere(program: string, flash: Uint8Array, writes: readonly Write[]): AfterCut[] {
  const u16 = (value: number) => [value & 0xff, value >> 8];
  const input = Buffer.concat([
    Uint8Array.from(u16(writes.length)),
    flash,
    ...writes.map(({ id, data }) => Buffer.from([Region.Flash, id, ...u16(data.length), ...data])),
  ]);
  const { stdout, stderr, status } = spawnSync(program, { input, maxBuffer: 256 * 2 ** 20 });
  expect(status, stderr.toString()).to.equal(0);
  const cuts: AfterCut[] = [];
  for (let at = 0; at < stdout.length; ) {
    const begun = stdout.readUInt16LE(at);
    const left = new Uint8Array(stdout.subarray(at + 2, at + 2 + SIZE));
    at += 2 + SIZE;
    const items = new Map<number, string>();
    for (let id = 1; id <= IDS; id++) {
      const length = stdout.readUInt16LE(at);
      at += 2;
      if (length === 0xffff) continue;
      items.set(id, toHex(stdout.subarray(at, at + length)));
      at += length;
    }
    cuts.push({ begun, flash: left, items, writes: stdout[at++] === 1 });
  }
  return cuts;
}
