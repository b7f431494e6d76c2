// One module as it runs: an instance that has the ports of its row and no others, in memory no larger than its budget.

import { MAIL_SIZE } from "@enabling-card/wire";
import { EmulatorError } from "./errors.js";
import { ModuleMemory } from "./memory.js";
import { MODULES, type ModuleExports, type ModuleName } from "./modules.js";

/** Every port there is, by its name; which of them a module gets, its row says. */
export type Ports = Readonly<Record<string, (memory: ModuleMemory) => object>>;

export interface RunningModule {
  readonly exports: ModuleExports;
  readonly memory: ModuleMemory;
  readonly mailSlot: number;
}

/** How a module ended. */
export interface Trap {
  readonly module: ModuleName;
  readonly message: string;
  readonly atNs: number;
}

/**
 * A new instance, not started.
 *
 * @throws {EmulatorError} `IMPORT_REFUSED`, `BUDGET_EXCEEDED`
 */
export function runningModule(name: ModuleName, module: WebAssembly.Module, ports: Ports): RunningModule {
  const { budget, imports } = MODULES[name];
  const memory = new ModuleMemory(budget);
  let exports: ModuleExports;
  try {
    const own = imports.map((port) => [port, ports[port]!(memory) as WebAssembly.ModuleImports]);
    exports = new WebAssembly.Instance(module, Object.fromEntries(own)).exports as unknown as ModuleExports;
  } catch (cause) {
    throw new EmulatorError("IMPORT_REFUSED", `The ${name} asks a port for what it does not have`, { cause });
  }
  memory.attach(exports.memory);
  if (exports.heapBase() > budget)
    throw new EmulatorError("BUDGET_EXCEEDED", `The ${name} uses ${exports.heapBase()} octets of its ${budget}`);
  const mailSlot = exports.mailSlot();
  memory.demand(mailSlot, MAIL_SIZE);
  return { exports, memory, mailSlot };
}

/** A module's budget, octets, and whether anything lies above it. */
export function memoryUse(
  name: ModuleName,
  dump: Uint8Array,
): { readonly budget: number; readonly touchedAbove: boolean } {
  const { budget } = MODULES[name];
  return { budget, touchedAbove: dump.subarray(budget).some((octet) => octet !== 0) };
}
