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

/** Where functions of an image lie. @throws {CommandError} `TOOL_MISSING` */
export function functionsOf(
  elf: string,
  names: readonly string[],
): readonly { readonly name: string; readonly from: number; readonly to: number }[] {
  const { stdout, error } = spawnSync("arm-none-eabi-nm", ["-S", elf], { encoding: "utf8" });
  if (error)
    throw new CommandError(
      "TOOL_MISSING",
      "arm-none-eabi-nm is missing: npm run build:mcu installs it",
      EXIT.unavailable,
    );
  return [...stdout.matchAll(/^([0-9a-f]+) ([0-9a-f]+) [tT] (\S+)$/gm)]
    .filter(([, , , name]) => names.includes(name!))
    .map(([, address, size, name]) => {
      const from = Number.parseInt(address!, 16) & ~1;
      return { name: name!, from, to: from + Number.parseInt(size!, 16) };
    });
}

export function readMap(elf: string): string {
  return readFileSync(elf.replace(/\.elf$/, ".map"), "utf8");
}
