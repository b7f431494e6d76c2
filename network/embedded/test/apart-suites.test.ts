// The suites of a whole network once more, in a process of its own, where issuer, processor and access control server are apart: whatever works or is
// refused in one process must do so over signed HTTP and lines with a MAC.

import { expectSuites } from "./suites-again.js";

describe("the services apart", function () {
  this.timeout(300_000);

  it("pass the suites that they pass in one process", () => {
    expectSuites(
      [
        "closing",
        "codes",
        "code-used",
        "devices",
        "guessed-codes",
        "wrong-codes",
        "domain",
        "currency",
        "authentication",
        "answers",
        "repeats-at-once",
        "rotation",
        "operator",
      ],
      { ECARD_TEST_APART: "1" },
      50,
    );
  });
});
