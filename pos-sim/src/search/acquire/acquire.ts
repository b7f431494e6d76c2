// Where a swipe may be: runs of zeros are a pure tone of half the bit rate, and stand out of noise long before a single pulse does.

import { ranked } from "../../signal/rank.js";
import { tonesByTwo } from "./tone-loop.js";
import { BINS, LOW, PART, Room, STEPS, type Tones } from "./tones.js";
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

/** Least samples of a level that are looked at. */
const FEWEST = 64;
/** Parts that a window is made of, by frequency: about 18 cells, as a stripe has a few more zeros than that. */
const PARTS = Int32Array.from({ length: BINS }, (_, bin) => Math.round(72 / (LOW + bin)));
/** A tone must be so many times the median of the spectrum around it: noise alone comes so far once or twice a second. */
const STRONG = 15;
/** Windows whose spectrum is looked at for that, and every how manieth value. */
const AROUND = 32;
const EVERY = 5;
/** Room for those values. */
const FEW = new Float64Array(Math.ceil((AROUND * BINS) / EVERY));

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
    [finer, fine, level] = [fine, level, coarser(level)];
    shift += 1.5 * scale;
    scale *= 2;
  }
  return seeds.sort((a, b) => b.strength - a.strength).slice(0, SEEDS);
}

/** Low-passed, roughly, and every second sample: good enough for tones. Its sample m lies at 2m + 1.5. */
function coarser(samples: Float32Array): Float32Array {
  const out = new Float32Array(Math.max(0, (samples.length - 4) >> 1));
  for (let m = 0, i = 0; m < out.length; m++, i += 2) {
    out[m] = 0.125 * (samples[i]! + samples[i + 3]!) + 0.375 * (samples[i + 1]! + samples[i + 2]!);
  }
  return out;
}

/** Adds the tones of one level to `seeds`: `finer` is the recording with more samples a cell, `scale` and `shift` lead to its own samples. */
function scan(
  samples: Float32Array,
  scale: number,
  shift: number,
  longest: number,
  seeds: Seed[],
  finer: Float32Array,
): void {
  const power = powerOf(tonesByTwo(samples));
  const windows = power.length / BINS;
  let floor = 0;
  for (let w = 0; w < windows; w++) {
    if (w % (AROUND / 2) === 0) {
      const low = Math.max(0, w - AROUND / 4);
      floor = floorOf(power, low * BINS, Math.min(windows, low + AROUND) * BINS);
    }
    for (let bin = 1; bin < BINS - 1; bin++) {
      // Few are, and all that follows is for them.
      if (!(power[w * BINS + bin]! > STRONG * floor)) continue;
      if (!isPeak(power, w, bin) || !(power[w * BINS + bin]! > LASTING * lastingOf(power, windows, w, bin))) continue;
      const tone = toneAt(samples, power, w, bin);
      if (tone.cell * scale > longest) continue;
      const times = scale > 2 ? 4 : 2;
      if (!mayBeZeros(finer, (tone.at + 1.5) * times - 1.5, tone.cell * times)) continue;
      const { at, cell, height, strength } = tone;
      seeds.push({ at: at * scale + shift, cell: cell * scale, height, strength: strength * scale });
    }
  }
}

const POWER = new Room();

/** Of each window about a part, and each frequency: its sums' square, over its length, as noise grows with that. */
function powerOf({ parts, re, im }: Tones): Float64Array {
  const power = POWER.of(parts * BINS).fill(0);
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
  return power;
}

/** True where no window and no frequency beside it is stronger. */
function isPeak(power: Float64Array, w: number, bin: number): boolean {
  const at = w * BINS + bin;
  const p = power[at]!;
  if (!(p > power[at - 1]! && p >= power[at + 1]!)) return false;
  if (w > 0 && neighbour(power, w - 1, bin) > p) return false;
  return !(at + BINS < power.length && neighbour(power, w + 1, bin) >= p);
}

/** The tone of a window, between its frequencies, and a place where it is highest. */
function toneAt(samples: Float32Array, power: Float64Array, w: number, bin: number): Seed {
  const p = w * BINS + bin;
  const before = Math.sqrt(power[p - 1]!);
  const here = Math.sqrt(power[p]!);
  const after = Math.sqrt(power[p + 1]!);
  const bend = before - 2 * here + after;
  const frequency = (LOW + bin + (bend < 0 ? (0.5 * (before - after)) / bend : 0)) / STEPS;
  const cell = 1 / (2 * frequency);
  let re = 0;
  let im = 0;
  const length = PARTS[bin]! * PART;
  const from = (w + (PARTS[bin]! >> 1) - PARTS[bin]! + 1) * PART;
  const middle = from + (length - 1) / 2;
  const turn = 2 * Math.PI * frequency;
  const [turnC, turnS] = [Math.cos(turn), Math.sin(turn)];
  let [c, s] = [Math.cos(turn * (from - middle)), Math.sin(turn * (from - middle))];
  for (let i = from; i < from + length; i++) {
    re += samples[i]! * c;
    im -= samples[i]! * s;
    const next = c * turnC - s * turnS;
    s = s * turnC + c * turnS;
    c = next;
  }
  const at = middle - (Math.atan2(im, re) / Math.PI) * cell;
  return { at, cell, height: ((2 * Math.hypot(re, im)) / length) * TONE, strength: power[p]! };
}

/** Height of Lorentzian pulses, a quarter of a cell wide, to that of the tone that they make. */
const TONE = 1 / ((Math.PI / 4) * Math.exp(-Math.PI / 8));

/** The median of a part of a spectrum, and not less than a little of its largest: a recording without noise has a spectrum too. */
function floorOf(power: Float64Array, from: number, to: number): number {
  let count = 0;
  let most = 0;
  for (let i = from; i < to; i += EVERY) {
    const value = power[i]!;
    FEW[count++] = value;
    if (value > most) most = value;
  }
  return Math.max(ranked(FEW, count, count >> 1), most * LEAST);
}

/**
 * What one frequency has over a longer time: what sounds for so long is a hum or a voice, and coloured noise is no tone at all. By the lower
 * quartile, as a third of a short swipe may be zeros.
 */
function lastingOf(power: Float64Array, windows: number, w: number, bin: number): number {
  const low = Math.max(0, w - LONG / 2);
  const high = Math.min(windows, w + LONG / 2);
  // Of a swipe and little else there is no telling.
  if (high - low < LONG / 2) return 0;
  let count = 0;
  for (let v = low; v < high; v += LONG_EVERY) FEW[count++] = power[v * BINS + bin]!;
  return ranked(FEW, count, count >> 2) * TO_MEDIAN;
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
