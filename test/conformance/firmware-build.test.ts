// The build's promises: a module imports its own capabilities and no others, keeps to its static memory and cannot get more. And
// the whole fits.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { expect } from "chai";
import {
  BLUETOOTH_MAX,
  bluetoothSize,
  buildFirmware,
  FLAGS,
  MODULES,
  moduleFaults,
  WASM_MAX,
} from "../../tools/build-firmware.mjs";

const SHIPPED = ["wallet", "authenticator", "link"] as const;
const built = (name: string) => readFileSync(new URL(`../../build/firmware/${name}.wasm`, import.meta.url));

/** Compiles one source as the build does. */
async function compile(source: string, flags: readonly string[] = FLAGS): Promise<Uint8Array> {
  let wasm = new Uint8Array(0);
  const { error, stderr } = await asc.main(["m.ts", "-o", "m.wasm", ...flags], {
    readFile: (name) => (name === "m.ts" ? source : null),
    writeFile: (name, contents) => {
      if (name === "m.wasm") wasm = Uint8Array.from(contents as Uint8Array);
    },
    listFiles: () => [],
  });
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

  it("has a Bluetooth host of at most 6 KiB, which uses at most 3 KiB of memory", async () => {
    expect(BLUETOOTH_MAX).to.deep.equal({ wasm: 6144, memory: 3072 });
    const { wasm, memory } = await bluetoothSize();
    expect(wasm).to.be.within(1, BLUETOOTH_MAX.wasm);
    expect(memory).to.be.within(1, BLUETOOTH_MAX.memory);
  });

  it("never has a module that is missing or half there while it builds, and leaves nothing else behind", async () => {
    const out = mkdtempSync(join(tmpdir(), "ecard-build-"));
    const link = join(out, "link.wasm");
    try {
      writeFileSync(link, "the one before");
      writeFileSync(join(out, "gone.wasm"), "a module that there is no more");
      let isOver = false;
      const building = Promise.all([1, 2].map(() => buildFirmware(() => undefined, out))).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        const now = readFileSync(link);
        expect(now.toString() === "the one before" || now.equals(built("link"))).to.equal(true);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await building;
      expect(readFileSync(link).equals(built("link"))).to.equal(true);
      expect(readdirSync(out).sort()).to.deep.equal(
        [...Object.keys(MODULES).map((name) => `${name}.wasm`), "stamp"].sort(),
      );
    } finally {
      rmSync(out, { recursive: true });
    }
  }).timeout(120_000);

  const OUTSIDE: readonly [(typeof SHIPPED)[number], string, string][] = [
    ["link", "coil", "play"],
    ["link", "crypto", "seal"],
    ["link", "vault", "read"],
    ["authenticator", "coil", "play"],
    ["authenticator", "line", "write"],
    ["authenticator", "radio", "send"],
    ["wallet", "radio", "send"],
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

  for (const name of SHIPPED) {
    it(`lists for ${name} no import that it does not use`, () => {
      const used = WebAssembly.Module.imports(new WebAssembly.Module(built(name))).map(({ module }) => module);
      expect([...new Set(used)].sort()).to.deep.equal([...MODULES[name].imports].sort());
    });
  }

  const MANAGED: readonly [string, string][] = [
    ["a typed array", "export function use(n: i32): i32 { const a = new Uint8Array(n); a[0] = 1; return a[n - 1]; }"],
    ["an array", "export function use(n: i32): i32 { const a = [n, 1]; a.push(n); return a[n]; }"],
    ["an object", "class A { n: i32 = 1; }\nexport function use(): usize { return changetype<usize>(new A()); }"],
    ["a string that is made", "export function use(n: i32): i32 { return n.toString().length; }"],
    ["the heap", "export function use(n: i32): usize { return heap.alloc(n); }"],
    ["memory.grow", "export function use(n: i32): i32 { return memory.grow(n); }"],
  ];
  for (const [what, source] of MANAGED) {
    it(`fails a module that uses ${what}`, async () => {
      const faults = await moduleFaults("link", await compile(`${HEAP}${source}\n`), MODULES.link);
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include("link allocates");
    });
  }

  it("fails a module whose memory could grow, or is more than a page", async () => {
    const open = FLAGS.filter((_, i) => FLAGS[i] !== "--maximumMemory" && FLAGS[i - 1] !== "--maximumMemory");
    const two = FLAGS.map((flag, i) => (/Memory$/.test(FLAGS[i - 1] ?? "") ? "2" : flag));
    for (const flags of [open, two]) {
      const faults = await moduleFaults("link", await compile(HEAP, flags), MODULES.link);
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include("memory that can grow");
    }
  });

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
