// A labelled corpus of made-up swipes: one WAV a seed, and what is in each. No text can be given: it is made from the seed.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Conditions, encodeWav, synthesise } from "@enabling-card/pos-sim";
import { makeFolder } from "../make-folder.js";

export interface CorpusOptions {
  readonly folder: string;
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

/** Writes the recordings, then their labels: a corpus without labels is unfinished. @throws {CommandError} `FOLDER_FAILED` */
export async function makeCorpus(conditions: Conditions, options: CorpusOptions): Promise<readonly Label[]> {
  const { folder, count, seed, signal, onProgress } = options;
  await makeFolder(folder);
  const labels: Label[] = [];
  for (let i = 0; i < count; i++) {
    signal?.throwIfAborted();
    const { samples, sampleRateHz, track, text, passes } = synthesise(seed + i, conditions);
    const file = `swipe-${seed + i}.wav`;
    await writeFile(join(folder, file), encodeWav([samples], sampleRateHz));
    labels.push({ file, seed: seed + i, track, text, passes: passes.map(({ direction }) => direction) });
    onProgress?.(i + 1, count);
  }
  await writeFile(join(folder, LABELS_FILE), `${JSON.stringify({ conditions, labels }, null, 2)}\n`);
  return labels;
}
