// Results of reading as facts for machines and lines for people.

import {
  type Candidate,
  confidenceText,
  type FailedSwipe,
  leastSure,
  ninesOf,
  type Read,
  type SignalMeasures,
} from "@enabling-card/pos-sim";
import { counted } from "../counted.js";
import { printable, rounded } from "../output.js";
import type { RecordingResult } from "./read-recordings.js";

/** What `--json` prints of a recording. */
export function recordingFacts(result: RecordingResult, verbose: boolean): object {
  const { file, reads, candidates, failed, diagnosis } = result;
  return {
    file,
    reads: reads.map((read) => readFacts(read, verbose)),
    ...(candidates.length > 0 && { candidates: candidates.map((one) => candidateFacts(one, verbose)) }),
    failed: failed.map((one) => failedFacts(one, verbose)),
    diagnosis: diagnosis && diagnosisFacts(diagnosis),
  };
}

function readFacts({ track, data, direction, confidence, lrc, channel, ...more }: Read, verbose: boolean): object {
  const numbers = {
    startS: rounded(more.startS, 6),
    endS: rounded(more.endS, 6),
    cellUs: rounded(more.cellUs, 3),
    jitterPercent: rounded(more.jitterPercent, 3),
    masked: more.masked,
    characterConfidence: charactersOf(more),
    ...(more.signal && { signal: signalFacts(more.signal) }),
  };
  return { track, data, direction, confidence, lrc, channel, ...(verbose && numbers) };
}

function candidateFacts({ track, data, direction, probability, masked, ...more }: Candidate, verbose: boolean): object {
  const numbers = {
    startS: rounded(more.startS, 6),
    endS: rounded(more.endS, 6),
    characterConfidence: charactersOf(more),
  };
  return { track, data, direction, probability: rounded(probability, 6), masked, ...(verbose && numbers) };
}

export function charactersOf({ characterConfidence }: Pick<Candidate, "characterConfidence">): readonly number[] {
  return characterConfidence.map((one) => rounded(one, 9));
}

/** Where and why a swipe was not read. */
export function failedFacts({ channel, startS, endS, ...diagnosis }: FailedSwipe, verbose: boolean): object {
  const { signal, ...facts } = diagnosis;
  return {
    ...{ channel, startS: rounded(startS, 6), endS: rounded(endS, 6) },
    ...diagnosisFacts({ ...facts, ...(verbose && signal && { signal }) }),
  };
}

export function diagnosisFacts(diagnosis: NonNullable<RecordingResult["diagnosis"]>): object {
  const { code, sentence, atS, character, signal } = diagnosis;
  return {
    code,
    sentence,
    ...(atS !== undefined && { atS: rounded(atS, 6) }),
    ...(character !== undefined && { character }),
    ...(signal && { signal: signalFacts(signal) }),
  };
}

/** Every number to three decimals, times to six: what a head cannot tell apart is not printed. */
export function signalFacts(signal: SignalMeasures): object {
  return JSON.parse(
    JSON.stringify(signal, (key, value: unknown) =>
      typeof value === "number" ? rounded(value, key === "atS" ? 6 : 3) : value,
    ),
  ) as object;
}

/** What a person is told of a recording; how sure each character is where `verbose`. */
export function recordingLines(result: RecordingResult, verbose: boolean): string[] {
  const { file, reads, candidates, failed, diagnosis } = result;
  const many = reads.length === 0 ? "nothing read" : counted(reads.length, "read");
  const why = diagnosis === null ? "" : `. ${diagnosis.sentence.replace(/[^.!?]$/, "$&.")} [${diagnosis.code}]`;
  const perhaps = candidates.flatMap((one) => [
    `  perhaps track ${one.track}, ${confidenceText(one.probability)}: ${one.data}${one.masked ? "  (masked)" : ""}`,
    ...(verbose ? characterLines(one, "    ") : []),
  ]);
  // What the diagnosis says already is not said again.
  const unread = failed.filter(({ sentence, atS }) =>
    diagnosis?.code === "WAV_CUT" && diagnosis.atS !== undefined
      ? diagnosis.atS !== atS
      : !diagnosis?.sentence.includes(sentence),
  );
  return [
    `${printable(file)}: ${many}${why}`,
    ...reads.flatMap((read) => readLines(read, verbose)),
    ...unread.map(failedLine),
    ...perhaps,
  ];
}

function failedLine({ startS, endS, code, sentence }: FailedSwipe): string {
  return `  not read, ${startS.toFixed(3)} to ${endS.toFixed(3)} s: ${sentence} [${code}]`;
}

/** How sure each character is, a digit under each; of a masked text nothing, as its characters are not all there. */
export function characterLines(
  { data, characterConfidence }: Pick<Candidate, "data" | "characterConfidence">,
  indent: string,
): string[] {
  const least = leastSure(characterConfidence);
  if (least === undefined) return [];
  const words = `least sure is character ${least.character}, ${confidenceText(least.confidence)}; nines of each, 2 is 99 % and more:`;
  return [words, data, ninesOf(characterConfidence)].map((line) => `${indent}${line}`);
}

function readLines(read: Read, verbose: boolean): string[] {
  const numbers = `${read.direction}, cell ${read.cellUs.toFixed(0)} us, jitter ${read.jitterPercent.toFixed(1)} %, confidence ${confidenceText(read.confidence)}`;
  return [
    `  track ${read.track} at ${read.startS.toFixed(3)} s: ${read.data}${read.masked ? "  (masked)" : ""}`,
    `    ${numbers}`,
    ...(verbose ? characterLines(read, "    ") : []),
    ...(read.signal?.weaknesses ?? []).map(({ sentence }) => `    weak: ${sentence}`),
  ];
}
