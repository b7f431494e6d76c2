import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const WATCHDOG = fileURLToPath(new URL("watchdog.ts", import.meta.url));
/** Each blocks one test file of two: the run goes on with the other. */
const BLOCKED: readonly (readonly [where: string, text: string])[] = [
  ["a test", 'it("spins", () => { for (;;); });'],
  ["what runs behind a test", 'it("is done", () => {}); after(() => { for (;;); });'],
];

describe("a thread that is blocked", () => {
  for (const [where, text] of BLOCKED)
    it(`by ${where} ends, is named, and is a failure`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "ecard-watchdog-"));
      try {
        const files = [join(folder, "blocked.mjs"), join(folder, "whole.mjs")] as const;
        writeFileSync(files[0], `describe("blocked", function () { this.timeout(100); ${text} });`);
        writeFileSync(files[1], 'it("passes", () => {});');
        const args = ["--no-config", "--import=tsx", `--require=${WATCHDOG}`, "--parallel", "--jobs=2", ...files];
        const run = spawn("npx", ["mocha", ...args], { env: { ...process.env, ECARD_TEST_GRACE_MS: "1000" } });
        let out = "";
        for (const stream of [run.stdout, run.stderr]) stream.on("data", (text) => (out += text));
        const [code] = await once(run, "close");
        expect(code, out).to.be.greaterThan(0);
        expect(out)
          .to.match(/Blocked, and ended: .*blocked\.mjs.*: blocked /)
          .and.contain("1 passing");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
});
