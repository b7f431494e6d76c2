// Results of reading as facts for machines and lines for people.

import type { Candidate, Read, SignalMeasures } from "@enabling-card/pos-sim";
import { confidenceText } from "../confidence-text.js";
import { printable, rounded } from "../output.js";
import type { RecordingResult } from "./read-recordings.js";

/** What `--json` prints of a recording. */
export function recordingFacts({ file, reads, candidates, diagnosis }: RecordingResult, verbose: boolean): object {
  return {
    file,
    reads: reads.map((read) => readFacts(read, verbose)),
    ...(candidates.length > 0 && { candidates: candidates.map((one) => candidateFacts(one, verbose)) }),
    diagnosis: diagnosisFacts(diagnosis),
  };
}

function readFacts({ track, data, direction, confidence, lrc, ...more }: Read, verbose: boolean): object {
  const numbers = {
    startS: rounded(more.startS, 6),
    endS: rounded(more.endS, 6),
    cellUs: rounded(more.cellUs, 3),
    jitterPercent: rounded(more.jitterPercent, 3),
    masked: more.masked,
    characterConfidence: charactersOf(more),
    ...(more.signal && { signal: signalFacts(more.signal) }),
  };
  return { track, data, direction, confidence, lrc, ...(verbose && numbers) };
}

function candidateFacts({ track, data, direction, probability, masked, ...more }: Candidate, verbose: boolean): object {
  const numbers = {
    startS: rounded(more.startS, 6),
    endS: rounded(more.endS, 6),
    characterConfidence: charactersOf(more),
  };
  return { track, data, direction, probability: rounded(probability, 6), masked, ...(verbose && numbers) };
}

function charactersOf({ characterConfidence }: Pick<Candidate, "characterConfidence">): readonly number[] {
  return characterConfidence.map((one) => rounded(one, 9));
}

function diagnosisFacts(diagnosis: RecordingResult["diagnosis"]): object | null {
  if (diagnosis === null) return null;
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

/** What a person is told of a recording. */
export function recordingLines({ file, reads, candidates, diagnosis }: RecordingResult): string[] {
  const many = reads.length === 0 ? "nothing read" : `${reads.length} read${reads.length === 1 ? "" : "s"}`;
  const why = diagnosis === null ? "" : `. ${diagnosis.sentence.replace(/[^.!?]$/, "$&.")} [${diagnosis.code}]`;
  const perhaps = candidates.map(
    ({ track, data, probability, masked }) =>
      `  perhaps track ${track}, ${(100 * probability).toFixed(1)} %: ${data}${masked ? "  (masked)" : ""}`,
  );
  return [`${printable(file)}: ${many}${why}`, ...reads.flatMap(readLines), ...perhaps];
}

function readLines(read: Read): string[] {
  const numbers = `${read.direction}, cell ${read.cellUs.toFixed(0)} us, jitter ${read.jitterPercent.toFixed(1)} %, ${confidenceText(read.confidence)}`;
  return [
    `  track ${read.track} at ${read.startS.toFixed(3)} s: ${read.data}${read.masked ? "  (masked)" : ""}`,
    `    ${numbers}`,
    ...(read.signal?.weaknesses ?? []).map(({ sentence }) => `    weak: ${sentence}`),
  ];
}
