// How far noise alone moves the reversals of a swipe: its own mean pulse, with that much noise on it, is looked for again and again as the
// reversals were. What a card is blamed for must be more.
import { normal } from "../signal/random.js";
import { clockAt } from "./clock.js";
import { placeOf, type Reversals, smoothing } from "./reversals.js";

export interface NoiseJitter {
  /** Of a reversal, cells, root mean square. */
  readonly rms: number;
  /** Of a cell, which ends at two of them, the worst in a swipe. */
  readonly worst: number;
}

const TRIES = 400;
/** On each side of the pulse, in cells: as far as reversals are looked for. */
const REACH = 0.3;
/** One reversal in so many is taken for the mean pulse; of fewer than that none is made. */
const EVERY = 3;
const LEAST = 10;
/** What two pulses that overlap lose is not in a mean pulse. */
const OVERLAP = 1.2;
/** And the worst of a swipe is now and then worse than the worst of these tries. */
const WORSE = 1.3;
/** Lower pulses, of the mean one, are weak ones. */
const LOWEST = 0.2;

/**
 * Undefined where too few pulses stand out.
 *
 * @param sigma - Deviation of a sample's noise, full scale.
 * @param cell - Mean cell, samples.
 */
export function noiseJitter(
  reversals: Reversals,
  sigma: number,
  cell: number,
  clipped: boolean,
): NoiseJitter | undefined {
  const reach = Math.max(2, Math.round(REACH * cell));
  const pulse = meanPulse(reversals, reach);
  if (pulse === undefined) return undefined;
  const width = smoothing(cell);
  const next = normal(1);
  const noise = Float64Array.from({ length: pulse.length + width }, () => sigma * next());
  const noisy = new Float32Array(pulse.length);
  const { usual } = reversals;
  const mean = usual.reduce((total, height) => total + height, 0) / usual.length;
  let [sum, worst, before] = [0, 0, 0];
  for (let i = 0; i < TRIES; i++) {
    // A pulse as high as each in turn: a slow hand's are lower.
    const scale = Math.max(LOWEST, usual[Math.floor((i * usual.length) / TRIES)]! / mean);
    for (let n = 0; n < noise.length; n++) noise[n] = (sigma / scale) * next();
    let best = 1;
    for (let n = 0; n < pulse.length; n++) {
      let smooth = 0;
      for (let k = 0; k < width; k++) smooth += noise[n + k]!;
      noisy[n] = pulse[n]! + smooth / width;
      if (n > 0 && n < pulse.length - 1 && noisy[n]! > noisy[best]!) best = n;
    }
    const error = placeOf(noisy, best, 1, 0, pulse.length - 1, clipped) - reach;
    sum += error * error;
    worst = Math.max(worst, Math.abs(error - before));
    before = error;
  }
  return { rms: (OVERLAP * Math.sqrt(sum / TRIES)) / cell, worst: (OVERLAP * WORSE * worst) / cell };
}

/** Of reversals that stand out, each about the place that the hand's clock gives it: about its own, noise would make it sharper. */
function meanPulse(reversals: Reversals, reach: number): Float32Array | undefined {
  const { flat, places, heights, weak, times } = reversals;
  const mean = new Float64Array(2 * reach + 1);
  let count = 0;
  for (let i = 0; i < places.length; i += EVERY) {
    if (weak[i] === 1) continue;
    const at = Math.round(clockAt(reversals, places[i]!)?.time ?? Number.NaN);
    if (!(at >= reach && at + reach < flat.length)) continue;
    const sign = Math.sign(flat[Math.round(times[i]!)]! * heights[i]!);
    for (let n = -reach; n <= reach; n++) mean[n + reach]! += sign * flat[at + n]!;
    count++;
  }
  return count < LEAST ? undefined : Float32Array.from(mean, (sum) => sum / count);
}
