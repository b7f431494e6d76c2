// Places at which a text has pulses and the samples have none: lost, or elsewhere.

import type { Pulse } from "./pulse.js";
import { forPulses, type Reading } from "./refine.js";

/** Of its height, what a pulse must have lost to be gone; and deviations of noise that this must be. */
const GONE = 0.5;
const CLEARLY = 5;
/** Cells between two places, and around one that are asked. */
const APART = 2;
const AROUND = 1.25;

/**
 * True where pulses are gone at two places of a text, as far as noise lets it be seen. One alone parity makes up for, and the LRC tells whether rightly.
 *
 * @param flat - Samples without their base line.
 * @param reading - Of all cells, the text's bits among them.
 * @param from - First cell of the text, and the one behind it.
 */
export function hasGaps(flat: Float32Array, reading: Reading, pulse: Pulse, from: number, to: number): boolean {
  const left = flat.slice();
  forPulses(reading, (at, cell, sign, height) => pulse.add(left, at, cell, -sign * height));
  let places = 0;
  let last = Number.NEGATIVE_INFINITY;
  forPulses(reading, (at, cell, sign, height, place) => {
    if (place < from || place > to) return;
    const energy = pulse.energy * cell;
    const missing = (-sign * pulse.match(left, at, cell, AROUND)) / energy;
    if (missing < Math.max(GONE * height, CLEARLY * Math.sqrt(reading.variance / energy))) return;
    if (place - last > APART) places++;
    last = place;
  });
  return places > 1;
}
