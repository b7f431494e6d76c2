// The companion's journeys again and again, to find one that fails now and then: npm run companion:soak, or `-- --runs 5`. Says each run as it ends, what failed in
// it, and how many there were; ends with 1 where any failed.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { runs: { type: "string", default: "20" } } });
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) {
  console.error("--runs: a whole number from 1");
  process.exit(2);
}
const FOLDER = "companion/test";
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => `${FOLDER}/${name}`);

interface Report {
  readonly stats: { readonly passes: number; readonly failures: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message: string } }[];
}

let journeys = 0;
let failed = 0;
for (let run = 1; run <= runs; run++) {
  const began = Date.now();
  const { stats, failures } = await once();
  journeys += stats.passes + stats.failures;
  failed += stats.failures;
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  console.log(`run ${run} of ${runs}: ${stats.passes} passed, ${stats.failures} failed, ${seconds} s`);
  for (const { fullTitle, err } of failures) console.log(`  ${fullTitle}: ${err.message.split("\n")[0]}`);
}
console.log(`${runs} runs of ${files.length} files: ${journeys} journeys, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function once(): Promise<Report> {
  const args = ["mocha", "--no-config", "--import=tsx", "--exit", "--timeout=60000", "--reporter=json", ...files];
  const mocha = spawn("npx", args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  mocha.stdout.on("data", (piece) => {
    said += piece;
  });
  return new Promise((resolve, reject) => {
    mocha.on("error", reject);
    mocha.on("close", () => {
      const begins = said.indexOf("{");
      if (begins < 0) reject(new Error("mocha said nothing: run npx mocha by hand"));
      else resolve(JSON.parse(said.slice(begins)) as Report);
    });
  });
}
