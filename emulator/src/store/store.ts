// The card's one non-volatile store: an append log in the half that is in use; the other half takes what is live when it is full.
// A record is whole or absent after a power cut, whichever raw write was torn. Vault and flash are two regions of it.
//
// Half   = magic "ECS1", generation u32, crc32 of both; then records up to the first octets that are not one.
// Record = length u16, sequence u32, region u8, id u8, data, crc32 of all before it. Little-endian; length 0 removes.

import { concat } from "@enabling-card/wire";
import { EmulatorError, PowerCut } from "../errors.js";
import type { Block } from "./block.js";
import { crc32 } from "./crc32.js";

export const enum Region {
  /** Class and lock of the personalisation. */
  Card = 0,
  Vault = 1,
  Flash = 2,
}

/** Longest record, octets. */
export const RECORD_MAX = 2048;

const MAGIC = 0x31534345;
const HEADER = 12;
const RECORD_HEAD = 8;
const RECORD_TAIL = 4;

export interface StoreWrite {
  readonly region: Region;
  readonly id: number;
  readonly length: number;
}

interface Cut {
  /** Raw writes still to come before the torn one. */
  left: number;
  readonly byte: number | undefined;
}

export class Store {
  readonly #block: Block;
  readonly #half: number;
  readonly #live = new Map<number, Uint8Array>();
  readonly #eraseCounts: [number, number] = [0, 0];
  #active = 0;
  #generation = 0;
  #sequence = 0;
  #end = HEADER;
  /** True where what follows the last whole record is not empty: a torn write, which flash cannot write over. */
  #dirty = false;
  #writes = 0;
  #cut: Cut | undefined;
  #dead = false;
  /** Called after each whole record, before the caller of `write` goes on. Names, never contents. */
  onWrite: ((write: StoreWrite) => void) | undefined;

  /**
   * Opens what `block` holds, or formats it where neither half was ever used.
   *
   * @throws {EmulatorError} `STORE_CORRUPT` where there is data but no half with a whole header.
   */
  constructor(block: Block) {
    this.#block = block;
    this.#half = block.size >> 1;
    const generations = [this.#header(0), this.#header(1)];
    if (generations[0] === undefined && generations[1] === undefined) this.#format();
    else {
      this.#active = (generations[1] ?? -1) > (generations[0] ?? -1) ? 1 : 0;
      this.#generation = generations[this.#active]!;
      this.#replay();
    }
  }

  /** Raw writes and erases since the store was opened: what a power cut can tear. */
  get writes(): number {
    return this.#writes;
  }

  /** Erases of each half since the store was opened. */
  get eraseCounts(): readonly [number, number] {
    return [...this.#eraseCounts];
  }

  /** Octets that records take in the half in use. */
  get used(): number {
    return this.#end;
  }

  read(region: Region, id: number): Uint8Array | undefined {
    return this.#live.get(key(region, id))?.slice();
  }

  /** Ids of a region that have a record. */
  ids(region: Region): number[] {
    return [...this.#live.keys()].filter((k) => k >> 8 === region).map((k) => k & 0xff);
  }

  /**
   * Replaces a record whole; no data removes it. When it returns, the record is in the block.
   *
   * @throws {EmulatorError} `STORE_FULL` where the live records do not fit one half, or the record is over `RECORD_MAX`; nothing changed.
   * @throws {PowerCut} where a cut was asked for; the store is dead then.
   */
  write(region: Region, id: number, data: Uint8Array): void {
    this.#alive();
    if (data.length > RECORD_MAX) {
      throw new EmulatorError("STORE_FULL", `A record has at most ${RECORD_MAX} octets`);
    }
    const size = RECORD_HEAD + data.length + RECORD_TAIL;
    if (this.#dirty || this.#end + size > this.#half) this.#compact(region, id, data);
    else {
      this.#raw(this.#base + this.#end, record(this.#sequence + 1, region, id, data));
      this.#end += size;
      this.#sequence++;
      this.#remember(region, id, data);
    }
    this.onWrite?.({ region, id, length: data.length });
  }

  /**
   * Loses power at the `write`th raw write from now (1 is the next), after `byte` octets of it; half of them unless told.
   * An erase is a raw write too.
   */
  cutPowerAt(cut: { readonly write: number; readonly byte?: number } | undefined): void {
    this.#cut = cut && { left: cut.write, byte: cut.byte };
  }

  /** True once a cut has happened: open the block again. */
  get dead(): boolean {
    return this.#dead;
  }

  get #base(): number {
    return this.#active * this.#half;
  }

  #format(): void {
    if (this.#block.read(0, this.#block.size).some((byte) => byte !== 0xff)) {
      // A first format that was torn leaves less than a header; anything more is not ours to overwrite.
      const rest = concat(this.#block.read(HEADER, this.#half - HEADER), this.#block.read(this.#half, this.#half));
      if (rest.some((byte) => byte !== 0xff)) {
        throw new EmulatorError("STORE_CORRUPT", "The flash file holds no whole store: personalise a new one");
      }
      this.#block.erase(0, this.#half);
    }
    this.#generation = 1;
    this.#block.program(0, header(1));
  }

  /** Copies what is live, with the new record in its place, to the other half; its header, written last, makes it count. */
  #compact(region: Region, id: number, data: Uint8Array): void {
    const next = new Map(this.#live);
    if (data.length === 0) next.delete(key(region, id));
    else next.set(key(region, id), data);
    let sequence = this.#sequence + 1;
    const records = [...next].map(([k, value]) => record(sequence++, k >> 8, k & 0xff, value));
    const size = records.reduce((sum, bytes) => sum + bytes.length, HEADER);
    if (size > this.#half) throw new EmulatorError("STORE_FULL", "The card's memory is full");

    const other = 1 - this.#active;
    const base = other * this.#half;
    this.#erase(base, this.#half);
    this.#eraseCounts[other as 0 | 1]++;
    let at = base + HEADER;
    for (const bytes of records) {
      this.#raw(at, bytes);
      at += bytes.length;
    }
    this.#raw(base, header(this.#generation + 1));
    this.#active = other;
    this.#generation++;
    this.#end = size;
    this.#sequence = sequence - 1;
    this.#dirty = false;
    this.#remember(region, id, data);
  }

  #replay(): void {
    const half = this.#block.read(this.#base, this.#half);
    const view = new DataView(half.buffer);
    let at = HEADER;
    while (at + RECORD_HEAD + RECORD_TAIL <= half.length) {
      const length = view.getUint16(at, true);
      const end = at + RECORD_HEAD + length;
      if (length > RECORD_MAX || end + RECORD_TAIL > half.length) break;
      if (view.getUint32(end, true) !== crc32(half.subarray(at, end))) break;
      this.#sequence = view.getUint32(at + 2, true);
      this.#remember(half[at + 6]!, half[at + 7]!, half.slice(at + RECORD_HEAD, end));
      at = end + RECORD_TAIL;
    }
    this.#end = at;
    this.#dirty = half.subarray(at).some((byte) => byte !== 0xff);
  }

  #remember(region: Region, id: number, data: Uint8Array): void {
    if (data.length === 0) this.#live.delete(key(region, id));
    else this.#live.set(key(region, id), data.slice());
  }

  #header(half: number): number | undefined {
    const bytes = this.#block.read(half * this.#half, HEADER);
    const view = new DataView(bytes.buffer);
    const whole = view.getUint32(0, true) === MAGIC && view.getUint32(8, true) === crc32(bytes.subarray(0, 8));
    return whole ? view.getUint32(4, true) : undefined;
  }

  #raw(offset: number, bytes: Uint8Array): void {
    const torn = this.#spend(bytes.length);
    this.#block.program(offset, torn === undefined ? bytes : bytes.subarray(0, torn));
    if (torn !== undefined) this.#die();
  }

  #erase(offset: number, length: number): void {
    const torn = this.#spend(length);
    this.#block.erase(offset, torn ?? length);
    if (torn !== undefined) this.#die();
  }

  /** Counts a raw write; where the power goes in it, how many octets of it still happen. */
  #spend(length: number): number | undefined {
    this.#alive();
    this.#writes++;
    if (this.#cut === undefined || --this.#cut.left > 0) return undefined;
    return Math.min(this.#cut.byte ?? length >> 1, length);
  }

  #die(): never {
    this.#dead = true;
    throw new PowerCut("The power went in the middle of a write");
  }

  #alive(): void {
    if (this.#dead) throw new PowerCut("The power is gone: open the store again");
  }
}

function key(region: number, id: number): number {
  return (region << 8) | id;
}

function header(generation: number): Uint8Array {
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, generation, true);
  view.setUint32(8, crc32(bytes.subarray(0, 8)), true);
  return bytes;
}

function record(sequence: number, region: number, id: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEAD + data.length + RECORD_TAIL);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, data.length, true);
  view.setUint32(2, sequence, true);
  bytes[6] = region;
  bytes[7] = id;
  bytes.set(data, RECORD_HEAD);
  view.setUint32(RECORD_HEAD + data.length, crc32(bytes.subarray(0, RECORD_HEAD + data.length)), true);
  return bytes;
}
