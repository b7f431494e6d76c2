// With CI=true a skipped test is a failure. The one exception: public vectors that are not there, because the project was cloned alone. Files run beside each
// other (.mocharc.json), so this is called behind each of them.

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
    const { times } = letOff;
    letOff.times = 0;
    if (titles.length > times) throw new Error(`Skipped in CI: ${titles.join("; ")}`);
  },
};
