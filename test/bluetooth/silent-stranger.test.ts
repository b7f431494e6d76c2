// A stranger who connects with the longest supervision time-out there is, 32 s, and is never heard again: the card's controller cannot end that by itself (Core 6.0,
// Vol 6 Part B 5.1.6: an end that is not acknowledged waits for that time-out), and the owner must not wait for it. Card and air on virtual time.

import { Air, Controller } from "@enabling-card/emulator";
import { fromHex, HANDSHAKE_MAX_MS, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { watchedWorlds } from "../support/watched-worlds.js";

const STEP_MS = 10;
/** An interval of 30 ms, and of 4 s; 3,200 of 10 ms. */
const USUAL = "18001800";
const SLOWEST = "800c800c";
const LONGEST = "800c";
/** After its five seconds: a second for its end, and the way to the air. */
const END_MS = HANDSHAKE_MAX_MS + 1_000 + 100;

describe("a stranger who connects and is never heard again", () => {
  const newWorld = watchedWorlds();
  let air: Air;
  afterEach(() => air.close());

  for (const [what, interval] of [
    ["the interval that phones use", USUAL],
    ["the slowest interval", SLOWEST],
  ] as const)
    it(`keeps the card off the air for his five seconds and one more, at ${what}`, async () => {
      air = new Air({ time: "virtual" });
      const radio = new Controller(air);
      const stranger = new Controller(air, { address: "c0:ff:ee:00:00:0d" });
      const w = await newWorld({ radio });
      const pass = (ms: number) => {
        for (let at = 0; at < ms; at += STEP_MS) {
          air.advance(STEP_MS);
          w.emulator.advance(STEP_MS);
        }
      };
      expect(radio.isAdvertising).to.equal(true);
      const peer = toHex(radio.randomAddress);
      stranger.send(fromHex("01030c00"));
      stranger.send(fromHex("01010c08ffffffffffffff3f"));
      stranger.send(fromHex(`010d2019${"6000600000"}01${peer}00${interval}0000${LONGEST}00000000`));
      for (let i = 0; radio.held.size === 0 && i < 100; i++) pass(STEP_MS);
      expect(radio.held.size).to.equal(1);
      air.setReach(stranger, radio, false);
      pass(HANDSHAKE_MAX_MS - STEP_MS);
      expect(radio.isAdvertising, "he has his time").to.equal(false);
      pass(END_MS - HANDSHAKE_MAX_MS + STEP_MS);
      expect(radio.isAdvertising).to.equal(true);
      expect(radio.held.size).to.equal(0);
    });
});
