// The demonstration's journey with the card on a Cortex-M, and with Bluetooth between phone and card: SDK, line or radio, image, coil, terminal, issuer.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromiumPath, runDemo } from "@enabling-card/tools";
import { expect } from "chai";
import { imageOrSkip } from "../support/mcu-image.js";

describe("the demonstration", () => {
  for (const [device, transport] of [
    ["qemu", "memory"],
    ["qemu", "noble"],
    ["emulator", "noble"],
    ["emulator", "web-bluetooth"],
  ] as const)
    it(`on ${device}, over ${transport}: pairs, loads, presents, swipes and is approved; replays are refused`, async function () {
      this.timeout(60_000);
      if (device === "qemu") imageOrSkip(this);
      if (transport === "web-bluetooth" && chromiumPath() === undefined && process.env.CI !== "true") this.skip();
      const out = mkdtempSync(join(tmpdir(), "ecard-demo-"));
      try {
        const { steps, tracks, emission } = await runDemo({ out, device, transport });
        expect(steps.map(({ step, code }) => code ?? step)).to.deep.equal([
          ...["set the table", "pair", "enrol", "grant", "load", "present", "swipe", "approve"],
          ...["ATC_REPLAYED", "GRANT_USED", "GRANT_CHALLENGE_UNKNOWN"],
        ]);
        expect(tracks.map(({ track, direction }) => `${track} ${direction}`)).to.deep.equal([
          ...["1 forward", "2 forward", "2 reverse", "1 reverse"],
        ]);
        expect(emission.passes).to.equal(2);
        expect(readdirSync(out)).to.include.members(["swipe.wav", "journey.json"]);
      } finally {
        rmSync(out, { recursive: true });
      }
    });
});
