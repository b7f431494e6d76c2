// The grid of speeds that the reader must read without a miss: clean, band-limited swipes, both directions.
import { expect } from "chai";
import fc from "fast-check";
import { readSamples, swipeSignal, type TrackNumber } from "../src/index.js";
import { legalText } from "./swipes.js";

const STEPS = 7;
const PULSES = [0.15, 0.25, 0.5];
const HANDS = [1, 2, 0.5];

const grid: [TrackNumber, number, number, number][] = [
  [2, 44_100, 3, 60],
  [1, 44_100, 3, 30],
  [3, 44_100, 3, 30],
  [1, 96_000, 3, 60],
  [3, 96_000, 3, 60],
  [2, 192_000, 3, 60],
  [2, 8000, 3, 10],
];

describe("clean swipes", () => {
  for (const [track, rate, slowest, fastest] of grid) {
    it(`of track ${track} at ${rate} Hz are read from ${slowest} to ${fastest} ips, both ways, steady, faster and slower`, () => {
      const texts = fc.sample(legalText[track], { seed: track, numRuns: STEPS * PULSES.length * HANDS.length });
      let next = 0;
      for (let step = 0; step < STEPS; step++) {
        const ips = slowest * (fastest / slowest) ** (step / (STEPS - 1));
        for (const pw50 of PULSES) {
          for (const acceleration of HANDS) {
            const text = texts[next++]!;
            for (const direction of ["forward", "reverse"] as const) {
              // Within the range of speeds all along.
              const start = Math.max(
                slowest / Math.min(1, acceleration),
                Math.min(ips, fastest / Math.max(1, acceleration)),
              );
              const swipe = { track, text, ips: start, sampleRateHz: rate, direction, pw50, acceleration };
              const { samples } = swipeSignal(swipe);
              const { reads } = readSamples(samples, rate, { track: track === 3 ? 3 : "auto" });
              expect(
                reads.map(({ data }) => data),
                JSON.stringify(swipe),
              ).to.deep.equal([text]);
              expect(reads[0]!.direction).to.equal(direction);
              expect(reads[0]!.confidence).to.be.greaterThan(0.99);
            }
          }
        }
      }
    });
  }
});
