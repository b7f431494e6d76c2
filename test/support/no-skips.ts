// With CI=true a skipped test is a failure. The one exception: public vectors that are not there, because the project was cloned alone.

import type { Suite } from "mocha";
import { letOff } from "./vectors.js";

function skipped(suite: Suite): string[] {
  const own = suite.tests.filter((test) => test.isPending()).map((test) => test.fullTitle());
  return [...own, ...suite.suites.flatMap(skipped)];
}

export const mochaHooks = {
  afterAll(this: Mocha.Context): void {
    if (process.env.CI !== "true") return;
    const titles = skipped(this.test!.parent!);
    if (titles.length > letOff.times) throw new Error(`Skipped in CI: ${titles.join("; ")}`);
  },
};
