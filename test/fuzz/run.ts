// npm run fuzz [-- --cases 1000000] [--seconds 60] [--target grants] [--seed 7]: every target in turn, a new seed each round, until so many
// cases of the reader are through, and as many of Bluetooth; with --seconds, until the time is over.

import { optionsOf } from "./options.js";
import { seeded } from "./random.js";
import { GROUPS, NAMED, ROUND, TARGETS } from "./targets.js";

const HELP = `npm run fuzz [-- OPTIONS]: fuzzes every target in turn, a new seed each round.

  --cases N      until so many cases of the reader, and of Bluetooth, are through
                 (1000000)
  --seconds N    until so much time is over, instead
  --target NAME  one target alone
  --seed N       the first round's seed; by the clock without

Targets: ${Object.keys(TARGETS).join(", ")}
Ends with 1 at the first case that is neither taken nor refused with a code, and
says its seed; with 2 where it is called wrongly.`;

const values = optionsOf(HELP, {
  cases: { type: "string", default: "1000000" },
  seconds: { type: "string" },
  target: { type: "string" },
  seed: { type: "string" },
});
const names =
  values.target === undefined ? Object.keys(TARGETS).filter((name) => !NAMED.includes(name)) : [values.target];
const unknown = names.find((name) => !Object.hasOwn(TARGETS, name));
if (unknown !== undefined) wrong(`There is no target "${unknown}": choose ${Object.keys(TARGETS).join(", ")}`);
const seconds = values.seconds === undefined ? undefined : number("seconds", values.seconds);
const wanted = number("cases", values.cases);
const first = values.seed === undefined ? Date.now() % 1_000_000 : number("seed", values.seed);

/** Eight heads at 768 kHz keep a third of a gigabyte; what is let go may lie about for a while. */
const RESIDENT_MAX = 2 ** 31;

const started = performance.now();
const passedS = () => (performance.now() - started) / 1000;
/** Of one round: what counts is the group that has the fewest. */
const groups = values.target === undefined ? GROUPS : [names];
const round = Math.min(...groups.map((group) => group.reduce((sum, name) => sum + ROUND[name]!, 0)));
let [all, rounds] = [0, 0];
for (let seed = first; seconds === undefined ? rounds * round < wanted : passedS() < seconds; seed++) {
  for (const name of names) {
    tell(`${name}, seed ${seed}`);
    try {
      await TARGETS[name]!(seeded(seed), ROUND[name]!);
      if (residentOctets() > RESIDENT_MAX) throw new Error(`it took ${residentOctets()} octets of memory`);
    } catch (error) {
      const again = `npm run fuzz -- --target ${name} --seed ${seed} --cases 1`;
      console.error(`\n${name} fails with seed ${seed}: ${again}\n`, error);
      process.exit(1);
    }
    all += ROUND[name]!;
  }
  rounds++;
}
tell(`from seed ${first} on`);
const megabytes = (residentOctets() / 1e6).toFixed(0);
console.log(`\n${names.join(", ")}: nothing but coded refusals, at most ${megabytes} MB`);

function residentOctets(): number {
  return process.resourceUsage().maxRSS * 1024;
}

function tell(what: string): void {
  const done = `${Math.min(wanted, rounds * round)} of ${wanted}`;
  const left = seconds === undefined ? done : `${Math.max(0, seconds - passedS()).toFixed(0)} s left`;
  const line = `${left}; ${all} cases, ${(all / passedS()).toFixed(0)} a second, ${passedS().toFixed(0)} s; ${what}`;
  process.stderr.write(`\r${line.padEnd(79)}`);
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) wrong(`--${name} is a whole number, not "${text}"`);
  return value;
}

function wrong(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
