// How loud a recording is at a dozen frequencies, sixteen samples at a time: what a run of zeros is found by. In typed arrays; tone-loop.ts has
// the same faster.

/** Samples summed at once. */
export const PART = 16;
/** Frequencies, in steps of 1/128 of the rate: cells of 3 to 6.4 samples. */
export const STEPS = 128;
export const LOW = 10;
const HIGH = 22;
export const BINS = HIGH - LOW + 1;

/** A part seen from its middle: each frequency at each distance from there, `bin * HALF + i`. */
export const HALF = PART / 2;
const angleOf = (bin: number, from: number): number => (2 * Math.PI * (LOW + bin) * from) / STEPS;
const table = (size: number, value: (bin: number, i: number) => number): Float64Array =>
  Float64Array.from({ length: BINS * size }, (_, at) => value(Math.floor(at / size), at % size));
export const COS = table(HALF, (bin, i) => Math.cos(angleOf(bin, i + 0.5)));
export const SIN = table(HALF, (bin, i) => Math.sin(angleOf(bin, i + 0.5)));
/** Parts after which every frequency has come full circle; each frequency there, `turn * BINS + bin`. */
export const TURNS = STEPS / PART;
const middleOf = (at: number): number => angleOf(at % BINS, Math.floor(at / BINS) * PART + HALF - 0.5);
export const TURN_COS = Float64Array.from({ length: TURNS * BINS }, (_, at) => Math.cos(middleOf(at)));
export const TURN_SIN = Float64Array.from({ length: TURNS * BINS }, (_, at) => Math.sin(middleOf(at)));

/** Room for as many values as are needed: made once, and again when more are. What is in it is not cleared. */
export class Room {
  #values = new Float64Array(0);

  of(count: number): Float64Array {
    if (this.#values.length < count) this.#values = new Float64Array(count);
    return this.#values.subarray(0, count);
  }
}

const RE = new Room();
const IM = new Room();

/** Sums of a recording times cosines (`re`) and minus sines (`im`), counted from its beginning: part by part, frequency by frequency. */
export interface Tones {
  readonly parts: number;
  /** Overwritten by the next call. */
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function tonesOf(samples: Float32Array): Tones {
  const parts = Math.floor(samples.length / PART);
  const re = RE.of(parts * BINS);
  const im = IM.of(parts * BINS);
  for (let part = 0; part < parts; part++) {
    const from = part * PART;
    // Even and odd about the part's middle, written out: it is done for every sample.
    const [a0, b0] = [samples[from + 8]!, samples[from + 7]!];
    const [a1, b1] = [samples[from + 9]!, samples[from + 6]!];
    const [a2, b2] = [samples[from + 10]!, samples[from + 5]!];
    const [a3, b3] = [samples[from + 11]!, samples[from + 4]!];
    const [a4, b4] = [samples[from + 12]!, samples[from + 3]!];
    const [a5, b5] = [samples[from + 13]!, samples[from + 2]!];
    const [a6, b6] = [samples[from + 14]!, samples[from + 1]!];
    const [a7, b7] = [samples[from + 15]!, samples[from]!];
    const [e0, e1, e2, e3, e4, e5, e6, e7] = [a0 + b0, a1 + b1, a2 + b2, a3 + b3, a4 + b4, a5 + b5, a6 + b6, a7 + b7];
    const [o0, o1, o2, o3, o4, o5, o6, o7] = [a0 - b0, a1 - b1, a2 - b2, a3 - b3, a4 - b4, a5 - b5, a6 - b6, a7 - b7];
    const turn = (part % TURNS) * BINS;
    for (let bin = 0; bin < BINS; bin++) {
      const at = bin * HALF;
      const c =
        e0 * COS[at]! +
        e1 * COS[at + 1]! +
        e2 * COS[at + 2]! +
        e3 * COS[at + 3]! +
        e4 * COS[at + 4]! +
        e5 * COS[at + 5]! +
        e6 * COS[at + 6]! +
        e7 * COS[at + 7]!;
      const s = -(
        o0 * SIN[at]! +
        o1 * SIN[at + 1]! +
        o2 * SIN[at + 2]! +
        o3 * SIN[at + 3]! +
        o4 * SIN[at + 4]! +
        o5 * SIN[at + 5]! +
        o6 * SIN[at + 6]! +
        o7 * SIN[at + 7]!
      );
      // From the part's middle to the recording's beginning.
      const cos = TURN_COS[turn + bin]!;
      const sin = TURN_SIN[turn + bin]!;
      re[part * BINS + bin] = c * cos + s * sin;
      im[part * BINS + bin] = s * cos - c * sin;
    }
  }
  return { parts, re, im };
}
