// The sums of tones: the compiled loop, and its slow twin in typed arrays.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
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

  it("are the typed arrays' alone where what was built says something else, as an older build may", () => {
    const folder = mkdtempSync(join(tmpdir(), "loops-"));
    try {
      const octets = readFileSync(BUILT);
      // f64x2.sub for the last f64x2.add: sines of another sign.
      const at = octets.lastIndexOf(Uint8Array.of(0xfd, 0xf1, 0x01));
      expect(at).to.be.greaterThan(0);
      octets[at + 1] = 0xf0;
      const file = join(folder, "tones.wasm");
      writeFileSync(file, octets);
      expect(() => new WebAssembly.Module(octets)).to.not.throw();
      expect(builtSums(pathToFileURL(file))).to.equal(undefined);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
