// A short run of every fuzz target, always the same one. The long run is `npm run fuzz`.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
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
  means: 40,
};

describe("fuzzing, a short run", () => {
  for (const [name, target] of Object.entries(TARGETS)) {
    if (NAMED.includes(name)) continue; // mcu/radio.test.ts
    it(`${name}: refused with a code or taken, never anything else`, () => target(seeded(1), RUNS[name]!));
  }
});

describe("the fuzzing programs", () => {
  for (const program of ["run.ts", "run-mutants.ts"]) {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ["--import=tsx", fileURLToPath(new URL(program, import.meta.url)), ...args], {
        encoding: "utf8",
      });

    it(`${program} has its help`, () => {
      const { status, stdout, stderr } = run("--help");
      expect([status, stderr]).to.deep.equal([0, ""]);
      expect(stdout).to.contain("--cases N");
    });

    it(`${program} says in one sentence what is no option, and ends with 2`, () => {
      const { status, stdout, stderr } = run("--fast");
      expect([status, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.match(/^Unknown option '--fast': see --help\n$/);
    });
  }
});
