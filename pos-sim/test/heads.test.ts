// Two heads over one card: what counts as the same swipe.
import { expect } from "chai";
import type { FailedSwipe } from "../src/index.js";
import { isSameFailure } from "../src/reader/heads.js";

describe("two heads that failed", () => {
  const failed = (more: Partial<FailedSwipe>): FailedSwipe =>
    ({
      code: "LRC",
      sentence: "",
      startS: 0.1,
      endS: 0.3,
      atS: 0.2,
      character: 12,
      channel: 1,
      ...more,
    }) as FailedSwipe;

  for (const [what, other, same] of [
    ["at one place and for one reason failed at one swipe", { channel: 2, atS: 0.2005 }, true],
    ["at another place did not", { channel: 2, atS: 0.21 }, false],
    ["for another reason did not", { channel: 2, code: "PARITY" }, false],
    ["at another character did not", { channel: 2, character: 13 }, false],
    ["one after the other did not", { channel: 2, startS: 0.4, endS: 0.6, atS: 0.2 }, false],
    ["and are one head did not", { channel: 1 }, false],
  ] as const) {
    it(what, () => {
      expect(isSameFailure(failed({}), failed(other))).to.equal(same);
    });
  }
});
