// The services over PostgreSQL: their own suites, once more, in a process of its own.

import { hasPostgresql } from "../../../test/support/postgresql.js";
import { expectSuites } from "./suites-again.js";

/** What asks the store for anything that is not a file's. */
const ISSUER = [
  ...[
    "authorise",
    "closing",
    "delegations",
    "desk",
    "enrolment",
    "failure-lock",
    "grant",
    "registration",
    "repeats",
    "reversals",
    "token",
  ],
];
const NETWORK = [
  "closing",
  "codes",
  "code-used",
  "devices",
  "guessed-codes",
  "wrong-codes",
  "told-reversals",
  "repeats-at-once",
  "currency",
  "domain",
  "authentication",
  "answers",
  "operator",
  "rotation",
  "killed-rotation",
];
const TESTS_MIN = 170;

describe("the services over PostgreSQL", function () {
  this.timeout(920_000);
  before(function () {
    if (!hasPostgresql()) this.skip();
  });

  it("pass the suites that they pass over SQLite", () => {
    const files = [...ISSUER.map((name) => `../../issuer/test/${name}`), ...NETWORK];
    expectSuites(files, { ECARD_TEST_ENGINE: "postgresql" }, TESTS_MIN);
  });
});
