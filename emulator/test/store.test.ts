import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { EmulatorError, PowerCut } from "../src/errors.js";
import { FileBlock, MemoryBlock } from "../src/store/block.js";
import { crc32 } from "../src/store/crc32.js";
import { RECORD_MAX, Region, Store } from "../src/store/store.js";

/** Small halves, so that a few writes compact. */
const SMALL = 512;

interface Write {
  readonly id: number;
  readonly data: Uint8Array;
}

const writes = fc.array(
  fc.record({ id: fc.integer({ min: 1, max: 4 }), data: fc.uint8Array({ minLength: 0, maxLength: 30 }) }),
  { minLength: 1, maxLength: 12 },
);

function apply(state: ReadonlyMap<number, string>, { id, data }: Write): Map<number, string> {
  const next = new Map(state);
  if (data.length === 0) next.delete(id);
  else next.set(id, toHex(data));
  return next;
}

function contents(store: Store): Map<number, string> {
  return new Map(store.ids(Region.Flash).map((id) => [id, toHex(store.read(Region.Flash, id)!)]));
}

const sorted = (map: ReadonlyMap<number, string>) => [...map].sort(([a], [b]) => a - b);

describe("the store", () => {
  it("holds what was written, through any number of restarts and compactions", () => {
    fc.assert(
      fc.property(writes, (list) => {
        const block = new MemoryBlock(SMALL);
        let model = new Map<number, string>();
        for (const write of list) {
          new Store(block).write(Region.Flash, write.id, write.data);
          model = apply(model, write);
          expect(sorted(contents(new Store(block)))).to.deep.equal(sorted(model));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("holds the old record or the new one, whichever octet of whichever raw write lost the power", () => {
    fc.assert(
      fc.property(writes, (list) => {
        const block = new MemoryBlock(SMALL);
        let model = new Map<number, string>();
        list.slice(0, -1).forEach((write) => {
          new Store(block).write(Region.Flash, write.id, write.data);
          model = apply(model, write);
        });
        const last = list.at(-1)!;
        const before = block.snapshot();
        const probe = new Store(new MemoryBlock(before));
        probe.write(Region.Flash, last.id, last.data);
        for (let write = 1; write <= probe.writes; write++) {
          for (let byte = 0; byte <= SMALL / 2; byte++) {
            const torn = new MemoryBlock(before);
            const store = new Store(torn);
            store.cutPowerAt({ write, byte });
            expect(() => store.write(Region.Flash, last.id, last.data)).to.throw(PowerCut);
            expect(() => store.write(Region.Flash, 1, Uint8Array.of(1)), "nothing more").to.throw(PowerCut);
            const after = sorted(contents(new Store(torn)));
            const whole = [sorted(model), sorted(apply(model, last))];
            expect(whole).to.deep.include(after);
            // and it goes on: a torn tail is never written over, never read
            const next = new Store(torn);
            next.write(Region.Flash, 4, Uint8Array.of(7, byte & 0xff));
            const wanted = sorted(apply(new Map(after), { id: 4, data: Uint8Array.of(7, byte & 0xff) }));
            expect(sorted(contents(new Store(torn)))).to.deep.equal(wanted);
            if (byte > 64 && write > 1) byte += 13; // the long erase: every octet at both ends, every 14th between
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  it("survives a second cut while it mends the first", () => {
    const block = new MemoryBlock(SMALL);
    const store = new Store(block);
    store.write(Region.Flash, 1, new Uint8Array(30).fill(1));
    store.cutPowerAt({ write: 1 });
    expect(() => store.write(Region.Flash, 1, new Uint8Array(30).fill(2))).to.throw(PowerCut);
    for (let write = 1; write <= 3; write++) {
      const again = new Store(block);
      again.cutPowerAt({ write });
      expect(() => again.write(Region.Flash, 1, new Uint8Array(30).fill(3))).to.throw(PowerCut);
      expect(new Store(block).read(Region.Flash, 1)![0]).to.equal(1);
    }
    new Store(block).write(Region.Flash, 1, new Uint8Array(30).fill(4));
    expect(new Store(block).read(Region.Flash, 1)![0]).to.equal(4);
  });

  it("refuses what does not fit, and changes nothing", () => {
    const block = new MemoryBlock(SMALL);
    const store = new Store(block);
    const full = () => store.write(Region.Vault, 9, new Uint8Array(240));
    for (let id = 1; id <= 4; id++) store.write(Region.Flash, id, new Uint8Array(30).fill(id));
    expect(full).to.throw(EmulatorError).with.property("code", "STORE_FULL");
    expect(() => store.write(Region.Flash, 1, new Uint8Array(RECORD_MAX + 1))).to.throw(EmulatorError);
    expect(contents(new Store(block)).size).to.equal(4);
  });

  it("keeps regions apart, counts writes and erases, and tells of each record by name alone", () => {
    const store = new Store(new MemoryBlock(SMALL));
    const seen: string[] = [];
    store.onWrite = ({ region, id, length }) => seen.push(`${region}/${id}:${length}`);
    store.write(Region.Vault, 1, Uint8Array.of(1));
    store.write(Region.Flash, 1, Uint8Array.of(2, 2));
    expect(store.read(Region.Vault, 1)).to.deep.equal(Uint8Array.of(1));
    expect(seen).to.deep.equal(["1/1:1", "2/1:2"]);
    expect(store.writes).to.equal(2);
    for (let i = 0; i < 100; i++) store.write(Region.Flash, 1, new Uint8Array(20).fill(i));
    const [a, b] = store.eraseCounts;
    expect(a + b).to.be.greaterThan(5);
    expect(Math.abs(a - b)).to.be.at.most(1);
  });

  it("says STORE_CORRUPT of data that is no store, instead of formatting it", () => {
    const block = new MemoryBlock(SMALL);
    block.program(200, Uint8Array.of(1, 2, 3));
    expect(() => new Store(block))
      .to.throw(EmulatorError)
      .with.property("code", "STORE_CORRUPT");
  });

  it("has the checksum of the world (ISO/IEC 13239: 123456789 is CBF43926)", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).to.equal(0xcbf43926);
  });
});

describe("a flash file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "ecard-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("survives restarts and a torn write, and is its owner's alone", () => {
    const file = path.join(folder, "card.flash");
    const first = new FileBlock(file);
    new Store(first).write(Region.Flash, 1, Uint8Array.of(1));
    first.close();
    const second = new FileBlock(file);
    const store = new Store(second);
    expect(store.read(Region.Flash, 1)).to.deep.equal(Uint8Array.of(1));
    store.cutPowerAt({ write: 1, byte: 5 });
    expect(() => store.write(Region.Flash, 1, Uint8Array.of(2))).to.throw(PowerCut);
    second.close();
    const third = new FileBlock(file);
    expect(new Store(third).read(Region.Flash, 1)).to.deep.equal(Uint8Array.of(1));
    third.close();
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("is refused where it has another size: it is another file", () => {
    const file = path.join(folder, "card.flash");
    new FileBlock(file).close();
    truncateSync(file, 1000);
    expect(() => new FileBlock(file))
      .to.throw(EmulatorError)
      .with.property("code", "STORE_WRONG_SIZE");
  });
});
