// What run-mutants.ts starts: link, as it is in ECARD_LINK_BUILDS, fuzzed by so many packets, always the same ones.

import { bluetooth } from "./bluetooth.js";
import { seeded } from "./random.js";

await bluetooth(seeded(1), Number(process.argv[2]));
