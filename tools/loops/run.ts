// npm run bench:loops: two of the reader's hot loops, in typed arrays and in AssemblyScript, timed by turns in one process. docs/reader.md.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { builtSums } from "../../pos-sim/src/search/acquire/tone-loop.js";
import { tonesOf } from "../../pos-sim/src/search/acquire/tones.js";
import { lorentzian } from "../../pos-sim/src/search/fit/pulse.js";
import { normal } from "../../pos-sim/src/signal/random.js";

type Glance = (...addresses: number[]) => void;

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), "assembly/index.ts");
const SAMPLES = 48_000;
const GLANCES = 1000;
const CELL = 18;
/** Cells on each side, and over which slopes are taken; points of the pulse's table in a cell, as in pulse.ts. */
const [REACH, OVER, FINE, MIDDLE] = [1.25, 0.2, 128, 3];

async function compiled(): Promise<WebAssembly.Exports & { readonly glance: Glance }> {
  let binary: Uint8Array | undefined;
  const flags = ["-O3", "--noAssert", "--runtime", "stub", "--use", "abort=", "--initialMemory", "64"];
  const { error, stderr } = await asc.main(["index.ts", "-o", "index.wasm", ...flags], {
    readFile: (name) => (name === "index.ts" ? readFileSync(SOURCE, "utf8") : null),
    writeFile: (_, contents) => {
      if (typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`AssemblyScript did not compile: ${stderr.toString()}`);
  const { instance } = await WebAssembly.instantiate(binary as Uint8Array<ArrayBuffer>);
  return instance.exports as WebAssembly.Exports & { readonly glance: Glance };
}

const wasm = await compiled();
const { buffer } = wasm.memory as WebAssembly.Memory;
let free = 1024;
/** A copy in the module's memory: where it begins. */
function put(values: Float32Array | Float64Array): number {
  const at = free;
  const Kind = values.constructor as Float64ArrayConstructor;
  new Kind(buffer, at, values.length).set(values);
  free = (free + values.byteLength + 15) & ~15;
  return at;
}

const deviate = normal(1);
const samples = Float32Array.from({ length: SAMPLES }, () => 0.2 * deviate());
const held = put(samples);
const tonesByTwo = builtSums(new URL("../../build/loops/tones.wasm", import.meta.url));
if (tonesByTwo === undefined) throw new Error("The sums of tones were not built: node tools/set-up.mjs does it");

const pulse = lorentzian(0.25);
const points = put(Float64Array.from({ length: 2 * MIDDLE * FINE + 2 }, (_, i) => pulse.at(i / FINE - MIDDLE)));
const seen = new Float64Array(2);
const seenThere = put(seen);
const step = FINE / CELL;
const aside = Math.round((OVER / 2) * FINE);
const glances = (): void => {
  for (let i = 0; i < GLANCES; i++) pulse.glance(samples, 100.3 + i, CELL, REACH, OVER, seen);
};
const glancesThere = (): void => {
  for (let i = 0; i < GLANCES; i++) {
    const centre = 100.3 + i;
    const from = Math.ceil(centre - REACH * CELL);
    const to = Math.floor(centre + REACH * CELL);
    wasm.glance(held, from, to, (from - centre) * step + MIDDLE * FINE + 0.5, step, points, aside, seenThere);
  }
};

/** All say the same, or their times say nothing. */
function compared(): void {
  const { re } = tonesOf(samples);
  const there = tonesByTwo!(samples).re;
  if (re.some((value, i) => value !== there[i])) throw new Error("The sums of tones differ");
  glances();
  glancesThere();
  if (Math.abs(seen[0]! - new Float64Array(buffer, seenThere, 1)[0]!) > 1e-9) throw new Error("The glances differ");
}

const LOOPS: readonly (readonly [string, string, number, () => void])[] = [
  ["tones, typed arrays", "sample", SAMPLES, () => tonesOf(samples)],
  ["tones, AssemblyScript, SIMD", "sample", SAMPLES, () => tonesByTwo(samples)],
  ["glance, typed arrays", "glance", GLANCES, glances],
  ["glance, AssemblyScript", "glance", GLANCES, glancesThere],
];
const [ROUNDS, TIMES] = [9, 20];

compared();
const took = LOOPS.map((): number[] => []);
for (let round = 0; round < ROUNDS; round++) {
  for (const [n, [, , count, loop]] of LOOPS.entries()) {
    const started = performance.now();
    for (let i = 0; i < TIMES; i++) loop();
    took[n]!.push(((performance.now() - started) * 1e6) / TIMES / count);
  }
}
for (const [n, [name, unit]] of LOOPS.entries()) {
  const median = took[n]!.sort((a, b) => a - b)[ROUNDS >> 1]!;
  console.log(`${name.padEnd(28)} ${median.toFixed(1).padStart(6)} ns a ${unit}`);
}
