// The modules of the card: what each may import, what it must export, how much memory it may use. The loader holds them to it.

import { ModuleId } from "@enabling-card/wire";
import { EmulatorError } from "./errors.js";

export type ModuleName = "wallet" | "authenticator" | "link";

export interface ModuleSpec {
  readonly id: ModuleId;
  /** Octets of memory, static data included. */
  readonly budget: number;
  /** Wasm import namespaces, and no others. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

const EVERY = ["start", "mailSlot", "onMail", "onAlarm", "heapBase"] as const;

export const MODULES: Readonly<Record<ModuleName, ModuleSpec>> = {
  wallet: {
    id: ModuleId.Wallet,
    budget: 16_384,
    imports: ["coil", "head", "crypto", "random", "vault", "flash", "clock", "battery", "mailbox"],
    exports: [...EVERY, "onCoilDone", "onHeadContact"],
  },
  authenticator: {
    id: ModuleId.Authenticator,
    budget: 8_192,
    imports: ["button", "crypto", "random", "vault", "flash", "clock", "mailbox"],
    exports: [...EVERY, "onButton"],
  },
  link: {
    id: ModuleId.Link,
    budget: 8_192,
    imports: ["line", "radio", "indicators", "battery", "clock", "mailbox"],
    exports: [
      ...EVERY,
      "chunkSlot",
      "onChunk",
      "onLineUp",
      "onLineDown",
      "onLineReady",
      "packetSlot",
      "onPacket",
      "onRadioReady",
    ],
  },
};

export const MODULE_NAMES = Object.keys(MODULES) as readonly ModuleName[];

export function moduleNameOf(id: ModuleId): ModuleName | undefined {
  return MODULE_NAMES.find((name) => MODULES[name].id === id);
}

/** Exports of a module, once it runs. Pointers are offsets in its memory. */
export interface ModuleExports {
  readonly memory: WebAssembly.Memory;
  start(): void;
  mailSlot(): number;
  onMail(sender: ModuleId, length: number): void;
  onAlarm(): void;
  heapBase(): number;
  onCoilDone?(): void;
  onHeadContact?(): void;
  onButton?(): void;
  chunkSlot?(): number;
  onChunk?(length: number): void;
  onLineUp?(): void;
  onLineDown?(): void;
  onLineReady?(): void;
  packetSlot?(): number;
  onPacket?(length: number): void;
  onRadioReady?(): void;
}

/** The three built firmware modules, as files hold them. */
export type Firmware = Readonly<Record<ModuleName, Uint8Array>>;

export type CompiledFirmware = Readonly<Record<ModuleName, WebAssembly.Module>>;

/**
 * Compiles the modules and refuses one that could do more than its row of the table says.
 *
 * @throws {EmulatorError} `IMAGE_INVALID`, `IMPORT_REFUSED` or `EXPORT_MISSING`, naming the module.
 */
export async function compileFirmware(firmware: Firmware): Promise<CompiledFirmware> {
  const compiled: Partial<Record<ModuleName, WebAssembly.Module>> = {};
  for (const name of MODULE_NAMES) compiled[name] = await compileModule(name, firmware[name]);
  return compiled as CompiledFirmware;
}

export async function compileModule(name: ModuleName, image: Uint8Array): Promise<WebAssembly.Module> {
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(Uint8Array.from(image));
  } catch (cause) {
    throw new EmulatorError("IMAGE_INVALID", `The ${name} image is not WebAssembly: build the firmware again`, {
      cause,
    });
  }
  const spec = MODULES[name];
  for (const wanted of WebAssembly.Module.imports(module)) {
    if (wanted.kind !== "function" || !spec.imports.includes(wanted.module)) {
      throw new EmulatorError(
        "IMPORT_REFUSED",
        `The ${name} imports ${wanted.module}.${wanted.name}, which is not its to use`,
      );
    }
  }
  const given = WebAssembly.Module.exports(module);
  const has = (wanted: string, kind: string) => given.some((entry) => entry.name === wanted && entry.kind === kind);
  const missing = [!has("memory", "memory") && "memory", ...spec.exports.map((e) => !has(e, "function") && e)].find(
    Boolean,
  );
  if (missing) throw new EmulatorError("EXPORT_MISSING", `The ${name} does not export ${missing}`);
  return module;
}
