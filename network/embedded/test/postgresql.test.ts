// The services over PostgreSQL: their own suites, once more, in a process of its own.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { hasPostgresql } from "../../../test/support/postgresql.js";

/** What asks the store for anything that is not a file's. */
const ISSUER = [
  ...["authorise", "desk", "enrolment", "failure-lock", "grant", "registration", "repeats", "reversals", "token"],
];
const NETWORK = ["codes", "domain", "authentication", "answers", "rotation", "killed-rotation"];
const TESTS_MIN = 170;

describe("the services over PostgreSQL", function () {
  this.timeout(300_000);
  before(function () {
    if (!hasPostgresql()) this.skip();
  });

  it("pass the suites that they pass over SQLite", () => {
    const files = [
      ...ISSUER.map((name) => `../../issuer/test/${name}.test.ts`),
      ...NETWORK.map((name) => `${name}.test.ts`),
    ].map((path) => fileURLToPath(new URL(path, import.meta.url)));
    const args = ["--no-config", "--import=tsx", "--exit", "--timeout=60000", "--reporter=json", ...files];
    const { stdout, stderr } = spawnSync("npx", ["mocha", ...args], {
      env: { ...process.env, ECARD_TEST_ENGINE: "postgresql" },
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
