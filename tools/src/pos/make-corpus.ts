// A labelled corpus of made-up swipes: one file a seed, and what is in each. No text can be given: it is made from the seed.

import { writeFile } from "node:fs/promises";
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

export const LABELS_FILE = "labels.json";

const ENCODE: Readonly<Record<CorpusFormat, (made: Labelled, conditions: Conditions) => Uint8Array | string>> = {
  wav: ({ samples, sampleRateHz }) => encodeWav([samples], sampleRateHz),
  csv: samplesCsv,
  sr: samplesSr,
  vcd: (made) => samplesVcd(made, writtenReversals(made)),
  svg: (made, { jitter: { normal = 0, uniform = 0 } = {} }) =>
    swipeSvg(made, writtenReads(made, Math.hypot(normal, uniform / Math.sqrt(3))), { title: "A made-up swipe" }),
};

/** Writes the recordings, then their labels: a corpus without labels is unfinished. @throws {CommandError} `FOLDER_FAILED` */
export async function makeCorpus(conditions: Conditions, options: CorpusOptions): Promise<readonly Label[]> {
  const { folder, format = "wav", count, seed, signal, onProgress } = options;
  await makeFolder(folder);
  const labels: Label[] = [];
  for (let i = 0; i < count; i++) {
    signal?.throwIfAborted();
    const made = synthesise(seed + i, conditions);
    const { track, text, passes } = made;
    const file = `swipe-${seed + i}.${format}`;
    await writeFile(join(folder, file), ENCODE[format](made, conditions));
    labels.push({
      ...{ file, seed: seed + i, track, text },
      passes: passes.map(({ direction }) => direction),
      swipes: swipeLabels(made),
    });
    onProgress?.(i + 1, count);
  }
  await writeFile(join(folder, LABELS_FILE), `${labelsText(conditions, labels)}`);
  return labels;
}

/** One line a recording: cells have thousands of times. */
function labelsText(conditions: Conditions, labels: readonly Label[]): string {
  const lines = labels.map((label) => `  ${JSON.stringify(label)}`);
  return `{"conditions": ${JSON.stringify(conditions)},\n"labels": [\n${lines.join(",\n")}\n]}\n`;
}
