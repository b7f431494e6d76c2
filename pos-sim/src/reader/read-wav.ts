// Recordings to reads: a WAV file or a pipe. Each channel has a reader of its own, as each may be a head.
import { PosError } from "../errors.js";
import { fileChunks } from "../wav/file-chunks.js";
import { Thinner } from "../wav/thinner.js";
import type { WavFormat } from "../wav/wav-format.js";
import { wavBlocks } from "../wav/wav-reader.js";
import type { Diagnosis, DiagnosisCode } from "./diagnosis.js";
import { CANDIDATES, RATE_MAX_HZ, type Read, Reader, type ReaderOptions, type ReaderResult } from "./reader.js";

export interface WavReadOptions extends ReaderOptions {
  readonly signal?: AbortSignal;
  /** Called block by block with the seconds that were searched, of how many where the file says so. */
  readonly onProgress?: (seconds: number, ofSeconds: number | undefined) => void;
}

/** A file that ends before its time. */
export interface WavFault {
  readonly code: "WAV_CUT";
  readonly sentence: string;
}

export interface WavResult extends Omit<ReaderResult, "diagnosis"> {
  /** Null where something was read from a whole file. With reads: the file is cut behind them, or has more than are kept. */
  readonly diagnosis: Diagnosis | WavFault | null;
  readonly format: WavFormat;
  readonly durationS: number;
}

/**
 * All reads of a recording.
 *
 * @param source - A file's name, or its bytes as they come: a stream, stdin.
 * @throws {@link PosError} `WAV_*` as the file deserves, `ABORTED`. A cut file that holds a whole swipe is read.
 */
export async function readWavFile(
  source: string | AsyncIterable<Uint8Array>,
  options: WavReadOptions = {},
): Promise<WavResult> {
  const { signal, onProgress, ...readerOptions } = options;
  const chunks = typeof source === "string" ? fileChunks(source, signal) : source;
  let readers: { readonly thinner: Thinner; readonly reader: Reader }[] | undefined;
  let format: WavFormat | undefined;
  let frames = 0;
  let cut: PosError | undefined;
  try {
    for await (const block of wavBlocks(readable(chunks, signal))) {
      if (signal?.aborted) throw cancelled();
      format = block.format;
      readers ??= block.channels.map(() => readerFor(block.format.sampleRateHz, readerOptions));
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
  const { reads, candidates, diagnosis, levels } = joined(readers.map(({ reader }) => reader.finish()));
  if (cut !== undefined && reads.length === 0) throw cut;
  const fault: WavFault | undefined = cut && { code: "WAV_CUT", sentence: cut.message };
  const durationS = frames / format.sampleRateHz;
  return { reads, candidates, diagnosis: fault ?? diagnosis, ...(levels && { levels }), format, durationS };
}

/** A head's reader, and what thins its samples where there are more than it takes. */
function readerFor(sampleRateHz: number, options: ReaderOptions) {
  const factor = Math.ceil(sampleRateHz / RATE_MAX_HZ);
  return { thinner: new Thinner(factor), reader: new Reader(sampleRateHz / factor, options) };
}

/** The reads of all channels by time, one of each that several heard; the diagnosis of a channel that heard something. */
function joined(results: readonly ReaderResult[]): ReaderResult {
  const reads: Read[] = [];
  for (const read of results.flatMap((result) => result.reads)) {
    const same = reads.findIndex(
      (other) =>
        other.data === read.data &&
        other.direction === read.direction &&
        other.startS < read.endS &&
        read.startS < other.endS,
    );
    if (same < 0) reads.push(read);
    else if (read.confidence > reads[same]!.confidence) reads[same] = read;
  }
  const candidates = results.flatMap((result) => result.candidates).sort((a, b) => b.probability - a.probability);
  candidates.splice(CANDIDATES);
  const diagnoses = results.flatMap(({ diagnosis }) => (diagnosis === null ? [] : [diagnosis]));
  // The channel that read most, or the first that heard something.
  const heard = results.find(({ diagnosis }) => diagnosis !== null && !UNHEARD.has(diagnosis.code));
  const most = results.reduce((best, result) => (result.reads.length > best.reads.length ? result : best));
  const { levels } = reads.length > 0 ? most : (heard ?? most);
  if (reads.length > 0) {
    const full = diagnoses.find(({ code }) => code === "TOO_MANY_READS");
    reads.sort((a, b) => a.startS - b.startS);
    return { reads, candidates, diagnosis: full ?? null, ...(levels && { levels }) };
  }
  return { reads, candidates, diagnosis: heard?.diagnosis ?? diagnoses[0]!, ...(levels && { levels }) };
}

/** What a channel without a head says. */
const UNHEARD: ReadonlySet<DiagnosisCode> = new Set(["NO_SIGNAL", "CONSTANT", "NOT_NUMBERS"]);

/** What the file system says becomes an error of ours, and a source that gives nothing ends with the signal. */
async function* readable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await unlessAborted(source.next(), signal);
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (signal?.aborted) throw cancelled();
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const why =
      { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "permission denied" }[code] ?? message;
    throw new PosError("WAV_UNREADABLE", `The recording cannot be read: ${why}`, { cause });
  } finally {
    const closed = source.return?.();
    if (signal?.aborted)
      closed?.catch(() => undefined); // it may still wait for its next bytes: not waited for
    else await closed;
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const aborted = () => reject(cancelled());
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

const cancelled = (): PosError => new PosError("ABORTED", "Reading was cancelled");
