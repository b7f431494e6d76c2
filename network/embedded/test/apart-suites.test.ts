// The suites of a whole network once more, in a process of its own, where issuer, processor and access control server are apart: whatever works or is
// refused in one process must do so over signed HTTP and lines with a MAC.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const TESTS_MIN = 50;

describe("the services apart", function () {
  this.timeout(300_000);

  it("pass the suites that they pass in one process", () => {
    const files = ["codes", "domain", "authentication", "answers", "rotation"].map((name) =>
      fileURLToPath(new URL(`${name}.test.ts`, import.meta.url)),
    );
    const args = ["--no-config", "--import=tsx", "--exit", "--timeout=60000", "--reporter=json", ...files];
    const { stdout, stderr } = spawnSync("npx", ["mocha", ...args], {
      env: { ...process.env, ECARD_TEST_APART: "1" },
      encoding: "utf8",
      maxBuffer: 16 * 1024 * 1024,
    });
    expect(stdout, stderr).to.contain("{");
    const { stats, failures } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
      stats: { passes: number; pending: number };
      failures: { fullTitle: string; err: { message: string } }[];
    };
    expect(failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message}`)).to.deep.equal([]);
    expect(stats.pending).to.equal(0);
    expect(stats.passes).to.be.greaterThan(TESTS_MIN);
  });
});
