// What is heard as it comes: events for machines, lines for people.

import {
  type Candidate,
  confidenceText,
  type FailedSwipe,
  type Heard,
  type HeardAll,
  type Read,
} from "@enabling-card/pos-sim";
import { counted } from "../counted.js";
import { type Output, rounded } from "../output.js";
import { diagnosisFacts, failedFacts } from "./results.js";

export function tellHeard(heard: Heard, output: Output): void {
  if (heard.kind === "read") tellRead(heard.read, output);
  else if (heard.kind === "candidates") tellCandidates(heard.candidates, output);
  else if (heard.kind === "failed") tellFailed(heard.failed, output);
  else tellEnd(heard, output);
}

function tellRead(read: Read, output: Output): void {
  const { track, data, direction, confidence, lrc, channel, startS, endS, masked } = read;
  const when = { startS: rounded(startS, 6), endS: rounded(endS, 6) };
  output.fact({ event: "read", track, data, direction, confidence, lrc, channel, ...when, masked });
  output.result(
    `${startS.toFixed(3).padStart(10)} s  track ${track} ${direction}  ${data}${masked ? "  (masked)" : ""}`,
  );
  if (output.verbose) {
    const numbers = `cell ${read.cellUs.toFixed(0)} us, jitter ${read.jitterPercent.toFixed(1)} %`;
    output.result(`${" ".repeat(14)}${numbers}, confidence ${confidenceText(confidence)}`);
  }
}

function tellCandidates(candidates: readonly Candidate[], output: Output): void {
  const { startS } = candidates[0]!;
  output.fact({
    event: "candidates",
    startS: rounded(startS, 6),
    candidates: candidates.map(({ track, data, direction, probability, masked }) => ({
      ...{ track, data, direction, probability: rounded(probability, 6), masked },
    })),
  });
  for (const { track, data, probability, masked } of candidates) {
    const chance = `${(100 * probability).toFixed(1)} %`;
    output.result(
      `${startS.toFixed(3).padStart(10)} s  perhaps track ${track}, ${chance}: ${data}${masked ? "  (masked)" : ""}`,
    );
  }
}

function tellFailed(failed: FailedSwipe, output: Output): void {
  output.fact({ event: "failed", ...failedFacts(failed, false) });
  output.result(`${failed.startS.toFixed(3).padStart(10)} s  not read: ${failed.sentence} [${failed.code}]`);
}

function tellEnd({ reads, seconds, diagnosis, restOctets }: HeardAll, output: Output): void {
  output.fact({
    ...{ event: "end", reads, seconds: rounded(seconds, 6) },
    diagnosis: diagnosis && diagnosisFacts(diagnosis),
    ...(restOctets > 0 && { restOctets }),
  });
  const many = reads === 0 ? "nothing read" : counted(reads, "read");
  const why = diagnosis === null ? "" : `. ${diagnosis.sentence} [${diagnosis.code}]`;
  output.result(`${many} in ${seconds.toFixed(1)} s${why}`);
  if (restOctets > 0)
    output.say(`the last ${restOctets} octets were no whole frame: are --format and --channels right?`);
}
