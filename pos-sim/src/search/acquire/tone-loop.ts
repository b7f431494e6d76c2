// The sums of tones.ts by pos-sim/loops/tones.ts, which set-up compiles into build/loops: SIMD, two frequencies at a time, three times as fast
// and equal to the last bit. Where it was not built, or of other sources, or the engine has no SIMD, typed arrays serve.

import { readFileSync } from "node:fs";
import { BINS, COS, HALF, PART, Room, SIN, type Tones, TURN_COS, TURN_SIN, TURNS, tonesOf } from "./tones.js";

const BUILT = new URL("../../../../build/loops/tones.wasm", import.meta.url);
/** Frequencies by two; the last one has nothing beside it. */
const PAIRS = Math.ceil(BINS / 2);

/** Tables, a block of `PARTS` parts and its sums, in a memory that never grows. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly tones: (parts: number) => void;
  readonly PARTS: WebAssembly.Global;
  readonly SAMPLES: WebAssembly.Global;
  readonly COS: WebAssembly.Global;
  readonly SIN: WebAssembly.Global;
  readonly TURN_COS: WebAssembly.Global;
  readonly TURN_SIN: WebAssembly.Global;
  readonly RE: WebAssembly.Global;
  readonly IM: WebAssembly.Global;
}

type Sums = (samples: Float32Array) => Tones;

/** One for all readers of the process, made when the first of them searches. */
let sums: Sums | undefined;

/** As `tonesOf`, whose values they are. */
export function tonesByTwo(samples: Float32Array): Tones {
  sums ??= builtSums(BUILT) ?? tonesOf;
  return sums(samples);
}

/** The module's sums; undefined where there is none that runs here and says the same: then all is as it was, but slower. */
export function builtSums(file: URL): Sums | undefined {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
    const built = sumsOf(exports as unknown as Exports);
    return agrees(built) ? built : undefined;
  } catch {
    return undefined;
  }
}

/** Once a process: a build may be older than the sources are. */
function agrees(built: Sums): boolean {
  const samples = Float32Array.from({ length: TURNS * PART }, (_, n) => Math.sin(n * n));
  const [is, was] = [built(samples), tonesOf(samples)];
  return was.re.every((value, i) => is.re[i] === value) && was.im.every((value, i) => is.im[i] === value);
}

function sumsOf(exports: Exports): Sums {
  const { memory, tones } = exports;
  const most: number = exports.PARTS.value;
  const reals = (at: WebAssembly.Global, length: number) => new Float64Array(memory.buffer, at.value, length);
  for (const [at, table] of [
    [exports.COS, COS],
    [exports.SIN, SIN],
  ] as const) {
    reals(at, PAIRS * HALF * 2).forEach((_, n, to) => {
      const [pair, i, second] = [Math.floor(n / (2 * HALF)), (n >> 1) % HALF, n % 2];
      to[n] = table[(2 * pair + second) * HALF + i] ?? 0;
    });
  }
  for (const [at, table] of [
    [exports.TURN_COS, TURN_COS],
    [exports.TURN_SIN, TURN_SIN],
  ] as const) {
    const to = reals(at, TURNS * PAIRS * 2);
    for (let turn = 0; turn < TURNS; turn++) to.set(table.subarray(turn * BINS, (turn + 1) * BINS), turn * PAIRS * 2);
  }
  const block = new Float32Array(memory.buffer, exports.SAMPLES.value, most * PART);
  const [blockRe, blockIm] = [reals(exports.RE, most * BINS), reals(exports.IM, most * BINS)];
  const [roomRe, roomIm] = [new Room(), new Room()];
  return (samples) => {
    const parts = Math.floor(samples.length / PART);
    const [re, im] = [roomRe.of(parts * BINS), roomIm.of(parts * BINS)];
    for (let from = 0; from < parts; from += most) {
      const count = Math.min(most, parts - from);
      block.set(samples.subarray(from * PART, (from + count) * PART));
      tones(count);
      re.set(blockRe.subarray(0, count * BINS), from * BINS);
      im.set(blockIm.subarray(0, count * BINS), from * BINS);
    }
    return { parts, re, im };
  };
}
