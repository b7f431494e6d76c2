// A labelled corpus of made-up swipes: one file a seed, and what is in each. No text can be given: it is made from the seed.

import { open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Conditions,
  encodeWav,
  type Labelled,
  type SwipeLabel,
  samplesCsv,
  samplesSr,
  samplesVcd,
  swipeLabels,
  swipeSvg,
  synthesise,
  writtenReads,
  writtenReversals,
} from "@enabling-card/pos-sim";
import { makeFolder } from "../make-folder.js";

export const CORPUS_FORMATS = ["wav", "csv", "sr", "vcd", "svg"] as const;
export type CorpusFormat = (typeof CORPUS_FORMATS)[number];

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
  /** Where each of them lies, and its cells. */
  readonly swipes: readonly SwipeLabel[];
}

/** Without the times of cells. */
export interface BriefLabel extends Omit<Label, "swipes"> {
  readonly swipes: readonly Omit<SwipeLabel, "cellsS">[];
}

export const LABELS_FILE = "labels.json";

const ENCODE: Readonly<Record<CorpusFormat, (made: Labelled, conditions: Conditions) => Uint8Array | string>> = {
  wav: ({ samples, sampleRateHz }) => encodeWav([samples], sampleRateHz),
  csv: samplesCsv,
  sr: samplesSr,
  vcd: (made) => samplesVcd(made, writtenReversals(made)),
  svg: (made, { jitter: { normal = 0, uniform = 0 } = {} }) =>
    swipeSvg(made, writtenReads(made, Math.hypot(normal, uniform / Math.sqrt(3))), { title: "A made-up swipe" }),
};

/**
 * Writes the recordings, and their labels as they are made; these are named `labels.json` at the end: a corpus without is unfinished.
 *
 * @returns What is in the file, but for the cells: of 100,000 swipes they are too many to be held.
 * @throws {CommandError} `FOLDER_FAILED`
 */
export async function makeCorpus(conditions: Conditions, options: CorpusOptions): Promise<readonly BriefLabel[]> {
  const { folder, format = "wav", count, seed, signal, onProgress } = options;
  await makeFolder(folder);
  const part = join(folder, `${LABELS_FILE}.part`);
  const labels: BriefLabel[] = [];
  await rm(join(folder, LABELS_FILE), { force: true });
  const written = await open(part, "w");
  try {
    await written.write(`{"conditions": ${JSON.stringify(conditions)},\n"labels": [`);
    for (let i = 0; i < count; i++) {
      signal?.throwIfAborted();
      const made = synthesise(seed + i, conditions);
      const file = `swipe-${seed + i}.${format}`;
      await writeFile(join(folder, file), ENCODE[format](made, conditions));
      const label = labelOf(file, seed + i, made);
      await written.write(`${i === 0 ? "" : ","}\n  ${JSON.stringify(label)}`);
      labels.push({ ...label, swipes: label.swipes.map(({ cellsS, ...brief }) => brief) });
      onProgress?.(i + 1, count);
    }
    await written.write("\n]}\n");
  } finally {
    await written.close();
  }
  await rename(part, join(folder, LABELS_FILE));
  return labels;
}

function labelOf(file: string, seed: number, made: Labelled): Label {
  const { track, text, passes } = made;
  const directions = passes.map(({ direction }) => direction);
  return { file, seed, track, text, passes: directions, swipes: swipeLabels(made) };
}
