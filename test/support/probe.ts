// The probe build of the wallet, on the emulator's crypto port: its parts open to vectors. Calls take and give octets.

import { readFileSync } from "node:fs";
import { cryptoPort, ModuleMemory } from "@enabling-card/emulator/testing";

type Exports = Record<string, (...args: (number | bigint)[]) => number> & { memory: WebAssembly.Memory };

const MODULE = new WebAssembly.Module(readFileSync(new URL("../../build/firmware/probe.wasm", import.meta.url)));
const BUDGET = 32 * 1024;

export class Probe {
  readonly #exports: Exports;
  #next: number;
  /** What `random` gives next, octets in a row: ephemeral keys of the vectors. */
  random: Uint8Array[] = [];
  iins = "999999";

  constructor() {
    const memory = new ModuleMemory(BUDGET);
    const nothing = new Proxy({}, { get: () => () => 0 });
    const imports = {
      crypto: cryptoPort(memory) as unknown as WebAssembly.ModuleImports,
      random: { fill: (out: number, length: number) => memory.demand(out, length).set(this.random.shift() ?? []) },
      vault: {
        read: (_item: number, out: number) => {
          memory.demand(out, this.iins.length).set(new TextEncoder().encode(this.iins));
          return this.iins.length;
        },
      },
      clock: { now: () => 0n, wakeAt: () => undefined },
      ...Object.fromEntries(["coil", "head", "flash", "battery", "mailbox"].map((name) => [name, nothing])),
    };
    this.#exports = new WebAssembly.Instance(MODULE, imports as WebAssembly.Imports).exports as unknown as Exports;
    memory.attach(this.#exports.memory);
    this.#next = this.call("work");
  }

  call(name: string, ...args: (number | bigint)[]): number {
    return this.#exports[name]!(...args);
  }

  /** Puts octets into the work area; their address. */
  put(bytes: Uint8Array): number {
    const at = this.#next;
    this.#next += (bytes.length + 7) & ~7;
    if (this.#next > BUDGET) throw new RangeError("The probe's work area is full: clear() it");
    new Uint8Array(this.#exports.memory.buffer).set(bytes, at);
    return at;
  }

  /** Room for `length` octets. */
  room(length: number): number {
    return this.put(new Uint8Array(length));
  }

  get(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer).slice(at, at + length);
  }

  clear(): void {
    this.#next = this.call("work");
  }
}
