// npm run fuzz:mutants [-- --cases 60000] [--only TEXT] [--json]: takes out the checks of mutants.ts one at a time, builds link without each into a folder
// of its own, and has that build fuzzed, with gaps between its buffers, and tested. Ends with 1 where fuzzing alone finds fewer than nine in ten, or where
// a check's text is no more in its file.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile, MODULES } from "../../tools/build-firmware.mjs";
import { MUTANTS, type Mutant } from "./mutants.js";
import { optionsOf } from "./options.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TESTS = [
  "att",
  "buffers",
  "controller",
  "ends",
  "gatt",
  "hang-up",
  "hci",
  "l2cap",
  "smp",
  "storms",
  "strays",
].map((name) => `test/bluetooth/${name}.test.ts`);
const FOUND_MIN = 0.9;
/** A build that does not end by then is stuck, which its tests would not be. */
const STUCK_MS = 180_000;

const HELP = `npm run fuzz:mutants [-- OPTIONS]: takes checks out of the card's Bluetooth host, one
at a time, and says whether fuzzing and tests notice.

  --cases N    packets that each build is fuzzed with (60000)
  --only TEXT  the checks alone that have it in their name
  --json       a line a check {"event":"mutant","name","file","byFuzzing",
               "byTests"}, then {"event":"mutants","checks",...}

Ends with 1 where fuzzing alone notices fewer than nine in ten.`;

const values = optionsOf(HELP, {
  cases: { type: "string", default: "60000" },
  only: { type: "string" },
  json: { type: "boolean", default: false },
});
if (!/^[1-9][0-9]*$/.test(values.cases)) {
  console.error(`--cases is a whole number from 1 on, not "${values.cases}"`);
  process.exit(2);
}
const chosen = MUTANTS.filter(({ name }) => name.includes(values.only ?? ""));
if (chosen.length === 0) {
  console.error(`No check has "${values.only}" in its name: ${MUTANTS.map(({ name }) => name).join("; ")}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "ecard-mutants-"));
const counts = { checks: 0, byFuzzing: 0, byTests: 0, found: 0 };
try {
  // What is not changed must be sound, or everything would be found.
  await build(undefined);
  for (const [what, sound] of [
    ["fuzzing", await fuzzed()],
    ["tests", await tested()],
  ] as const)
    if (!sound) throw new Error(`${what} fails where nothing was taken out`);
  for (const mutant of chosen) {
    await build(mutant);
    const byFuzzing = !(await fuzzed());
    const byTests = !(await tested());
    counts.checks++;
    counts.byFuzzing += Number(byFuzzing);
    counts.byTests += Number(byTests);
    counts.found += Number(byFuzzing || byTests);
    tell({ event: "mutant", name: mutant.name, file: mutant.file, byFuzzing, byTests });
  }
  tell({ event: "mutants", ...counts });
  if (counts.byFuzzing < FOUND_MIN * counts.checks) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

type Told =
  | { event: "mutant"; name: string; file: string; byFuzzing: boolean; byTests: boolean }
  | ({ event: "mutants" } & typeof counts);

function tell(told: Told): void {
  if (values.json) console.log(JSON.stringify(told));
  else if (told.event === "mutant") {
    const by = [told.byFuzzing && "fuzzing", told.byTests && "tests"].filter(Boolean).join(", ");
    console.log(`${by ? "found" : "NOT FOUND"}  ${told.file}: ${told.name}${by && ` (${by})`}`);
  } else
    console.log(
      `${told.found} of ${told.checks} found: ${told.byFuzzing} by fuzzing in ${values.cases} packets, ${told.byTests} by tests`,
    );
}

/** Link with gaps between its buffers, without a check. */
async function build(mutant: Mutant | undefined): Promise<void> {
  const replaced: Record<string, string> = {};
  if (mutant !== undefined) {
    const file = `firmware/link/bluetooth/${mutant.file}`;
    const source = readFileSync(join(ROOT, file), "utf8");
    if (source.split(mutant.text).length !== 2)
      throw new Error(`${file} does not have "${mutant.text}" once: mend "${mutant.name}" in test/fuzz/mutants.ts`);
    replaced[file] = source.replace(mutant.text, () => mutant.replacement);
  }
  writeFileSync(join(folder, "guarded.wasm"), await compile("guarded", MODULES.guarded, replaced));
}

/** Does fuzzing find nothing? */
function fuzzed(): Promise<boolean> {
  return ends(["--import=tsx", "test/fuzz/fuzz-link.ts", values.cases]);
}

function tested(): Promise<boolean> {
  return ends(["node_modules/mocha/bin/mocha.js", "--no-config", "--import=tsx", "--exit", "--bail", ...TESTS]);
}

/** Does a run on the build end well? */
function ends(args: readonly string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ECARD_LINK_BUILDS: folder };
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env,
      stdio: "ignore",
      timeout: STUCK_MS,
      killSignal: "SIGKILL",
    });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === 0));
  });
}
