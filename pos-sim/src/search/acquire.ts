// Where a swipe may be: runs of zeros are a pure tone of half the bit rate, and stand out of noise long before a single pulse does.

import { mayBeZeros } from "./zeros.js";

/** A run of zeros: a positive pulse at `at`, cells of `cell`; input samples. */
export interface Seed {
  readonly at: number;
  readonly cell: number;
  readonly height: number;
  /** Energy of the tone, in no unit. */
  readonly strength: number;
}

/** Seeds that are looked at. */
const SEEDS = 60;

/** Samples summed at once. */
const PART = 16;
/** Least samples of a level that are looked at. */
const FEWEST = 64;
/** Frequencies, in steps of 1/128 of a level's rate: cells of 3 to 6.4 samples. */
const STEPS = 128;
const LOW = 10;
const HIGH = 22;
const BINS = HIGH - LOW + 1;
/** Parts that a window is made of, by frequency: about 18 cells, as a stripe has a few more zeros than that. */
const PARTS = Int32Array.from({ length: BINS }, (_, bin) => Math.round(72 / (LOW + bin)));
/** A tone must be so many times the median of the spectrum around it: noise alone comes so far once or twice a second. */
const STRONG = 15;
/** Windows whose spectrum is looked at for that, and every how manieth value. */
const AROUND = 32;
const EVERY = 5;

/** A part seen from its middle: each frequency at each distance from there. */
const HALF = PART / 2;
const angleOf = (bin: number, from: number): number => (2 * Math.PI * (LOW + bin) * from) / STEPS;
const table = (size: number, value: (bin: number, i: number) => number): Float64Array =>
  Float64Array.from({ length: BINS * size }, (_, at) => value(Math.floor(at / size), at % size));
const COS = table(HALF, (bin, i) => Math.cos(angleOf(bin, i + 0.5)));
const SIN = table(HALF, (bin, i) => Math.sin(angleOf(bin, i + 0.5)));
/** Parts after which every frequency has come full circle. */
const TURNS = STEPS / PART;
const middleOf = (at: number): number => angleOf(at % BINS, Math.floor(at / BINS) * PART + HALF - 0.5);
const TURN_COS = Float64Array.from({ length: TURNS * BINS }, (_, at) => Math.cos(middleOf(at)));
const TURN_SIN = Float64Array.from({ length: TURNS * BINS }, (_, at) => Math.sin(middleOf(at)));

/** Tones of zeros in `samples`, strongest first. Cells from 6 samples to `longest`. */
export function seedsIn(samples: Float32Array, longest: number): Seed[] {
  const seeds: Seed[] = [];
  let level = samples;
  // Where pulses can be told from a tone: with four times as many samples a cell, as far as there are.
  let [fine, finer] = [samples, samples];
  let scale = 1;
  let shift = 0;
  while (level.length >= FEWEST && 3 * scale < longest) {
    // Below six samples a cell there is nothing to gain from a search.
    if (scale > 1) scan(level, scale, shift, longest, seeds, finer);
    [finer, fine, level] = [fine, level, halved(level)];
    shift += 1.5 * scale;
    scale *= 2;
  }
  return seeds.sort((a, b) => b.strength - a.strength).slice(0, SEEDS);
}

/** Low-passed and every second sample; its sample m lies at 2m + 1.5. */
function halved(samples: Float32Array): Float32Array {
  const out = new Float32Array(Math.max(0, (samples.length - 4) >> 1));
  for (let m = 0, i = 0; m < out.length; m++, i += 2) {
    out[m] = 0.125 * (samples[i]! + samples[i + 3]!) + 0.375 * (samples[i + 1]! + samples[i + 2]!);
  }
  return out;
}

function scan(
  samples: Float32Array,
  scale: number,
  shift: number,
  longest: number,
  seeds: Seed[],
  finer: Float32Array,
): void {
  const parts = Math.floor(samples.length / PART);
  const re = new Float64Array(parts * BINS);
  const im = new Float64Array(parts * BINS);
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
  // Of each window about a part: its sums' square, over its length, as noise grows with that.
  const windows = parts;
  const power = new Float64Array(windows * BINS);
  for (let bin = 0; bin < BINS; bin++) {
    const length = PARTS[bin]!;
    let c = 0;
    let s = 0;
    for (let last = 0; last < parts; last++) {
      c += re[last * BINS + bin]!;
      s += im[last * BINS + bin]!;
      if (last >= length) {
        c -= re[(last - length) * BINS + bin]!;
        s -= im[(last - length) * BINS + bin]!;
      }
      if (last >= length - 1) power[(last - (length >> 1)) * BINS + bin] = (c * c + s * s) / length;
    }
  }
  let floor = 0;
  for (let w = 0; w < windows; w++) {
    if (w % (AROUND / 2) === 0) {
      const low = Math.max(0, w - AROUND / 4);
      floor = floorOf(power.subarray(low * BINS, Math.min(windows, low + AROUND) * BINS));
    }
    for (let bin = 1; bin < BINS - 1; bin++) {
      const p = power[w * BINS + bin]!;
      // Few are, and most that follows is for them.
      if (!(p > STRONG * floor)) continue;
      if (!(p > power[w * BINS + bin - 1]! && p >= power[w * BINS + bin + 1]!)) continue;
      if (w > 0 && neighbour(power, w - 1, bin) > p) continue;
      if (w < windows - 1 && neighbour(power, w + 1, bin) >= p) continue;
      if (!(p > LASTING * lastingOf(power, windows, w, bin))) continue;
      const [a, b, c] = [power[w * BINS + bin - 1]!, p, power[w * BINS + bin + 1]!].map(Math.sqrt) as [
        number,
        number,
        number,
      ];
      const bend = a - 2 * b + c;
      const frequency = (LOW + bin + (bend < 0 ? (0.5 * (a - c)) / bend : 0)) / STEPS;
      const cell = 1 / (2 * frequency);
      if (cell * scale > longest) continue;
      // Phase of the tone at the window's middle.
      let re0 = 0;
      let im0 = 0;
      const length = PARTS[bin]! * PART;
      const from = (w + (PARTS[bin]! >> 1) - PARTS[bin]! + 1) * PART;
      const middle = from + (length - 1) / 2;
      for (let i = from; i < from + length; i++) {
        const angle = 2 * Math.PI * frequency * (i - middle);
        re0 += samples[i]! * Math.cos(angle);
        im0 -= samples[i]! * Math.sin(angle);
      }
      const phase = Math.atan2(im0, re0);
      const at = middle - (phase / (2 * Math.PI)) * 2 * cell;
      const times = scale > 2 ? 4 : 2;
      if (!mayBeZeros(finer, (at + 1.5) * times - 1.5, cell * times)) continue;
      seeds.push({
        at: at * scale + shift,
        cell: cell * scale,
        height: ((2 * Math.hypot(re0, im0)) / length) * TONE,
        strength: p * scale,
      });
    }
  }
}

/** Height of Lorentzian pulses, a quarter of a cell wide, to that of the tone that they make. */
const TONE = 1 / ((Math.PI / 4) * Math.exp(-Math.PI / 8));

/** The median, and not less than a little of the largest: a recording without noise has a spectrum too. */
function floorOf(values: Float64Array): number {
  const few = new Float64Array(Math.ceil(values.length / EVERY));
  for (let i = 0; i < few.length; i++) few[i] = values[i * EVERY]!;
  few.sort();
  return Math.max(few[few.length >> 1]!, few[few.length - 1]! * LEAST);
}

/** What one frequency has over a longer time: what sounds for so long is a hum or a voice, and coloured noise is no tone at all. By the lower quartile, as a third of a short swipe may be zeros. */
function lastingOf(power: Float64Array, windows: number, w: number, bin: number): number {
  const low = Math.max(0, w - LONG / 2);
  const high = Math.min(windows, w + LONG / 2);
  // Of a swipe and little else there is no telling.
  if (high - low < LONG / 2) return 0;
  const few: number[] = [];
  for (let v = low; v < high; v += LONG_EVERY) few.push(power[v * BINS + bin]!);
  few.sort((a, b) => a - b);
  return few[few.length >> 2]! * TO_MEDIAN;
}

/** Windows of that time, and every how manieth of them. */
const LONG = 256;
const LONG_EVERY = 8;
/** Of noise, median over lower quartile. */
const TO_MEDIAN = 2.4;
/** A tone must be so many times that. */
const LASTING = 3;

/** Share of the strongest tone around that a tone must have. */
const LEAST = 1e-3;

function neighbour(power: Float64Array, w: number, bin: number): number {
  const at = w * BINS + bin;
  return Math.max(power[at - 1]!, power[at]!, power[at + 1]!);
}
