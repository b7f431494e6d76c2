// The microcontroller's store (firmware/mcu/ports/store.c), compiled for this machine: its power is cut at each octet of each write and in each
// erase. Afterwards it opens, every record is as before that write or as after it, and the emulator's store reads the same.

import { spawnSync } from "node:child_process";
import { MemoryBlock, Region, Store } from "@enabling-card/emulator";
import { concat, toHex, utf8 } from "@enabling-card/wire";
import { expect } from "chai";
import { crc32 } from "../../emulator/src/store/crc32.js";
import { seeded } from "../fuzz/random.js";
import { cProgram } from "../support/c-program.js";

const SIZE = 2 * 4096;
const IDS = 8;

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
  const program = cProgram("store-harness.c", ["ports/store.c"]);

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
        // One that is there is removed, and one has a length whose first octet is as erased: where that is cut, the second one tells.
        (_, i): Write => ({ id: 1 + ((3 * i) % 7), data: octets(i === 3 ? 0 : i === 4 ? 255 : 20 + 40 * i) }),
      );
      const states = [contents(store)];
      for (const { id, data } of writes) {
        const state = new Map(states.at(-1));
        if (data.length === 0) state.delete(id);
        else state.set(id, toHex(data));
        states.push(state);
      }

      const cuts = cutEverywhere(program(), block.snapshot(), writes);
      expect(cuts.length).to.be.greaterThan(600);
      for (const [n, { begun, flash, items, writes: stillWrites }] of cuts.entries()) {
        const possible = [states[Math.max(0, begun - 1)]!, states[begun]!].map(told);
        expect(told(items), `cut ${n}, in write ${begun}`).to.be.oneOf(possible);
        expect(stillWrites, `cut ${n}: it takes another write`).to.equal(true);
        if (n % 5 === 0) expect(told(contents(new Store(new MemoryBlock(flash)))), `cut ${n}`).to.equal(told(items));
      }
      const whole = cuts.at(-1)!;
      expect(told(whole.items)).to.equal(told(states.at(-1)!));
      for (const { id, data } of writes) store.write(Region.Flash, id, data);
      expect(toHex(whole.flash), "octet for octet").to.equal(toHex(block.snapshot()));
    }).timeout(60_000);
  }

  /** A record as both write it, right but for what it says: of its length `says` octets. */
  const record = (id: number, data: Uint8Array, says = data.length): Uint8Array => {
    const head = Uint8Array.from([says & 255, says >> 8, 9, 0, 0, 0, Region.Flash, id]);
    return concat(head, data, sum(head, data));
  };
  const sum = (...parts: Uint8Array[]) => {
    const octets = new Uint8Array(4);
    new DataView(octets.buffer).setUint32(0, crc32(concat(...parts)), true);
    return octets;
  };
  const header = (magic: string, generation: number) => {
    const head = concat(utf8(magic), Uint8Array.of(generation, 0, 0, 0));
    return concat(head, sum(head));
  };
  const HALF = SIZE / 2;
  const one = record(1, utf8("one"));
  const filler = new Uint8Array(2000).fill(5);
  for (const [what, parts, kept] of [
    [
      "a newer half of another format",
      [
        [0, header("ECS1", 1), one],
        [HALF, header("ECS2", 2), record(2, one)],
      ],
      [1],
    ],
    ["a record longer than any", [[0, header("ECS1", 1), one, record(2, new Uint8Array(2049))]], [1]],
    [
      "a record that goes on in the other half",
      [[0, header("ECS1", 1), record(1, filler), record(3, filler), record(2, filler)]],
      [1, 3],
    ],
  ] as const)
    it(`finds in ${what}, whose checksum is right, what the emulator's finds: no more than is there`, () => {
      const flash = new Uint8Array(SIZE).fill(0xff);
      for (const [at, ...octets] of parts) flash.set(concat(...octets), at);
      const [{ items }] = cutEverywhere(program(), flash, []) as [AfterCut];
      expect([...items.keys()]).to.deep.equal(kept);
      expect(told(contents(new Store(new MemoryBlock(flash))))).to.equal(told(items));
    });

  it("refuses what has no room, and what is longer than any record, and keeps what it had", () => {
    for (const [used, wanted] of [
      [1500, 1500],
      [100, 2049],
    ] as const) {
      const block = new MemoryBlock(SIZE);
      const store = new Store(block);
      for (const id of [1, 2]) store.write(Region.Flash, id, new Uint8Array(used).fill(id));
      const before = told(contents(store));
      const last = cutEverywhere(program(), block.snapshot(), [{ id: 3, data: new Uint8Array(wanted) }]).at(-1)!;
      expect(last.begun).to.equal(0x8000 | 1);
      expect(told(last.items)).to.equal(before);
    }
  });

  it("panics rather than forget where it has more items than its list", () => {
    const block = new MemoryBlock(SIZE);
    const store = new Store(block);
    for (let id = 1; id <= 25; id++) store.write(Region.Flash, id, Uint8Array.of(id));
    const input = Buffer.concat([Uint8Array.of(0, 0), block.snapshot()]);
    const { status, stderr } = spawnSync(program(), { input });
    expect([status, stderr.toString()]).to.deep.equal([1, "more items than the store has room for\n"]);
  });
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
