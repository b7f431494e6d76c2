// Recordings to reads: a WAV file or a pipe. Each channel has a reader of its own, as each may be a head.
import { PosError } from "../errors.js";
import { fileChunks } from "../wav/file-chunks.js";
import { cancelled, readable } from "../wav/readable.js";
import type { WavFormat } from "../wav/wav-format.js";
import { wavBlocks } from "../wav/wav-reader.js";
import type { FailedSwipe } from "./attempts.js";
import { byPlace, CANDIDATES } from "./candidates.js";
import type { Diagnosis, DiagnosisCode } from "./diagnosis.js";
import { type Head, headFor, isSame, isSameFailure, onChannel } from "./heads.js";
import type { Read, ReaderOptions, ReaderResult } from "./read.js";

export interface WavReadOptions extends ReaderOptions {
  readonly signal?: AbortSignal;
  /** Called block by block with the seconds that were searched, of how many where the file says so. */
  readonly onProgress?: (seconds: number, ofSeconds: number | undefined) => void;
}

/** A file that ends before its time; where nothing was read, what the reader says of the rest stands in it, too. */
export interface WavFault extends Omit<Diagnosis, "code"> {
  readonly code: "WAV_CUT";
}

export interface WavResult extends Omit<ReaderResult, "diagnosis"> {
  /** Null where something was read from a whole file. With reads: the file is cut, or has more than are kept. */
  readonly diagnosis: Diagnosis | WavFault | null;
  readonly format: WavFormat;
  readonly durationS: number;
}

/**
 * All reads of a recording.
 *
 * @param source - A file's name, or its bytes as they come: a stream, stdin.
 * @throws {@link PosError} `WAV_*` as the file deserves, `ABORTED`. A file that is cut behind its first samples is read as far as it goes.
 */
export async function readWavFile(
  source: string | AsyncIterable<Uint8Array>,
  options: WavReadOptions = {},
): Promise<WavResult> {
  const { signal, onProgress, ...readerOptions } = options;
  const chunks = typeof source === "string" ? fileChunks(source, signal) : source;
  let readers: readonly Head[] | undefined;
  let format: WavFormat | undefined;
  let frames = 0;
  let cut: PosError | undefined;
  try {
    for await (const block of wavBlocks(readable(chunks, signal))) {
      if (signal?.aborted) throw cancelled();
      format = block.format;
      readers ??= block.channels.map(() => headFor(block.format.sampleRateHz, readerOptions));
      for (const [channel, samples] of block.channels.entries()) {
        const { thinner, reader } = readers[channel]!;
        reader.push(thinner.push(samples));
      }
      frames += block.channels[0]!.length;
      const rate = block.format.sampleRateHz;
      onProgress?.(frames / rate, block.totalFrames === undefined ? undefined : block.totalFrames / rate);
    }
  } catch (error) {
    if (!(error instanceof PosError) || error.code !== "WAV_CUT" || readers === undefined) throw error;
    cut = error;
  }
  if (readers === undefined || format === undefined) throw new PosError("WAV_EMPTY", "The file has no samples");
  const result = joined(readers.map(({ reader }) => reader.finish()));
  const durationS = frames / format.sampleRateHz;
  const diagnosis = cut === undefined ? result.diagnosis : cutShort(cut, result, durationS);
  return { ...result, diagnosis, format, durationS };
}

/** A swipe that goes on nearer to the end than a cell of the slowest, seconds, goes on behind it. */
const CELL_S = 0.006;

const AGAIN = "Copy or record it again.";

/** Of a cut file: that it is, and within which swipe, or what the reader says of what there was. */
function cutShort({ message }: PosError, { diagnosis, failed }: ReaderResult, durationS: number): WavFault {
  const last = failed.findLast(({ signal, endS }) => signal?.cut.ends ?? endS > durationS - CELL_S);
  if (last !== undefined) {
    const { channel: _channel, startS, endS: _endS, ...attempt } = last;
    const which = `the swipe that begins at ${startS.toFixed(3)} s`;
    return { ...attempt, code: "WAV_CUT", sentence: `${message}. It ends within ${which}. ${AGAIN}` };
  }
  if (diagnosis?.signal?.cut.ends)
    return { ...diagnosis, code: "WAV_CUT", sentence: `${message}. It ends within a swipe. ${AGAIN}` };
  if (diagnosis === null) return { code: "WAV_CUT", sentence: `${message}. All that is there was searched.` };
  return { ...diagnosis, code: "WAV_CUT", sentence: `${message}. ${diagnosis.sentence}` };
}

/** The reads of all channels by time, one of each that several heard; the diagnosis of a channel that heard something. */
function joined(results: readonly ReaderResult[]): ReaderResult {
  const reads: Read[] = [];
  for (const read of results.flatMap((result, head) => onChannel(result.reads, head))) {
    const same = reads.findIndex((other) => isSame(other, read));
    if (same < 0) reads.push(read);
    else if (read.confidence > reads[same]!.confidence) reads[same] = read;
  }
  // Of a swipe that one channel read, or that several doubted, nobody says more than once.
  const doubted = results.flatMap((result, head) => onChannel(result.candidates, head));
  const candidates = byPlace(doubted, reads)
    .flat()
    .sort((a, b) => b.probability - a.probability)
    .slice(0, CANDIDATES);
  const failed: FailedSwipe[] = [];
  for (const one of results.flatMap((result, head) => onChannel(result.failed, head)))
    if (!failed.some((other) => isSameFailure(other, one))) failed.push(one);
  failed.sort((a, b) => a.startS - b.startS);
  const diagnoses = results.flatMap(({ diagnosis }) => (diagnosis === null ? [] : [diagnosis]));
  // The channel that read most, or the first that heard something.
  const heard = results.find(({ diagnosis }) => diagnosis !== null && !UNHEARD.has(diagnosis.code));
  const most = results.reduce((best, result) => (result.reads.length > best.reads.length ? result : best));
  const { levels } = reads.length > 0 ? most : (heard ?? most);
  if (reads.length > 0) {
    const full = diagnoses.find(({ code }) => code === "TOO_MANY_READS");
    reads.sort((a, b) => a.startS - b.startS);
    return { reads, candidates, failed, diagnosis: full ?? null, ...(levels && { levels }) };
  }
  return { reads, candidates, failed, diagnosis: heard?.diagnosis ?? diagnoses[0]!, ...(levels && { levels }) };
}

/** What a channel without a head says. */
const UNHEARD: ReadonlySet<DiagnosisCode> = new Set(["NO_SIGNAL", "CONSTANT", "NOT_NUMBERS"]);
