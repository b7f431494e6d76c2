// Keys of an issuer before, while and after they are changed.

import { keysFromSeeds, randomSeeds, rotatedSeeds } from "../src/index.js";

/** The old keys, the new ones with those beside them, and the new ones alone. */
export function changedKeys() {
  const first = randomSeeds();
  const second = rotatedSeeds(first);
  return {
    first,
    second,
    old: keysFromSeeds(first),
    both: keysFromSeeds(second, { number: 1, before: first }),
    alone: keysFromSeeds(second, { number: 1 }),
  };
}
