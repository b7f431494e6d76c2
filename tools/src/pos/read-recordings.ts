// Recordings to results, one a file. A file that is no recording is a result too, with a diagnosis: the next file is still read.

import {
  type Candidate,
  type Diagnosis,
  type DiagnosisCode,
  type FailedSwipe,
  type Levels,
  PosError,
  type PosErrorCode,
  type Read,
  readWavFile,
  type TrackNumber,
  type WavFormat,
} from "@enabling-card/pos-sim";

export interface ReadRecordingsOptions {
  readonly track?: "auto" | TrackNumber;
  readonly signal?: AbortSignal;
  /** What `-` stands for. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** So many reads of each recording, or its diagnosis, are given what a picture is made of. */
  readonly pictured?: number;
  /** What is measured: every swipe, or those that failed alone, which takes a fraction of the time. */
  readonly measures?: boolean | "failed";
  readonly onProgress?: (file: string, seconds: number, ofSeconds: number | undefined) => void;
}

export interface RecordingResult {
  readonly file: string;
  /** PANs outside the test ranges are masked. */
  readonly reads: readonly Read[];
  /** What was likely and not sure, likeliest first; masked as reads are. */
  readonly candidates: readonly Candidate[];
  /** Swipes that could not be read, in the order of time. */
  readonly failed: readonly FailedSwipe[];
  /** What the file is; absent where it could not be read as a recording. */
  readonly about?: { readonly durationS: number; readonly format: WavFormat; readonly levels?: Levels };
  /** Why nothing was read; null where something was. */
  readonly diagnosis: (Omit<Diagnosis, "code"> & { readonly code: DiagnosisCode | PosErrorCode }) | null;
}

/** Results in the order of `files`. @throws {PosError} `ABORTED` */
export async function* readRecordings(
  files: readonly string[],
  options: ReadRecordingsOptions = {},
): AsyncGenerator<RecordingResult> {
  const { track = "auto", signal, stdin = process.stdin, pictured = 0, measures = true, onProgress } = options;
  for (const file of files) {
    if (signal?.aborted) throw new PosError("ABORTED", "Reading was cancelled");
    try {
      const { reads, candidates, failed, diagnosis, ...about } = await readWavFile(file === "-" ? stdin : file, {
        track,
        measures,
        pictured,
        ...(signal && { signal }),
        ...(onProgress && {
          onProgress: (seconds: number, ofSeconds: number | undefined) => onProgress(file, seconds, ofSeconds),
        }),
      });
      yield { file, reads, candidates, failed, diagnosis, about };
    } catch (error) {
      if (!(error instanceof PosError) || error.code === "ABORTED") throw error;
      yield { file, reads: [], candidates: [], failed: [], diagnosis: { code: error.code, sentence: error.message } };
    }
  }
}
