// The benchmark's swipes.

import type { Conditions } from "../synth/conditions.js";
import { type Labelled, synthesise } from "../synth/synth.js";

/** Every second one is upside down: nobody knows which way round a head is wired. */
export function swipeOf(seed: number, conditions: Conditions): Labelled {
  const swipe = synthesise(seed, conditions);
  return seed % 2 === 0 ? swipe : { ...swipe, samples: swipe.samples.map((sample) => -sample) };
}
