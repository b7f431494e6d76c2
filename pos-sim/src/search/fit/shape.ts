// Which pulse a swipe is made of: a stripe's, narrow or wide, or a coil's. Hundreds of pulses lie on top of each other once their places are
// known, and tell their shape well below the noise of one.

import { coils } from "./coil.js";
import { lorentzian, type Pulse, STRIPE } from "./pulse.js";
import { forPulses, type Reading } from "./refine.js";

const STRIPES: readonly Pulse[] = [...[0.13, 0.16, 0.2].map(lorentzian), STRIPE, ...[0.32, 0.4, 0.5].map(lorentzian)];
const COILS = [0.05, 0.08, 0.13, 0.2];

/** In small steps, for who asks what every pulse leaves. Made when they are needed first. */
let fineStripes: readonly Pulse[] | undefined;
const FINE_COILS = Array.from({ length: 8 }, (_, i) => 0.05 * 2 ** (i / 4));

/** Logarithm of the likelihood that another shape must gain over the one that a search begins with. */
const GAIN = 6;

/** A pulse where it lies, samples, and its signed height. */
interface Placed {
  readonly at: number;
  readonly cell: number;
  readonly value: number;
}

/** The shape that explains most of `flat`, and a reading whose heights are of that shape. */
export function shaped(flat: Float32Array, reading: Reading): { readonly pulse: Pulse; readonly reading: Reading } {
  const { height, variance } = reading;
  const pulses: Placed[] = [];
  forPulses(reading, (at, cell, sign, a) => pulses.push({ at, cell, value: sign * a }));
  const { pulse, factor } = fittest(flat, pulses, variance, STRIPES, COILS);
  return { pulse, reading: { ...reading, height: height.map((a) => a * factor) } };
}

/** The shape, in small steps, of pulses that lie apart or not. */
export function finelyShaped(flat: Float32Array, pulses: readonly Placed[], variance: number): Pulse {
  fineStripes ??= Array.from({ length: 24 }, (_, i) => lorentzian(0.125 * 2 ** (i / 12)));
  return fittest(flat, pulses, variance, fineStripes, FINE_COILS).pulse;
}

function fittest(
  flat: Float32Array,
  pulses: readonly Placed[],
  variance: number,
  stripes: readonly Pulse[],
  decays: readonly number[],
) {
  let best = { pulse: STRIPE, factor: 1, explained: Number.NEGATIVE_INFINITY };
  const cell = pulses[pulses.length >> 1]?.cell ?? 0;
  const from = Math.max(0, Math.floor((pulses[0]?.at ?? 0) - FAR * cell));
  const to = Math.min(flat.length, Math.ceil((pulses[pulses.length - 1]?.at ?? 0) + FAR * cell));
  const drawn = new Float32Array(flat.length);
  for (const pulse of [...stripes, ...coils(decays, cell)]) {
    // Of what falls between samples there is no telling.
    if (pulse.energy * cell < NARROWEST && pulse !== STRIPE) continue;
    // Drawn, and not by its integrals: where cells are whole samples, all pulses are sampled at the same few places.
    drawn.fill(0, from, to);
    for (const { at, cell, value } of pulses) pulse.add(drawn, at, cell, value, FAR);
    let along = 0;
    let power = 0;
    for (let n = from; n < to; n++) {
      along += drawn[n]! * flat[n]!;
      power += drawn[n]! * drawn[n]!;
    }
    // Upside down it is no pulse.
    const explained = (Math.max(0, along) * along) / (2 * variance * power) + (pulse === STRIPE ? GAIN : 0);
    if (explained > best.explained) best = { pulse, factor: along / power, explained };
  }
  return best;
}

/** Narrowest pulse, by the integral of its square, samples. */
const NARROWEST = 0.5;
/** Cells on each side of a pulse in which it is drawn. */
const FAR = 2;
