// How strong a swipe is against what is heard beside it, and how much of it is cut off.
import { DEVIATION, SECOND_DIFFERENCE } from "./median.js";

/** What is heard beside a swipe is looked at in pieces of so many cells, each without its own line. */
const PIECE_CELLS = 12;
/** Cells next to a swipe that its own pulses reach into. */
const CLEAR_CELLS = 6;
const LEAST_SAMPLES = 48;

/** Mean square. */
export function powerOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum / Math.max(1, samples.length);
}

/** Samples of such a piece. */
const pieceOf = (cell: number): number => Math.max(LEAST_SAMPLES, Math.round(PIECE_CELLS * cell));

/** Mean square of a swipe, without what is slower than such pieces: beside it that is no noise, and within it no signal. */
export function swipePower(samples: Float32Array, cell: number): number {
  const count = Math.max(1, Math.floor(samples.length / pieceOf(cell)));
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const [from, to] = [i, i + 1].map((piece) => Math.round((piece * samples.length) / count));
    const piece = samples.subarray(from, to);
    sum += (powerOf(withoutLine(piece)) * piece.length ** 2) / (piece.length - 2);
  }
  return sum / Math.max(1, samples.length);
}

/** What is heard beside a swipe where it is quietest. */
export interface Quiet {
  /** Mean square. */
  readonly power: number;
  /** As it was recorded, each piece without its own line. */
  readonly pieces: readonly Float32Array[];
}

/** Pieces of the same noise differ by less; the quietest alone would be a decibel too quiet. */
const ALIKE = 4;

/**
 * Undefined where nothing was recorded beside the swipe, or no piece with any noise.
 *
 * @param recorded - The samples before hum was taken away, which puts it where there was silence.
 */
export function quietBeside(
  samples: Float32Array,
  from: number,
  to: number,
  cell: number,
  recorded = samples,
): Quiet | undefined {
  const length = pieceOf(cell);
  const clear = CLEAR_CELLS * cell;
  const all: { power: number; piece: Float32Array }[] = [];
  const look = (low: number, high: number): void => {
    for (let at = Math.ceil(low); at + length <= high; at += length) {
      if (isStill(recorded.subarray(at, at + length))) continue;
      const piece = withoutLine(samples.subarray(at, at + length));
      // A line takes two of the samples' freedoms.
      all.push({ power: (powerOf(piece) * length) / (length - 2), piece });
    }
  };
  look(0, from - clear);
  look(to + clear, samples.length);
  if (all.length === 0) return undefined;
  const least = Math.min(...all.map(({ power }) => power));
  const quiet = all.filter(({ power }) => power <= ALIKE * least);
  return {
    power: quiet.reduce((sum, { power }) => sum + power, 0) / quiet.length,
    pieces: quiet.map(({ piece }) => piece),
  };
}

/** Noise that is stronger by so much beside a swipe is another swipe. */
const OTHER = 5;
/** What is beside a swipe and as strong as the swipe, is another one where it is not within it. */
const AS_STRONG_DB = 3;
const LESS_WITHIN = 1.5;

/** The noise of a swipe, by what is heard beside it and what seems to be within; undefined where that beside is another swipe. */
export function noiseOf(beside: number, within: number, power: number): number | undefined {
  if (beside > OTHER * within) return undefined;
  return beside > LESS_WITHIN * within && snrOf(power, beside) < AS_STRONG_DB ? within : beside;
}

/** Digital silence is no recording of anything: share of samples that equal the one before. */
const STILL = 0.25;

function isStill(samples: Float32Array): boolean {
  let same = 0;
  for (let i = 1; i < samples.length; i++) if (samples[i] === samples[i - 1]) same++;
  return same > STILL * samples.length;
}

/** Signal to noise in dB, of the power of both together; -20 where nothing but noise is left. */
export const snrOf = (both: number, noise: number): number =>
  10 * Math.log10(Math.max(both - noise, noise / 100) / noise);

/** So many tell a median. */
const BENDS = 768;

/** Deviation of white noise within a signal that is smooth for most of its time; more where it is not. */
export function noiseWithin(samples: Float32Array): number {
  if (samples.length < 3) return 0;
  const step = Math.max(1, Math.floor(samples.length / BENDS));
  const bends = new Float32Array(Math.floor((samples.length - 2) / step));
  for (let i = 0; i < bends.length; i++) {
    const n = i * step;
    bends[i] = Math.abs(samples[n]! - 2 * samples[n + 1]! + samples[n + 2]!);
  }
  bends.sort();
  return bends[bends.length >> 1]! / DEVIATION / SECOND_DIFFERENCE;
}

/** Hum and wander are no noise here. */
function withoutLine(samples: Float32Array): Float32Array {
  const n = samples.length;
  const middle = (n - 1) / 2;
  let sum = 0;
  let tilt = 0;
  for (let i = 0; i < n; i++) {
    sum += samples[i]!;
    tilt += (i - middle) * samples[i]!;
  }
  const mean = sum / n;
  const slope = tilt / ((n * (n * n - 1)) / 12);
  return samples.map((sample, i) => sample - mean - slope * (i - middle));
}

/** Samples in a row at the top that make it flat. */
const FLAT = 2;
/** Less than a step of a 16-bit converter. */
const STEP = 1e-5;

/** Share of samples that lie on a flat top, at the highest or lowest value that the signal has. */
export function clippedShare(samples: Float32Array): number {
  let [low, high] = [0, 0];
  for (const sample of samples) {
    low = Math.min(low, sample);
    high = Math.max(high, sample);
  }
  let flat = 0;
  let run = 0;
  for (let i = 0; i <= samples.length; i++) {
    const sample = samples[i];
    if (sample !== undefined && (sample >= high - STEP || sample <= low + STEP)) run++;
    else {
      if (run >= FLAT) flat += run;
      run = 0;
    }
  }
  return high > low ? flat / samples.length : 0;
}
