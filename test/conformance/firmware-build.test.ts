// The build's two promises: a module imports its own capabilities and no others, and keeps to its memory. And the whole fits.

import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { expect } from "chai";
import { MODULES, moduleFaults, WASM_MAX } from "../../tools/build-firmware.mjs";

const SHIPPED = ["wallet", "authenticator", "link"] as const;
const built = (name: string) => readFileSync(new URL(`../../build/firmware/${name}.wasm`, import.meta.url));

/** Compiles one source as the build does. */
async function compile(source: string): Promise<Uint8Array> {
  let wasm = new Uint8Array(0);
  const { error, stderr } = await asc.main(
    ["m.ts", "-o", "m.wasm", "-Oz", "--runtime", "stub", "--noAssert", "--use", "abort="],
    {
      readFile: (name) => (name === "m.ts" ? source : null),
      writeFile: (name, contents) => {
        if (name === "m.wasm") wasm = Uint8Array.from(contents as Uint8Array);
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return wasm;
}

const HEAP = "export function heapBase(): usize { return __heap_base; }\n";
const IMPORT = (module: string, name: string) =>
  `@external("${module}", "${name}") declare function it(a: i32): i32;\nexport function use(): i32 { return it(1); }\n`;

describe("the firmware's build", () => {
  it("ships three modules of at most 40 KiB together", () => {
    const total = SHIPPED.reduce((sum, name) => sum + built(name).length, 0);
    expect(total).to.be.within(1, WASM_MAX);
  });

  for (const name of SHIPPED) {
    it(`finds nothing wrong with ${name}`, async () => {
      expect(await moduleFaults(name, built(name), MODULES[name])).to.deep.equal([]);
    });
  }

  const OUTSIDE: readonly [(typeof SHIPPED)[number], string, string][] = [
    ["link", "coil", "play"],
    ["link", "crypto", "seal"],
    ["link", "vault", "read"],
    ["authenticator", "coil", "play"],
    ["authenticator", "line", "write"],
    ["wallet", "line", "write"],
    ["wallet", "button", "pressed"],
    ["wallet", "env", "abort"],
  ];
  for (const [name, module, port] of OUTSIDE) {
    it(`fails ${name} where it imports ${module}.${port}`, async () => {
      const faults = await moduleFaults(name, await compile(HEAP + IMPORT(module, port)), MODULES[name]);
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include(`${name} imports ${module}.${port}`);
    });
  }

  for (const [name, budget] of [
    ["wallet", 16],
    ["authenticator", 8],
    ["link", 8],
  ] as const) {
    it(`fails ${name} where its memory passes ${budget} KiB, and not where it just fits`, async () => {
      const using = (octets: number) =>
        compile(`${HEAP}const at: usize = memory.data(${octets});\nexport function where(): usize { return at; }\n`);
      expect(await moduleFaults(name, await using(budget * 1024 + 16), MODULES[name])).to.have.length(1);
      expect(await moduleFaults(name, await using(budget * 1024 - 1100), MODULES[name])).to.deep.equal([]);
    });
  }
});
