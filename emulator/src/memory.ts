// A module's linear memory as its ports may touch it: [0, budget), whatever the wasm page size is.

import { PortViolation } from "./errors.js";

export class ModuleMemory {
  #memory: WebAssembly.Memory | undefined;

  constructor(readonly budget: number) {}

  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  /** The octets at `pointer`, live; undefined where they are not all the module's. Wasm passes i32: both are taken as they come. */
  at(pointer: number, length: number): Uint8Array | undefined {
    const start = pointer >>> 0;
    if (this.#memory === undefined || length < 0 || start + length > this.budget) return undefined;
    return new Uint8Array(this.#memory.buffer, start, length);
  }

  /** @throws {PortViolation} where the octets are not all the module's: for ports that have no status to say so. */
  demand(pointer: number, length: number): Uint8Array {
    const octets = this.at(pointer, length);
    if (octets === undefined)
      throw new PortViolation(`A port was given memory outside the module's ${this.budget} octets`);
    return octets;
  }

  /** A copy of everything, the part above the budget included. */
  dump(): Uint8Array {
    return this.#memory === undefined ? new Uint8Array(0) : new Uint8Array(this.#memory.buffer).slice();
  }
}
