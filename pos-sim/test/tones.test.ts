// The sums of tones: the compiled loop, and its slow twin in typed arrays.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { builtSums, tonesByTwo } from "../src/search/acquire/tone-loop.js";
import { BINS, PART, tonesOf } from "../src/search/acquire/tones.js";
import { normal } from "../src/signal/random.js";

const BUILT = new URL("../../build/loops/tones.wasm", import.meta.url);
/** Samples that the loop sums at a time. */
const BLOCK = 256 * PART;

/** Bits, so that 0 and -0 are two, and no two numbers are held for near. */
const bitsOf = (values: Float64Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

function noise(length: number, height = 0.2): Float32Array {
  const next = normal(length);
  return Float32Array.from({ length }, () => height * next());
}

describe("the compiled sums of tones", () => {
  const byTwo = builtSums(BUILT)!;

  for (const length of [
    0,
    1,
    15,
    16,
    17,
    31,
    128,
    1000,
    BLOCK - 1,
    BLOCK,
    BLOCK + 1,
    BLOCK + 16,
    3 * BLOCK + 100,
    48_000,
  ]) {
    it(`are the typed arrays' to the last bit, of ${length} samples`, () => {
      for (const height of [0.2, 1e-12, 3e4]) {
        const samples = noise(length, height);
        const [is, was] = [byTwo(samples), tonesOf(samples)];
        expect(is.parts).to.equal(was.parts);
        expect(is.re).to.have.length(was.parts * BINS);
        expect(bitsOf(is.re).equals(bitsOf(was.re)), "cosines").to.equal(true);
        expect(bitsOf(is.im).equals(bitsOf(was.im)), "sines").to.equal(true);
      }
    });
  }

  it("hold nothing of what was summed before", () => {
    byTwo(noise(2 * BLOCK));
    const silent = byTwo(new Float32Array(BLOCK + PART));
    expect(silent.re.every((value) => value === 0)).to.equal(true);
    expect(silent.im.every((value) => value === 0)).to.equal(true);
  });

  it("are what the reader asks for", () => {
    const samples = noise(1000);
    expect(tonesByTwo(samples).re.buffer).to.not.equal(tonesOf(samples).re.buffer);
  });

  it("have a memory of two pages that never grows, and ask for nothing", () => {
    const module = new WebAssembly.Module(readFileSync(BUILT));
    expect(WebAssembly.Module.imports(module)).to.deep.equal([]);
    const memory = new WebAssembly.Instance(module).exports.memory as WebAssembly.Memory;
    expect(memory.buffer.byteLength).to.equal(2 * 65_536);
    expect(() => memory.grow(1)).to.throw(RangeError);
  });

  it("are the typed arrays' alone where they were not built, or what was built does not run", () => {
    expect(builtSums(new URL("none.wasm", BUILT))).to.equal(undefined);
    expect(builtSums(new URL(import.meta.url))).to.equal(undefined);
  });
});
