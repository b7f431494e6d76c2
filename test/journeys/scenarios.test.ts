// The scenario files that come with the emulator, played to a card with its phone.

import { readFileSync } from "node:fs";
import { parseScenario, runScenario } from "@enabling-card/emulator";
import type { CardError } from "@enabling-card/sdk";
import { expect } from "chai";
import { pairedPhone } from "../support/card-with-issuer.js";
import { watchedWorlds } from "../support/watched-worlds.js";

const newWorld = watchedWorlds();

describe("the emulator's sample scenarios on the real card", () => {
  const cases = [
    ["swipe-twice-pressed", "now", undefined],
    ["armed-then-swiped", "swipe", undefined],
    ["courier-drops", "now", "USER_ABSENT|CONFIRMATION_TIMEOUT"],
    ["power-cut-before-the-first-edge", "now", "LINK_LOST"],
  ] as const;
  for (const [file, when, refusal] of cases) {
    it(`${file}.json`, async () => {
      const made = await newWorld();
      const phone = await pairedPhone(made);
      await phone.card.load(await phone.grant());
      const path = new URL(`../../emulator/scenarios/${file}.json`, import.meta.url);
      const presenting = phone.card.present({ when }).then(
        () => undefined,
        (error: CardError) => error.code,
      );
      await runScenario(made.emulator, parseScenario(JSON.parse(readFileSync(path, "utf8"))));
      const code = await presenting;
      if (refusal === undefined) expect(code).to.equal(undefined);
      else expect(refusal.split("|")).to.include(code);
      await phone.card.close();
    });
  }
});
