// What an image is made of, as its linker and its symbols tell: flash and RAM of each part, and where functions lie.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { CommandError, EXIT } from "../exit-codes.js";

export const PARTS = ["wallet", "authenticator", "link", "crypto", "runtime", "ports", "board", "library"] as const;
export type Part = (typeof PARTS)[number];

export interface PartSize {
  readonly part: Part;
  /** Octets. */
  readonly flash: number;
  readonly ram: number;
}

/** A section of the linker's map: name, address, size, object file; the name may stand on a line of its own. */
const SECTION = /^ (\.\S+|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$/gm;
const IN_FLASH = /^\.(text|rodata|data|ARM\.exidx|vectors)/;
const IN_RAM = /^(\.(data|bss)|COMMON)/;

/** Flash and RAM by part, from the text of a linker's map; the stack and gaps between parts are nobody's. */
export function partSizes(map: string): PartSize[] {
  const sizes = new Map(PARTS.map((part) => [part, { flash: 0, ram: 0 }]));
  const used = map.slice(map.indexOf("Linker script and memory map")).replace(/^( \S+)\n +0x/gm, "$1 0x");
  for (const [, name, address, length, object] of used.matchAll(SECTION)) {
    const octets = Number.parseInt(length!, 16);
    if (octets === 0 || (Number.parseInt(address!, 16) === 0 && name !== ".vectors")) continue;
    const size = sizes.get(partOf(name!, object!))!;
    if (IN_FLASH.test(name!)) size.flash += octets;
    if (IN_RAM.test(name!)) size.ram += octets;
  }
  return PARTS.map((part) => ({ part, ...sizes.get(part)! }));
}

/** A module's memory is the runtime's by file, and the module's by name. */
function partOf(section: string, object: string): Part {
  const memory = /^\.bss\.(wallet|authenticator|link)_octets$/.exec(section)?.[1];
  if (memory !== undefined) return memory as Part;
  const file = object.split("/").at(-1)!;
  const module = /^an\d+-(wallet|authenticator|link)\.c\.o$/.exec(file)?.[1];
  if (module !== undefined) return module as Part;
  if (object.includes(".a(")) return "library";
  const room = /^(runtime|ports|board)-/.exec(file)?.[1];
  return (room as Part | undefined) ?? "crypto";
}

export interface MachineFunction {
  readonly name: string;
  /** Address of its first octet, and of the one behind its last. */
  readonly from: number;
  readonly to: number;
  /** As objdump writes them: mnemonic, operands. Constants between them are none. */
  readonly instructions: readonly string[];
}

/** What the arm-none-eabi tools say of an image's code. @throws {CommandError} `TOOL_MISSING` */
export function disassembly(elf: string): string {
  const arguments_ = ["-d", "--no-show-raw-insn", elf];
  const { stdout, error } = spawnSync("arm-none-eabi-objdump", arguments_, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (!error) return stdout;
  const sentence = "arm-none-eabi-objdump is missing: npm run build:mcu installs it";
  throw new CommandError("TOOL_MISSING", sentence, EXIT.unavailable);
}

/** A branch to another address than the one in a register: `bl`, `b.w`, `cbz`, `bne.n` and the like; its target. */
const BRANCH = /^(?:b[a-z]{0,3}|cbn?z)(?:\.[nw])?\s+(?:\w+, )?[0-9a-f]+ <(\w[\w.]*?)(?:\+0x[0-9a-f]+)?>/;
/** Where to, a register says, or memory; a return is none of these. */
const INDIRECT = /^(?:blx?\s+r|bx\s+(?!lr)|tb[bh]\s|(?:ldr|mov)(?:\.w)?\s+pc)/;

/** Functions of a disassembly, by name. */
export function functionsOf(text: string): ReadonlyMap<string, MachineFunction> {
  const functions = new Map<string, MachineFunction>();
  for (const block of text.split("\n\n")) {
    const head = /^([0-9a-f]+) <(\S+)>:$/m.exec(block);
    if (head === null) continue;
    const lines = [...block.matchAll(/^\s*([0-9a-f]+):\t(.+)$/gm)];
    const instructions = lines.map(([, , said]) => said!.replace(/\s*[@;].*$/, "").trim());
    const last = lines.at(-1)?.[1] ?? head[1]!;
    functions.set(head[2]!, {
      name: head[2]!,
      from: Number.parseInt(head[1]!, 16),
      to: Number.parseInt(last, 16) + WIDEST,
      instructions: instructions.filter((one) => !/^\.(word|short|byte)/.test(one)),
    });
  }
  return functions;
}

/**
 * The function `entry` of a disassembly, and all that it can get to.
 *
 * @throws {RangeError} where a branch goes who knows where, or to what is not there
 */
export function reachedFrom(entry: string, text: string): readonly MachineFunction[] {
  const functions = functionsOf(text);
  const reached = new Map<string, MachineFunction>();
  const visit = (name: string): void => {
    if (reached.has(name)) return;
    const one = functions.get(name);
    if (one === undefined) throw new RangeError(`there is no function ${name}`);
    reached.set(name, one);
    for (const instruction of one.instructions) {
      if (INDIRECT.test(instruction)) throw new RangeError(`${name}: ${instruction} leads who knows where`);
      const target = BRANCH.exec(instruction)?.[1];
      if (target !== undefined) visit(target);
    }
  };
  visit(entry);
  return [...reached.values()];
}

/** Octets of an instruction, at most. */
const WIDEST = 4;

export function readMap(elf: string): string {
  return readFileSync(elf.replace(/\.elf$/, ".map"), "utf8");
}
