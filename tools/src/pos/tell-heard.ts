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
import { characterLines, charactersOf, diagnosisFacts, failedFacts } from "./results.js";

/** Behind the time of what a line belongs to. */
const INDENT = " ".repeat(14);

export function tellHeard(heard: Heard, output: Output): void {
  if (heard.kind === "read") tellRead(heard.read, output);
  else if (heard.kind === "candidates") tellCandidates(heard.candidates, output);
  else if (heard.kind === "failed") tellFailed(heard.failed, output);
  else tellEnd(heard, output);
}

function tellRead(read: Read, output: Output): void {
  const { track, data, direction, confidence, lrc, channel, startS, endS, masked } = read;
  const when = { startS: rounded(startS, 6), endS: rounded(endS, 6) };
  const characters = output.verbose && { characterConfidence: charactersOf(read) };
  output.fact({ event: "read", track, data, direction, confidence, lrc, channel, ...when, masked, ...characters });
  output.result(
    `${startS.toFixed(3).padStart(10)} s  track ${track} ${direction}  ${data}${masked ? "  (masked)" : ""}`,
  );
  if (output.verbose) {
    const numbers = `cell ${read.cellUs.toFixed(0)} us, jitter ${read.jitterPercent.toFixed(1)} %`;
    output.result(`${INDENT}${numbers}, confidence ${confidenceText(confidence)}`);
    for (const line of characterLines(read, INDENT)) output.result(line);
  }
}

function tellCandidates(candidates: readonly Candidate[], output: Output): void {
  const { startS } = candidates[0]!;
  output.fact({
    event: "candidates",
    startS: rounded(startS, 6),
    candidates: candidates.map(({ track, data, direction, probability, masked, ...more }) => ({
      ...{ track, data, direction, probability: rounded(probability, 6), masked },
      ...(output.verbose && { characterConfidence: charactersOf(more) }),
    })),
  });
  for (const one of candidates) {
    const { track, data, probability, masked } = one;
    const chance = confidenceText(probability);
    output.result(
      `${startS.toFixed(3).padStart(10)} s  perhaps track ${track}, ${chance}: ${data}${masked ? "  (masked)" : ""}`,
    );
    if (output.verbose) for (const line of characterLines(one, INDENT)) output.result(line);
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
