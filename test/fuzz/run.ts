// npm run fuzz [-- --seconds 60] [--target grants] [--seed 7]: every target in turn, a new seed each round, until the time is over.

import { parseArgs } from "node:util";
import { seeded, TARGETS } from "./targets.js";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, target: { type: "string" }, seed: { type: "string" } },
});
const names = values.target === undefined ? Object.keys(TARGETS) : [values.target];
const unknown = names.find((name) => !(name in TARGETS));
if (unknown !== undefined) {
  console.error(`There is no target "${unknown}": choose ${Object.keys(TARGETS).join(", ")}`);
  process.exit(2);
}
const RUNS = 500;
const until = Date.now() + Number(values.seconds) * 1000;
let seed = Number(values.seed ?? Date.now() % 1_000_000);
let rounds = 0;
while (Date.now() < until) {
  for (const name of names) {
    try {
      await TARGETS[name]!(seeded(seed), RUNS);
    } catch (error) {
      console.error(`\n${name} fails with seed ${seed}: npm run fuzz -- --target ${name} --seed ${seed}\n`, error);
      process.exit(1);
    }
  }
  rounds++;
  const left = Math.max(0, Math.round((until - Date.now()) / 1000));
  process.stderr.write(`\rround ${rounds}, seed ${seed}, ${rounds * RUNS} runs a target, ${left} s left   `);
  seed++;
}
console.log(`\n${names.join(", ")}: ${rounds * RUNS} runs each, nothing but coded refusals`);
