// Builds the reader's hot loops (pos-sim/loops), AssemblyScript to WebAssembly with SIMD, into build/loops. Does nothing where nothing changed. Plain
// JavaScript: set-up runs it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "./build-firmware.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const SOURCES = join(ROOT, "pos-sim/loops");
const OUT = join(ROOT, "build/loops");
/** Pages of memory: tables, a block and its sums have less than that, and no loop can ask for more. */
const PAGES = "2";
const FLAGS = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--use",
  "abort=",
  "--enable",
  "simd",
  "--initialMemory",
  PAGES,
  "--maximumMemory",
  PAGES,
  "--stackSize",
  "0",
];

/** Builds each file of pos-sim/loops. Throws what the compiler says, and then leaves what was there. */
export async function buildLoops(log = console.log) {
  const names = readdirSync(SOURCES).filter((file) => file.endsWith(".ts"));
  const digest = digestOf([
    ...names.map((file) => join(SOURCES, file)),
    join(ROOT, "tools/build-loops.mjs"),
    join(ROOT, "package-lock.json"),
  ]);
  const stamp = join(OUT, "stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  const built = await Promise.all(names.map(async (file) => [file.replace(/\.ts$/, ".wasm"), await compile(file)]));
  mkdirSync(OUT, { recursive: true });
  rmSync(stamp, { force: true }); // where this ends half-way, the next build begins anew
  for (const [file, content] of [...built, ["stamp", digest]]) writeWhole(join(OUT, file), content);
  log(`loops of the reader: ${names.map((file) => file.replace(/\.ts$/, "")).join(", ")} built`);
}

async function compile(file) {
  const { default: asc } = await import("assemblyscript/asc");
  let wasm;
  const read = (name) => (name === file ? readFileSync(join(SOURCES, file), "utf8") : null);
  const write = (_, contents) => {
    wasm = contents;
  };
  const options = { readFile: read, writeFile: write, listFiles: () => [] };
  const { error, stderr } = await asc.main([file, "-o", "out.wasm", ...FLAGS], options);
  if (error) throw new Error(`${file}: ${error.message}\n${stderr.toString()}`);
  return wasm;
}

function digestOf(files) {
  const hash = createHash("sha256");
  for (const file of files.sort()) hash.update(file.slice(ROOT.length)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}
