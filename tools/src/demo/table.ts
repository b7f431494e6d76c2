// What a demo did, as a table.

import { confidenceText } from "@enabling-card/pos-sim";
import type { DemoResult } from "./demo.js";
import type { DemoStep } from "./journey.js";

/** Lines for people. */
export function table(result: DemoResult): string[] {
  const outcome = (step: DemoStep) => (step.code ? `refused: ${step.code}` : "done");
  const width = Math.max(...result.steps.map(({ step }) => step.length));
  const outcomeWidth = Math.max(...result.steps.map((step) => outcome(step).length));
  const row = (step: string, what: string, ms: string, trips: string) =>
    `${step.padEnd(width)}  ${what.padEnd(outcomeWidth)}  ${ms.padStart(7)}  ${trips.padStart(11)}`;
  return [
    "",
    row("step", "outcome", "ms", "round trips"),
    ...result.steps.map((step) =>
      row(step.step, outcome(step), step.ms.toFixed(1), step.roundTrips === undefined ? "-" : String(step.roundTrips)),
    ),
    "",
    ...result.tracks.map(
      ({ track, direction, data, confidence }) =>
        `track ${track} ${direction.padEnd(7)}  ${data}  (confidence ${confidenceText(confidence)})`,
    ),
    `emission         ${result.emission.passes} passes, ${result.emission.seconds.toFixed(2)} s, ${result.emission.energyMj.toFixed(0)} mJ`,
    "",
    ...result.files.map((file) => `  ${file}`),
  ];
}
