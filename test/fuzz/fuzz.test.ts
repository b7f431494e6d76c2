// A short run of every fuzz target, always the same one. The long run is `npm run fuzz`.

import { seeded } from "./random.js";
import { NAMED, TARGETS } from "./targets.js";

const RUNS: Readonly<Record<string, number>> = {
  chunks: 400,
  requests: 200,
  grants: 120,
  iso8583: 2000,
  smp: 150,
  packets: 100,
  images: 100,
  tracks: 4000,
  wav: 2000,
  recordings: 200,
  pcm: 200,
  bluetooth: 15_000,
  notifications: 60,
};

describe("fuzzing, a short run", () => {
  for (const [name, target] of Object.entries(TARGETS)) {
    if (NAMED.includes(name)) continue; // mcu/radio.test.ts
    it(`${name}: refused with a code or taken, never anything else`, () => target(seeded(1), RUNS[name]!));
  }
});
