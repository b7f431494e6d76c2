// The loader's module on this machine: the same WebAssembly that a card is built with, on flash that can lose its power. What an image does when it
// runs is nobody's business here: whoever starts the loader is told that it would be booted.

import {
  type ImageBoard,
  LOADER_SETTINGS_SIZE,
  LoaderSetting,
  LoaderStart,
  LoaderVerdict,
  START_RESUMED,
  StartReason,
  utf8,
} from "@enabling-card/wire";
import { EmulatorError } from "../errors.js";
import { ModuleMemory } from "../memory.js";
import { cryptoPort } from "../ports/crypto.js";
import type { SlotFlash } from "./slot-flash.js";

/** Octets of its memory (docs/protocol.md). */
export const LOADER_BUDGET = 4096;
const CHUNK_MAX = 64;
const IMPORTS: readonly string[] = ["slots", "crypto", "line"];

interface LoaderExports {
  readonly memory: WebAssembly.Memory;
  settingsSlot(): number;
  chunkSlot(): number;
  heapBase(): number;
  start(how: LoaderStart): LoaderVerdict;
  startReason(): number;
  onChunk(length: number): LoaderVerdict;
  onPiece(length: number): LoaderVerdict;
}

export interface LoaderOptions {
  /** `loader.wasm`, compiled. */
  readonly module: WebAssembly.Module;
  readonly flash: SlotFlash;
  readonly board: Pick<ImageBoard, "name" | "loadAddress">;
  /** Ed25519, 32 octets: the root that this card pins. */
  readonly root: Uint8Array;
}

/** Refuses a module that could do more than a loader. @throws {EmulatorError} `IMAGE_INVALID`, `IMPORT_REFUSED` */
export async function compileLoader(wasm: Uint8Array): Promise<WebAssembly.Module> {
  const module = await WebAssembly.compile(Uint8Array.from(wasm)).catch((cause) => {
    throw new EmulatorError("IMAGE_INVALID", "The loader is not WebAssembly: build the firmware again", { cause });
  });
  const strange = WebAssembly.Module.imports(module).find((wanted) => !IMPORTS.includes(wanted.module));
  if (strange)
    throw new EmulatorError(
      "IMPORT_REFUSED",
      `The loader imports ${strange.module}.${strange.name}, which is not its to use`,
    );
  return module;
}

/** One start of the loader, from power-on or reset. */
export class EmulatedLoader {
  readonly #exports: LoaderExports;
  readonly #memory = new ModuleMemory(LOADER_BUDGET);
  #out: Uint8Array[] = [];

  constructor({ module, flash, board, root }: LoaderOptions) {
    const instance = new WebAssembly.Instance(module, {
      slots: flash.port(this.#memory),
      crypto: cryptoPort(this.#memory),
      line: {
        write: (data: number, length: number) => {
          this.#out.push(this.#memory.demand(data, length).slice());
          return 0;
        },
      },
    });
    this.#exports = instance.exports as unknown as LoaderExports;
    this.#memory.attach(this.#exports.memory);
    if (this.#exports.heapBase() > LOADER_BUDGET)
      throw new EmulatorError("BUDGET_EXCEEDED", `The loader uses ${this.#exports.heapBase()} of ${LOADER_BUDGET}`);
    const settings = this.#memory.demand(this.#exports.settingsSlot(), LOADER_SETTINGS_SIZE);
    settings.fill(0);
    settings.set(root, LoaderSetting.Root);
    settings.set(utf8(board.name), LoaderSetting.Board);
    const view = new DataView(settings.buffer, settings.byteOffset, settings.length);
    view.setUint32(LoaderSetting.LoadAddress, board.loadAddress, true);
    view.setUint32(LoaderSetting.Sectors, flash.sectors, true);
  }

  /**
   * @param how - How the start came about.
   * @throws {PowerCut} where the flash says so; whatever else a module throws is a fault of it
   */
  start(how = LoaderStart.Usual): LoaderVerdict {
    return this.#exports.start(how);
  }

  /** Octets of the line: what it answers, and whether it asks to be started again. What follows such a request is not heard. */
  /** Why the start led where it did: a `StartReason`, and `START_RESUMED` with it. */
  get reason(): number {
    return this.#exports.startReason();
  }

  hear(octets: Uint8Array): { readonly said: Uint8Array; readonly verdict: LoaderVerdict } {
    const verdict = this.#hear(octets, (length) => this.#exports.onChunk(length));
    const said = new Uint8Array(this.#out.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#out.splice(0)) {
      said.set(part, at);
      at += part.length;
    }
    return { said, verdict };
  }

  /**
   * Octets of packets without a console's framing, and each answer as it is; none at all where what was half way has no end.
   *
   * @throws whatever a module throws that has a fault; {PowerCut} where the flash says so
   */
  hearRaw(octets: Uint8Array): { readonly said: readonly Uint8Array[]; readonly verdict: LoaderVerdict } {
    if (octets.length === 0) this.#exports.onPiece(0);
    const verdict = this.#hear(octets, (length) => this.#exports.onPiece(length));
    return { said: this.#out.splice(0), verdict };
  }

  /** The image that `start` would boot has not been confirmed. */
  get onTrial(): boolean {
    const reason = this.reason & ~START_RESUMED;
    return reason === StartReason.Trial || reason === StartReason.StillTrial;
  }

  #hear(octets: Uint8Array, take: (length: number) => LoaderVerdict): LoaderVerdict {
    let verdict = LoaderVerdict.Serve;
    for (let at = 0; at < octets.length && verdict === LoaderVerdict.Serve; at += CHUNK_MAX) {
      const chunk = octets.subarray(at, at + CHUNK_MAX);
      this.#memory.demand(this.#exports.chunkSlot(), CHUNK_MAX).set(chunk);
      verdict = take(chunk.length);
    }
    return verdict;
  }
}
