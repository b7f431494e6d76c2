// Pulses that a text does not explain. A reversal that lies elsewhere leaves its own place empty, and stands where the text has none, or meets the next one
// and both are gone. Empty places alone are lost pulses, which parity and LRC make up for; where reversals are elsewhere they make up another text.

import { cellAt } from "./matched.js";
import type { Pulse } from "./pulse.js";
import { forPulses, type Reading } from "./refine.js";

/** Of its height, what a pulse must have lost to be gone from its place, and what a stray must have; and deviations of noise that it must stand out by. */
const GONE = 0.5;
const STRAY = 0.75;
const CLEARLY = 5;
/** Of a stray's energy, what it leaves that is no pulse, at most: a click leaves more. */
const REST = 0.1;
/** Cells between places that are looked at, and between two empty places. */
const STEP = 0.1;
const APART = 2;
/** Cells around a place that are asked. */
const AROUND = 1.25;

/**
 * True where one reversal at least is elsewhere than a text has it, and pulses are gone at another place as well: as far as noise lets it be seen.
 *
 * @param flat - Samples without their base line.
 * @param reading - Of all cells, the text's bits among them.
 * @param from - First cell of the text, and the one behind it.
 */
export function isStraying(flat: Float32Array, reading: Reading, pulse: Pulse, from: number, to: number): boolean {
  const { bounds, height, variance } = reading;
  const left = flat.slice();
  forPulses(reading, (at, cell, sign, a) => pulse.add(left, at, cell, -sign * a));
  const heightAt = (at: number, cell: number): number => pulse.match(left, at, cell, AROUND) / (pulse.energy * cell);
  const gone: { readonly at: number; readonly cell: number; readonly height: number; readonly place: number }[] = [];
  forPulses(reading, (at, cell, sign, a, place) => {
    const isGone = place >= from && place <= to && sign * heightAt(at, cell) < -GONE * a;
    if (isGone) gone.push({ at, cell, height: sign * a, place });
  });
  const places = gone.filter(({ place }, i) => i === 0 || place - gone[i - 1]!.place > APART).length;
  if (places < 2) return false;
  for (const { at, cell, height } of gone) pulse.add(left, at, cell, height);
  for (let place = from; place < to; place += STEP) {
    const k = Math.floor(place);
    const cell = bounds[k + 1]! - bounds[k]!;
    const noise = Math.sqrt(variance / (pulse.energy * cellAt(bounds, k)));
    const at = bounds[k]! + (place - k) * cell;
    const stray = heightAt(at, cell);
    if (Math.abs(stray) < Math.max(STRAY * height[k]!, CLEARLY * noise)) continue;
    const before = energyAbout(left, at, cell);
    pulse.add(left, at, cell, -stray);
    if (energyAbout(left, at, cell) < REST * before) return true;
    pulse.add(left, at, cell, stray);
  }
  return false;
}

/** Of the samples within half a cell. */
function energyAbout(samples: Float32Array, at: number, cell: number): number {
  let sum = 0;
  for (let n = Math.max(0, Math.ceil(at - cell / 2)); n <= Math.min(samples.length - 1, at + cell / 2); n++)
    sum += samples[n]! * samples[n]!;
  return sum;
}
