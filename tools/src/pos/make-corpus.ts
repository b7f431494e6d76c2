// A labelled corpus of made-up swipes: one file a seed, and what is in each. No text can be given: it is made from the seed.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Conditions, encodeWav, type Signal, samplesCsv, samplesSr, synthesise } from "@enabling-card/pos-sim";
import { makeFolder } from "../make-folder.js";

export type CorpusFormat = "wav" | "csv" | "sr";

export interface CorpusOptions {
  readonly folder: string;
  /** `wav` unless told. */
  readonly format?: CorpusFormat;
  readonly count: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
}

/** What is in one recording. */
export interface Label {
  readonly file: string;
  readonly seed: number;
  readonly track: number;
  readonly text: string;
  readonly passes: readonly ("forward" | "reverse")[];
}

export const LABELS_FILE = "labels.json";

const ENCODE: Readonly<Record<CorpusFormat, (signal: Signal) => Uint8Array | string>> = {
  wav: ({ samples, sampleRateHz }) => encodeWav([samples], sampleRateHz),
  csv: samplesCsv,
  sr: samplesSr,
};

/** Writes the recordings, then their labels: a corpus without labels is unfinished. @throws {CommandError} `FOLDER_FAILED` */
export async function makeCorpus(conditions: Conditions, options: CorpusOptions): Promise<readonly Label[]> {
  const { folder, format = "wav", count, seed, signal, onProgress } = options;
  await makeFolder(folder);
  const labels: Label[] = [];
  for (let i = 0; i < count; i++) {
    signal?.throwIfAborted();
    const { samples, sampleRateHz, track, text, passes } = synthesise(seed + i, conditions);
    const file = `swipe-${seed + i}.${format}`;
    await writeFile(join(folder, file), ENCODE[format]({ samples, sampleRateHz }));
    labels.push({ file, seed: seed + i, track, text, passes: passes.map(({ direction }) => direction) });
    onProgress?.(i + 1, count);
  }
  await writeFile(join(folder, LABELS_FILE), `${JSON.stringify({ conditions, labels }, null, 2)}\n`);
  return labels;
}
