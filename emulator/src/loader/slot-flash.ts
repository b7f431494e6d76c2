// The flash of images, as NOR flash behaves, with power that may go in any write or erase. Areas: wire/loader.ts. Contract: firmware/ports/slots.ts.

import { FlashArea, SECTOR_SIZE } from "@enabling-card/wire";
import { sha256 } from "@noble/hashes/sha2.js";
import { PortViolation, PowerCut } from "../errors.js";
import type { ModuleMemory } from "../memory.js";

export type SlotAreas = Readonly<Record<FlashArea, Uint8Array>>;

/** A write or an erase that is about to happen: of `length` octets from `at` on. */
export interface SlotWrite {
  readonly kind: "program" | "erase";
  readonly area: FlashArea;
  readonly at: number;
  readonly length: number;
}

export class SlotFlash {
  readonly areas: SlotAreas;
  readonly sectors: number;
  /** Writes and erases so far. */
  writes = 0;
  /** Octets programmed, and sectors erased. */
  readonly worn = { octets: 0, sectors: 0 };
  /** Asked before each write how many octets of it still happen; undefined for all of them. The power goes after fewer, or all, of a number. */
  onWrite: ((write: SlotWrite) => number | undefined) | undefined;

  /** @param content - Slots of `sectors` sectors each, erased; or an earlier `snapshot`. */
  constructor(content: number | SlotAreas) {
    const blank = (sectors: number) => new Uint8Array(sectors * SECTOR_SIZE).fill(0xff);
    this.areas =
      typeof content === "number"
        ? {
            [FlashArea.Slot0]: blank(content),
            [FlashArea.Slot1]: blank(content),
            [FlashArea.Scratch]: blank(1),
            [FlashArea.State]: blank(2),
          }
        : copied(content);
    this.sectors = this.areas[FlashArea.Slot0].length / SECTOR_SIZE;
  }

  snapshot(): SlotAreas {
    return copied(this.areas);
  }

  /** As at the maker's: an image in slot 0, without the loader. */
  install(area: FlashArea, image: Uint8Array): void {
    this.areas[area].fill(0xff).set(image);
  }

  port(memory: ModuleMemory) {
    return {
      read: (area: number, at: number, out: number, length: number): void => {
        memory.demand(out, length).set(this.#octets(area, at, length));
      },
      program: (area: number, at: number, data: number, length: number): void => {
        const target = this.#octets(area, at, length);
        const source = memory.demand(data, length);
        const torn = this.#ask({ kind: "program", area, at, length });
        for (let i = 0; i < (torn ?? length); i++) target[i]! &= source[i]!;
        this.worn.octets += length;
        if (torn !== undefined) throw new PowerCut("The power went in a write of the loader");
      },
      erase: (area: number, at: number): void => {
        if (at % SECTOR_SIZE !== 0) throw new PortViolation("An erase begins inside a sector");
        const target = this.#octets(area, at, SECTOR_SIZE);
        const torn = this.#ask({ kind: "erase", area, at, length: SECTOR_SIZE });
        target.fill(0xff, 0, torn ?? SECTOR_SIZE);
        this.worn.sectors++;
        if (torn !== undefined) throw new PowerCut("The power went in an erase of the loader");
      },
      digest: (area: number, length: number, out: number): void => {
        memory.demand(out, 32).set(sha256(this.#octets(area, 0, length)));
      },
    };
  }

  #ask(write: SlotWrite): number | undefined {
    this.writes++;
    const octets = this.onWrite?.(write);
    return octets === undefined ? undefined : Math.min(octets, write.length);
  }

  #octets(area: number, at: number, length: number): Uint8Array {
    const whole = this.areas[area as FlashArea] as Uint8Array | undefined;
    const [from, size] = [at >>> 0, length >>> 0];
    if (whole === undefined || from + size > whole.length)
      throw new PortViolation("The loader reaches outside of its flash");
    return whole.subarray(from, from + size);
  }
}

function copied(areas: SlotAreas): SlotAreas {
  return {
    [FlashArea.Slot0]: areas[FlashArea.Slot0].slice(),
    [FlashArea.Slot1]: areas[FlashArea.Slot1].slice(),
    [FlashArea.Scratch]: areas[FlashArea.Scratch].slice(),
    [FlashArea.State]: areas[FlashArea.State].slice(),
  };
}
