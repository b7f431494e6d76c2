// How far noise alone moves the reversals of a swipe: its own mean pulse, with noise on it as it was heard, is looked for again and again as
// the reversals were. What a card is blamed for must be more.
import { normal, uniform } from "../signal/random.js";
import { clockAt } from "./clock.js";
import { powerOf } from "./power.js";
import { placeOf, type Reversals, smoothing } from "./reversals.js";

export interface NoiseJitter {
  /** Of a reversal, cells, root mean square. */
  readonly rms: number;
  /** Of a cell, which ends at two of them, the worst in a swipe. */
  readonly worst: number;
}

/** The swipe's own pulse. */
export interface MeanPulse {
  /** About its middle, which is the middle sample. */
  readonly shape: Float32Array;
  /** Mean square of what single pulses differ from it: noise, as far as smoothing leaves it, and jitter. */
  readonly rest: number;
}

const TRIES = 400;
/** On each side of the pulse, in cells: as far as reversals are looked for. */
const REACH = 0.3;
/** One reversal in so many is taken for the mean pulse; of fewer than that none is made. */
const EVERY = 3;
const LEAST = 10;
/** So far from a pulse's middle its neighbours are hardly seen, in cells. */
const NEAR = 0.1;
/** What two pulses that overlap lose is not in a mean pulse. */
const OVERLAP = 1.2;
/** And the worst of a swipe is now and then worse than the worst of these tries. */
const WORSE = 1.3;
/** Lower pulses, of the mean one, are weak ones. */
const LOWEST = 0.2;

/**
 * @param sigma - Deviation of a sample's noise, full scale.
 * @param heard - That noise as it was recorded beside the swipe; white noise without.
 * @param cell - Mean cell, samples.
 */
export function noiseJitter(
  { usual }: Reversals,
  { shape }: MeanPulse,
  sigma: number,
  heard: readonly Float32Array[] | undefined,
  cell: number,
  clipped: boolean,
): NoiseJitter {
  const middle = shape.length >> 1;
  const width = smoothing(cell);
  const noise = new Float32Array(shape.length + width);
  const fill = heard === undefined ? whiteNoise(sigma) : heardNoise(heard, sigma);
  const noisy = new Float32Array(shape.length);
  const mean = usual.reduce((total, height) => total + height, 0) / usual.length;
  let [sum, worst, before] = [0, 0, 0];
  for (let i = 0; i < TRIES; i++) {
    fill(noise);
    // A pulse as high as each in turn: a slow hand's are lower.
    const scale = Math.max(LOWEST, usual[Math.floor((i * usual.length) / TRIES)]! / mean);
    let best = 1;
    for (let n = 0; n < shape.length; n++) {
      let smooth = 0;
      for (let k = 0; k < width; k++) smooth += noise[n + k]!;
      noisy[n] = shape[n]! + smooth / width / scale;
      if (n > 0 && n < shape.length - 1 && noisy[n]! > noisy[best]!) best = n;
    }
    const error = placeOf(noisy, best, 1, 0, shape.length - 1, clipped) - middle;
    sum += error * error;
    worst = Math.max(worst, Math.abs(error - before));
    before = error;
  }
  return { rms: (OVERLAP * Math.sqrt(sum / TRIES)) / cell, worst: (OVERLAP * WORSE * worst) / cell };
}

type Fill = (noise: Float32Array) => void;

function whiteNoise(sigma: number): Fill {
  const next = normal(1);
  return (noise) => {
    for (let n = 0; n < noise.length; n++) noise[n] = sigma * next();
  };
}

/** Of its own colour: two stretches of it, taken anywhere, are as good as one more. */
function heardNoise(pieces: readonly Float32Array[], sigma: number): Fill {
  const next = uniform(1);
  const power = pieces.reduce((sum, piece) => sum + powerOf(piece), 0) / pieces.length;
  const scale = sigma / Math.sqrt(2 * power);
  return (noise) => {
    noise.fill(0);
    for (let stretch = 0; stretch < 2; stretch++) {
      const piece = pieces[Math.floor(next() * pieces.length)]!;
      const from = Math.floor(next() * piece.length);
      const sign = next() < 0.5 ? -scale : scale;
      for (let n = 0; n < noise.length; n++) noise[n]! += sign * piece[(from + n) % piece.length]!;
    }
  };
}

/**
 * Of reversals that stand out, each about the place that the hand's clock gives it: about its own, noise would make it sharper.
 *
 * @returns Undefined where too few stand out.
 */
export function meanPulse(reversals: Reversals, cell: number): MeanPulse | undefined {
  const { flat, places, heights, usual, weak, times } = reversals;
  const reach = Math.max(2, Math.round(REACH * cell));
  const found: { at: number; height: number }[] = [];
  for (let i = 0; i < places.length; i += EVERY) {
    if (weak[i] === 1) continue;
    const at = Math.round(clockAt(reversals, places[i]!)?.time ?? Number.NaN);
    if (!(at >= reach && at + reach < flat.length)) continue;
    found.push({ at, height: usual[i]! * Math.sign(flat[Math.round(times[i]!)]! * heights[i]!) });
  }
  if (found.length < LEAST) return undefined;
  const shape = new Float32Array(2 * reach + 1);
  const mean = found.reduce((sum, { height }) => sum + Math.abs(height), 0) / found.length;
  for (const { at, height } of found) {
    for (let n = 0; n < shape.length; n++) shape[n]! += (Math.sign(height) * flat[at - reach + n]!) / found.length;
  }
  const near = Math.max(1, Math.round(NEAR * cell));
  let rest = 0;
  for (const { at, height } of found) {
    for (let n = -near; n <= near; n++) rest += (flat[at + n]! - (height / mean) * shape[reach + n]!) ** 2;
  }
  return { shape, rest: rest / found.length / (2 * near + 1) };
}
