// Swipes by description: text from the seed, reversals, a hand, pulses, and what the air and the recorder do to them. The same seed and
// description give the same samples. Labelled: what was written is known.

import { normal, uniform } from "../signal/random.js";
import { decimate } from "../signal/signal.js";
import { reversals, trackBits } from "../signal/stripe.js";
import { TRACK_FORMATS, type TrackNumber } from "../track-format.js";
import { type Conditions, GAP_MS, type Repeats, SILENCE_S } from "./conditions.js";

export interface Pass {
  readonly direction: "forward" | "reverse";
  /** Where the reversals would lie without jitter: boundaries of cells in time, samples. */
  readonly bounds: Float64Array;
  /** The cell in which the data begins, in the order of time, and how many it has. */
  readonly frameFrom: number;
  readonly frameCells: number;
  /** Height of a pulse at each boundary, of full scale. */
  readonly heights: Float64Array;
}

/** A recording and what is in it. */
export interface Labelled {
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
  readonly track: TrackNumber;
  /** From start to end sentinel. */
  readonly text: string;
  readonly passes: readonly Pass[];
  /** Deviation of the noise of a sample, of full scale. */
  readonly sigma: number;
}

/** How far a pulse is followed, in its widths. */
const REACH = 20;
/** Steps in which a speed profile is summed up, over the length of a swipe. */
const STEPS = 4096;

/**
 * A text of `characters` (LRC counted) that no scheme issues: a number of the test range where it belongs, then digits. Whoever reads it shows it as
 * it is: where it has room for a number at all, that has the digits of one.
 */
export function textFor(track: TrackNumber, characters: number, seed: number): string {
  const next = uniform(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  const start = startOf(track, characters);
  const room = Math.max(0, characters - 2);
  const number = start.length + Math.min(10, room - start.length - 1);
  // Of a shorter number nobody knows where it ends: it goes on to the end sentinel.
  const separated = number >= start.indexOf("9") + SHORTEST_NUMBER;
  let text = start.slice(0, room);
  while (text.length < room) {
    text += separated && text.length === number ? (track === 1 ? "^A/B^" : "=") : String(Math.floor(10 * next()));
  }
  return `${text.slice(0, room)}?`;
}

/** Sentinel, format code, issuer. */
function startOf(track: TrackNumber, characters: number): string {
  // A format code beside which there is no room for a number is left out.
  if (track === 1) return characters < 4 + SHORTEST_NUMBER ? "%999999" : "%B999999";
  if (track === 2) return ";999999";
  // A track 3 that a track 2 may be too has a test number as either: the format code is the number's beginning.
  return characters < TRACK_3_ALONE ? ";99999999" : ";01999999";
}

/** Digits of a number, at least (ISO/IEC 7812-1). */
const SHORTEST_NUMBER = 8;
/** Characters from which on a track 3 of ours is no track 2 that is longer than it may be: 36 behind the separator, as for the masking of reads. */
const TRACK_3_ALONE = 58;

export function synthesise(seed: number, conditions: Conditions = {}): Labelled {
  const { track = 2, sampleRateHz = 48_000, cellUs = 300, level = 0.3, bits = 16, direction = "forward" } = conditions;
  const { leadingZeros = 25, trailingZeros = 25 } = conditions;
  const repeats: Repeats = conditions.repeats ?? { count: 1 };
  const characters = conditions.characters ?? TRACK_FORMATS[track].maxCharacters;
  const text = textFor(track, characters, seed);
  const cellBits = [
    ...new Array<number>(leadingZeros).fill(0),
    ...trackBits(track, text),
    ...new Array<number>(trailingZeros).fill(0),
  ];
  const random = uniform(Math.imul(seed, 0x85ebca6b) ^ 0x27d4eb2f);
  const deviate = normal(Math.imul(seed, 0xc2b2ae35) ^ 0x165667b1);
  const silence = Math.ceil(SILENCE_S * sampleRateHz);
  const gap = Math.ceil(((repeats.gapMs ?? GAP_MS) / 1000) * sampleRateHz);

  const parts: { readonly from: number; readonly samples: Float32Array }[] = [];
  const passes: Pass[] = [];
  let length = 0;
  let energy = 0;
  let lasting = 0;
  let places: readonly number[] | undefined;
  for (let pass = 0; pass < repeats.count; pass++) {
    const turned = repeats.reversed?.includes(pass) ?? false;
    const reverse = (direction === "reverse") !== turned;
    const cell = (repeats.cellUs?.[pass] ?? cellUs) * 1e-6 * sampleRateHz;
    // Drawn for each pass, so that a seed's noise is what it always was, and of the first one alone: what a writer moved, every pass has.
    const drawn = movedBy(conditions, cellBits, random, deviate);
    places ??= drawn;
    const made = written(conditions, places, cellBits.length, reverse, cell, sampleRateHz, random);
    const from = pass === 0 ? 0 : length - silence + gap;
    parts.push({ from, samples: made.samples });
    passes.push({
      direction: reverse ? "reverse" : "forward",
      frameFrom: reverse ? trailingZeros : leadingZeros,
      frameCells: cellBits.length - leadingZeros - trailingZeros,
      bounds: made.bounds.map((bound) => bound + from),
      heights: made.heights.map((height) => height * level),
    });
    const [first, last] = [Math.floor(made.bounds[0]!), Math.ceil(made.bounds[made.bounds.length - 1]!)];
    for (let n = first; n < last; n++) energy += made.samples[n]! ** 2;
    lasting += last - first;
    length = from + made.samples.length;
  }
  const samples = new Float32Array(length);
  for (const part of parts) for (let n = 0; n < part.samples.length; n++) samples[part.from + n]! += part.samples[n]!;
  const { snrDb } = conditions;
  const sigma = snrDb === undefined ? 0 : Math.sqrt(energy / Math.max(1, lasting) / 10 ** (snrDb / 10));
  drop(samples, conditions, passes, random);
  add(samples, conditions, sigma, sampleRateHz, random, deviate);
  record(samples, level, conditions.clip ?? Number.POSITIVE_INFINITY, bits);
  return { samples, sampleRateHz, track, text, passes, sigma: sigma * level };
}

/** Where the writer put the reversals, cells. */
function movedBy({ jitter = {} }: Conditions, bits: readonly number[], random: () => number, deviate: () => number) {
  return reversals(bits).map(
    (place) => place + (jitter.normal ?? 0) * deviate() + (jitter.uniform ?? 0) * (2 * random() - 1),
  );
}

/** One pass, pulses of height 1 at the most, with silence around it. */
function written(
  conditions: Conditions,
  written: readonly number[],
  cells: number,
  reverse: boolean,
  cell: number,
  sampleRateHz: number,
  random: () => number,
): { samples: Float32Array; bounds: Float64Array; heights: Float64Array } {
  const { pulse = { pw50: 0.25 } } = conditions;
  const places = reverse ? written.map((place) => cells - place).reverse() : written;
  const speed = speedOf(conditions, cells, random);
  const silence = SILENCE_S * sampleRateHz;
  // Time of a place, by summing slowness over the way; the mean cell is `cell`.
  const low = -2;
  const step = (cells + 4) / STEPS;
  const times = new Float64Array(STEPS + 1);
  for (let i = 0; i < STEPS; i++) times[i + 1] = times[i]! + step / speed(low + (i + 0.5) * step);
  const index = (place: number): number => Math.min(STEPS - 1e-9, Math.max(0, (place - low) / step));
  const raw = (place: number): number => {
    const x = index(place);
    const i = Math.floor(x);
    return times[i]! + (x - i) * (times[i + 1]! - times[i]!);
  };
  const origin = raw(0);
  const scale = (cell * cells) / (raw(cells) - origin);
  const timeAt = (place: number): number => silence + (raw(place) - origin) * scale;
  const cellAt = (place: number): number => scale / speed(place);
  let fastest = 0;
  for (let k = 0; k <= cells; k++) fastest = Math.max(fastest, speed(k));

  const factor = "tau" in pulse ? 8 : Math.max(1, Math.ceil(2.5 / ("pw50" in pulse ? pulse.pw50 * cell : 1)));
  const fine = new Float32Array(Math.ceil(timeAt(cells) + silence) * factor);
  places.forEach((place, i) => {
    const height = ((i % 2 === 0 ? 1 : -1) * speed(place)) / fastest;
    const centre = timeAt(place) * factor;
    if ("tau" in pulse) {
      const tau = pulse.tau * cellAt(place) * factor;
      const to = Math.min(fine.length - 1, Math.floor(centre + 14 * tau));
      for (let n = Math.max(0, Math.ceil(centre)); n <= to; n++) fine[n]! += height * Math.exp((centre - n) / tau);
      return;
    }
    const half = (pulse.pw50 * cellAt(place) * factor) / 2;
    const to = Math.min(fine.length - 1, Math.floor(centre + 2 * REACH * half));
    for (let n = Math.max(0, Math.ceil(centre - 2 * REACH * half)); n <= to; n++) {
      fine[n]! += height / (1 + ((n - centre) / half) ** 2);
    }
  });
  const bounds = Float64Array.from({ length: cells + 1 }, (_, k) => timeAt(k));
  const heights = Float64Array.from({ length: cells + 1 }, (_, k) => speed(k) / fastest);
  return { samples: decimate(fine, factor), bounds, heights };
}

/** Speed at a place of the way, in no unit. Amplitude follows it, as induction does. */
function speedOf({ speed }: Conditions, cells: number, random: () => number): (place: number) => number {
  if (speed === undefined) return () => 1;
  if ("ratio" in speed) {
    const gain = speed.ratio ** 2 - 1;
    return (place) => Math.sqrt(Math.max(0.01, 1 + (gain * place) / cells));
  }
  if ("hesitation" in speed) {
    const { to, width, at = 0.2 + 0.6 * random() } = speed.hesitation;
    return (place) => 1 - (1 - to) * Math.exp(-(((place / cells - at) / width) ** 2) / 2);
  }
  // A hand: two slow swings of 25 and 8 %.
  const [first, second] = [2 * Math.PI * random(), 2 * Math.PI * random()];
  return (place) => 1 + 0.25 * Math.sin(first + (3 * place) / cells) + 0.08 * Math.sin(second + (9 * place) / cells);
}

/** Stretches without signal, or with less. */
function drop(samples: Float32Array, { dropouts }: Conditions, passes: readonly Pass[], random: () => number): void {
  if (dropouts === undefined) return;
  for (const { bounds } of passes) {
    for (let i = 0; i < dropouts.count; i++) {
      const at = bounds[0]! + random() * (bounds[bounds.length - 1]! - bounds[0]!);
      const length = (dropouts.cells * (bounds[bounds.length - 1]! - bounds[0]!)) / (bounds.length - 1);
      const to = Math.min(samples.length, Math.floor(at + length));
      for (let n = Math.floor(at); n < to; n++) samples[n]! *= dropouts.height ?? 0;
    }
  }
}

function add(
  samples: Float32Array,
  { hum, wander, noise = "white" }: Conditions,
  sigma: number,
  sampleRateHz: number,
  random: () => number,
  deviate: () => number,
): void {
  for (const swing of [hum, wander]) {
    if (swing === undefined) continue;
    const phase = 2 * Math.PI * random();
    const step = (2 * Math.PI * swing.hz) / sampleRateHz;
    for (let n = 0; n < samples.length; n++) samples[n]! += swing.height * Math.sin(phase + step * n);
  }
  if (sigma === 0) return;
  const next = noise === "white" ? deviate : pink(deviate);
  for (let n = 0; n < samples.length; n++) samples[n]! += sigma * next();
}

/** One-pole filters, poles and gains, whose sum with the input falls by 3 dB an octave. */
const POLES = [0.998, 0.96, 0.6] as const;
const GAINS = [0.1, 0.3, 1] as const;
const DIRECT = 0.18;

/** Noise of deviation 1 that falls by 3 dB an octave. */
function pink(deviate: () => number): () => number {
  const state = [0, 0, 0];
  return () => {
    const white = deviate();
    let sum = DIRECT * white;
    for (let i = 0; i < 3; i++) {
      state[i] = POLES[i]! * state[i]! + GAINS[i]! * white;
      sum += state[i]!;
    }
    return sum / PINK_DEVIATION;
  };
}

/** Of the filters above, fed with deviation 1. */
const PINK_DEVIATION = Math.sqrt(
  GAINS.reduce(
    (sum, gain, i) =>
      sum +
      2 * DIRECT * gain +
      GAINS.reduce((more, other, j) => more + (gain * other) / (1 - POLES[i]! * POLES[j]!), 0),
    DIRECT * DIRECT,
  ),
);

/** Gain, the converter's limit, and its steps. */
function record(samples: Float32Array, level: number, clip: number, bits: number): void {
  const steps = 2 ** (bits - 1);
  const limit = Math.min(1 - 1 / steps, clip * level);
  for (let n = 0; n < samples.length; n++) {
    const value = Math.max(-limit, Math.min(limit, samples[n]! * level));
    samples[n] = Math.round(value * steps) / steps;
  }
}
