// Builds the card's modules: AssemblyScript to WebAssembly, then checks on the built files what each imports, how much
// memory it uses, and that none can ask for more (docs/protocol.md, "Modules"). Does nothing where nothing changed. Plain JavaScript: set-up runs it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUT = join(ROOT, "build/firmware");

/** What a module may import, and where its static memory must end. */
/** `bulk`: copies and wipes by an instruction each, faster on a microcontroller; without, by loops, which are smaller where there are few. */
export const MODULES = {
  wallet: {
    entry: "firmware/wallet/index.ts",
    imports: ["coil", "head", "crypto", "random", "vault", "flash", "clock", "battery", "mailbox"],
    memory: 16 * 1024,
    bulk: true,
  },
  authenticator: {
    entry: "firmware/authenticator/index.ts",
    imports: ["button", "crypto", "random", "vault", "flash", "clock", "mailbox"],
    memory: 8 * 1024,
  },
  link: {
    entry: "firmware/link/index.ts",
    imports: ["line", "radio", "indicators", "battery", "clock", "mailbox"],
    memory: 8 * 1024,
    bulk: true,
  },
  // Runs before the others, and none of their memory is there then.
  loader: {
    entry: "firmware/loader/index.ts",
    imports: ["slots", "crypto", "line"],
    memory: 4 * 1024,
  },
  // Not shipped: opens the wallet's parts to the tests, vector by vector.
  probe: {
    entry: "firmware/wallet/probe.ts",
    imports: ["coil", "head", "crypto", "random", "vault", "flash", "clock", "battery", "mailbox"],
    memory: 32 * 1024,
  },
  // Not shipped: link with gaps behind its buffers, which a fuzzer watches.
  guarded: {
    entry: "firmware/link/guarded.ts",
    imports: ["line", "radio", "indicators", "battery", "clock", "mailbox"],
    memory: 32 * 1024,
    guard: 512,
  },
};

/** What Bluetooth may add to link, octets of wasm and of memory. */
export const BLUETOOTH_MAX = { wasm: 6 * 1024, memory: 3 * 1024 };
/** Doors of the Bluetooth host with nothing behind them: link built with these is what it would be without. */
const NO_BLUETOOTH = {
  "firmware/link/bluetooth/commands.ts": `
    export function hangUpRadio(): void {}
    export function showIdentifier(identifier: usize, length: i32): void {}`,
  "firmware/link/bluetooth/events.ts": `
    export function radioAlarm(): void {}
    export function radioAnswered(type: i32): void {}
    export function radioReady(): void {}
    export function radioSlot(): usize { return 0; }
    export function radioStart(): bool { return false; }
    export function radioTake(length: i32): void {}
    export function radioYield(toLine: bool): void {}`,
  "firmware/link/bluetooth/notify.ts": `
    export function notify(data: usize, length: i32): i32 { return 0; }
    export function notifyMax(): i32 { return 0; }`,
};

/** All shipped modules together (docs/protocol.md). */
export const WASM_MAX = 40 * 1024;
const PAGE = 65_536;
const SHIPPED = ["wallet", "authenticator", "link"];

export const FLAGS = [
  "-Oz",
  "--converge",
  "--runtime",
  "stub",
  "--noAssert",
  "--use",
  "abort=",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "1",
  "--stackSize",
  "0",
];

/**
 * What is wrong with a built module, in sentences; empty where it keeps to its list and budget.
 *
 * @param {Uint8Array} wasm
 * @param {{imports: readonly string[], memory: number}} rule
 * @param {(imports: object) => WebAssembly.Imports} [stub]
 */
export async function moduleFaults(name, wasm, rule) {
  const module = await WebAssembly.compile(wasm);
  const faults = [];
  const imports = {};
  for (const wanted of WebAssembly.Module.imports(module)) {
    if (wanted.kind !== "function" || !rule.imports.includes(wanted.module)) {
      faults.push(
        `${name} imports ${wanted.module}.${wanted.name}, which is not among its capabilities (${rule.imports.join(", ")})`,
      );
    }
    imports[wanted.module] ??= {};
    imports[wanted.module][wanted.name] = () => 0;
  }
  if (faults.length > 0) return faults;
  if (await growsMemory(wasm))
    faults.push(`${name} allocates: firmware has static memory alone (memory.data), no new, no arrays, no memory.grow`);
  const { exports } = await WebAssembly.instantiate(module, imports);
  if (!isFixed(exports.memory)) faults.push(`${name} has memory that can grow: its maximum must be its one page`);
  const base = exports.heapBase?.() >>> 0;
  if (base === 0 || base > rule.memory)
    faults.push(`${name} uses ${base} octets of memory; its budget is ${rule.memory}`);
  return faults;
}

/** Every allocator of the runtime ends at this instruction, and nothing else of ours may contain it. */
async function growsMemory(wasm) {
  const { default: binaryen } = await import("assemblyscript/binaryen");
  const module = binaryen.readBinary(wasm);
  const text = module.emitText();
  module.dispose();
  return text.includes("memory.grow");
}

/** One page, and not one more to be had. */
function isFixed(memory) {
  if (memory?.buffer.byteLength !== PAGE) return false;
  try {
    memory.grow(1);
    return false;
  } catch {
    return true;
  }
}

/**
 * Builds every module into build/firmware. Throws with one sentence a fault, and then leaves what was there. Another build, or who reads meanwhile, finds
 * whole files, and new ones only where all of them are sound.
 */
export async function buildFirmware(log = console.log, out = OUT) {
  const digest = sourceDigest();
  const stamp = join(out, "stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  const built = new Map();
  let shipped = 0;
  for (const [name, rule] of Object.entries(MODULES)) {
    const wasm = await compile(name, rule);
    built.set(`${name}.wasm`, wasm);
    const faults = await moduleFaults(name, wasm, rule);
    if (faults.length > 0) throw new Error(faults.join("\n"));
    if (SHIPPED.includes(name)) shipped += wasm.length;
  }
  const bluetooth = await bluetoothSize();
  if (bluetooth.wasm > BLUETOOTH_MAX.wasm || bluetooth.memory > BLUETOOTH_MAX.memory)
    throw new Error(`Bluetooth takes ${told(bluetooth)}; its limits are ${told(BLUETOOTH_MAX)}`);
  if (shipped > WASM_MAX) throw new Error(`The modules have ${shipped} octets together; the limit is ${WASM_MAX}`);
  mkdirSync(out, { recursive: true });
  rmSync(stamp, { force: true }); // where this ends half-way, the next build begins anew
  for (const [file, content] of [...built, ["stamp", digest]]) writeWhole(join(out, file), content);
  for (const file of readdirSync(out)) if (file.endsWith(".wasm") && !built.has(file)) rmSync(join(out, file));
  log(`firmware: ${SHIPPED.join(", ")} built, ${shipped} of ${WASM_MAX} octets; Bluetooth ${told(bluetooth)}`);
}

/** Beside it first, under a name of this process: never half of it under its own name. */
export function writeWhole(file, content) {
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, content);
  renameSync(part, file);
}

const told = ({ wasm, memory }) => `${wasm} octets of wasm and ${memory} of memory`;

/** Compiles a module's entry, some of its files replaced by other text. */
export async function compile(name, { entry, guard = 0, bulk = false }, replaced = {}) {
  const { default: asc } = await import("assemblyscript/asc");
  let wasm;
  const read = (file, folder) => {
    const path = join(folder, file);
    return replaced[file] ?? (existsSync(path) ? readFileSync(path, "utf8") : null);
  };
  const write = (_, contents) => {
    wasm = contents;
  };
  const options = [entry, "-o", "out.wasm", "--baseDir", ROOT, "--use", `GUARD=${guard}`, ...FLAGS];
  if (!bulk) options.push("--disable", "bulk-memory");
  const { error, stderr } = await asc.main(options, { readFile: read, writeFile: write });
  if (error) throw new Error(`${name}: ${error.message}\n${stderr.toString()}`);
  return wasm;
}

/** What Bluetooth adds to link: octets of wasm, and of static memory. */
export async function bluetoothSize() {
  const sizes = [];
  for (const replaced of [{}, NO_BLUETOOTH]) {
    const wasm = await compile("link", MODULES.link, replaced);
    const nothing = new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0 }) });
    const { instance } = await WebAssembly.instantiate(wasm, nothing);
    sizes.push({ wasm: wasm.length, memory: instance.exports.heapBase() });
  }
  const [all, without] = sizes;
  return { wasm: all.wasm - without.wasm, memory: all.memory - without.memory };
}

function sourceDigest() {
  const hash = createHash("sha256");
  const files = ["firmware", "wire"].flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true })
      .map((file) => join(room, String(file)))
      .filter((file) => file.endsWith(".ts") && !file.includes("node_modules")),
  );
  files.push("tools/build-firmware.mjs", "package-lock.json");
  for (const file of files.sort())
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(ROOT, file)));
  return hash.digest("hex");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await buildFirmware().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
