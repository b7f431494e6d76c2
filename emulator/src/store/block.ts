// Raw non-volatile memory, as NOR flash gives it: writes clear bits, an erase sets a range to ones and wears it.

import { closeSync, existsSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { EmulatorError } from "../errors.js";

/** Two halves of a store. Offsets and lengths in octets; nothing is kept after a call. */
export interface Block {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
  /** Programs `bytes` at `offset`: old AND new, as flash does. */
  program(offset: number, bytes: Uint8Array): void;
  /** Sets `length` octets at `offset` to 0xff. */
  erase(offset: number, length: number): void;
  close(): void;
}

/** Octets of a store unless told otherwise: two halves of 16 KiB. */
export const BLOCK_SIZE = 32_768;

/** A block in memory; `bytes` may be an earlier `snapshot`. */
export class MemoryBlock implements Block {
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(content: number | Uint8Array = BLOCK_SIZE) {
    this.#bytes = typeof content === "number" ? new Uint8Array(content).fill(0xff) : content.slice();
    this.size = this.#bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }

  program(offset: number, bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) this.#bytes[offset + i]! &= bytes[i]!;
  }

  erase(offset: number, length: number): void {
    this.#bytes.fill(0xff, offset, offset + length);
  }

  close(): void {}

  /** A copy of what the block holds now. */
  snapshot(): Uint8Array {
    return this.#bytes.slice();
  }
}

/** A block in a file of its own, made where there is none. Every write is in the file when the call returns. */
export class FileBlock implements Block {
  readonly size: number;
  readonly #memory: MemoryBlock;
  readonly #file: number;
  readonly #sync: boolean;

  /**
   * @param options.sync - Also wait until the disk has each write (survives the computer's power loss, not only the process's).
   * @throws {EmulatorError} `STORE_WRONG_SIZE` where the file is there with another size.
   */
  constructor(path: string, options: { readonly size?: number; readonly sync?: boolean } = {}) {
    const size = options.size ?? BLOCK_SIZE;
    const isNew = !existsSync(path);
    this.#file = openSync(path, isNew ? "wx+" : "r+", 0o600);
    this.size = size;
    this.#sync = options.sync ?? false;
    const content = new Uint8Array(size + 1).fill(0xff);
    if (isNew) {
      this.#memory = new MemoryBlock(size);
      this.#put(0, content.subarray(0, size));
      return;
    }
    const have = readSync(this.#file, content, 0, size + 1, 0);
    if (have !== size) {
      closeSync(this.#file);
      throw new EmulatorError("STORE_WRONG_SIZE", `A card's flash file has ${size} octets: this is another file`);
    }
    this.#memory = new MemoryBlock(content.subarray(0, size));
  }

  read(offset: number, length: number): Uint8Array {
    return this.#memory.read(offset, length);
  }

  program(offset: number, bytes: Uint8Array): void {
    this.#memory.program(offset, bytes);
    this.#put(offset, this.#memory.read(offset, bytes.length));
  }

  erase(offset: number, length: number): void {
    this.#memory.erase(offset, length);
    this.#put(offset, this.#memory.read(offset, length));
  }

  close(): void {
    closeSync(this.#file);
  }

  #put(offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#file, bytes, at, bytes.length - at, offset + at);
    }
    if (this.#sync) fsyncSync(this.#file);
  }
}
