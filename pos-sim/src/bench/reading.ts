// How much the reader reads: rows of conditions, each on swipes of seeds of its own, beside what a genie could have known.

import { setImmediate } from "node:timers/promises";
import { PosError } from "../errors.js";
import type { ReaderResult } from "../reader/read.js";
import { readSamples } from "../reader/reader.js";
import type { Labelled } from "../synth/synth.js";
import { type Limit, limitOf } from "./genie.js";
import { ROWS, type Row } from "./rows.js";
import { swipeOf } from "./swipes.js";

export interface ReadingBench {
  readonly row: string;
  readonly swipes: number;
  /** Per cent. */
  readonly valid: number;
  readonly first: number;
  readonly wrong: number;
  readonly target: { readonly valid?: number; readonly first?: number };
  /** As much as is asked, or as the genie reaches, and nothing wrong. */
  readonly reached: boolean;
  /** What the genie of white noise reaches on the same swipes. */
  readonly limit?: Limit;
  /** Of a new reader for each swipe, its set-up with it. */
  readonly samplesPerSecond: number;
}

export interface ReadingOptions {
  readonly swipes?: number;
  /** First seed; those from twenty million on were kept out of development. */
  readonly seed?: number;
  /** Rows whose name has any of these words in it; all rows without. */
  readonly only?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (row: string, done: number, of: number) => void;
}

export const KEPT_OUT = 20_000_000;

/** Rows whose name has `words` in it, whole ones: 0 dB is neither 20 dB nor -40 dB. */
export function rowsNamed(words: string): readonly Row[] {
  if (words.trim() === "") return ROWS;
  const literal = words.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`(?<![\\w.+-])${literal}(?!\\w|\\.\\d)`);
  return ROWS.filter(({ name }) => pattern.test(name));
}

/** In the table's order, each once. @throws {@link PosError} `BAD_ARGUMENT` for words that no row has. */
function rowsOf(only: readonly string[]): readonly Row[] {
  const named = only.map(rowsNamed);
  const nobody = named.findIndex((rows) => rows.length === 0);
  if (nobody >= 0) throw new PosError("BAD_ARGUMENT", `No row has "${only[nobody]}" in its name`);
  return only.length === 0 ? ROWS : ROWS.filter((row) => named.some((rows) => rows.includes(row)));
}

/**
 * One result a row, as they are done.
 *
 * @throws {@link PosError} `BAD_ARGUMENT` where no row is asked for.
 */
export function benchReading({ only = [], ...options }: ReadingOptions = {}): AsyncGenerator<ReadingBench> {
  return benched(rowsOf(only), options);
}

async function* benched(rows: readonly Row[], options: Omit<ReadingOptions, "only">): AsyncGenerator<ReadingBench> {
  const { swipes = 1000, seed = KEPT_OUT, signal, onProgress } = options;
  let done = 0;
  for (const row of rows) {
    const tally = new Tally(row);
    for (let i = 0; i < swipes; i++) {
      signal?.throwIfAborted();
      tally.read(swipeOf(seed + i, row.conditions));
      onProgress?.(row.name, ++done, rows.length * swipes);
      if (i % 20 === 0) await setImmediate();
    }
    yield tally.result;
  }
}

/** What a row's swipes came to. */
export class Tally {
  readonly #row: Row;
  readonly #limit = { valid: 0, first: 0 };
  #swipes = 0;
  #valid = 0;
  #first = 0;
  #wrong = 0;
  #samples = 0;
  #seconds = 0;

  constructor(row: Row) {
    this.#row = row;
  }

  /** @returns What the reader made of `swipe`, a recording of its own. */
  read(swipe: Labelled): ReaderResult {
    const started = performance.now();
    const readings = readSamples(swipe.samples, swipe.sampleRateHz);
    this.#seconds += (performance.now() - started) / 1000;
    this.#samples += swipe.samples.length;
    const { reads, candidates } = readings;
    this.#swipes++;
    if (reads.some(({ data }) => data === swipe.text)) this.#valid++;
    this.#wrong += reads.filter(({ data }) => data !== swipe.text).length;
    if ((reads[0] ?? candidates[0])?.data === swipe.text) this.#first++;
    if (this.#row.limited) {
      const { valid, first } = limitOf(swipe);
      this.#limit.valid += valid;
      this.#limit.first += first;
    }
    return readings;
  }

  get result(): ReadingBench {
    const { name, limited, ...asked } = this.#row;
    const percent = (count: number): number => (100 * count) / this.#swipes;
    const valid = percent(this.#valid);
    const first = percent(this.#first);
    const limit = limited && { valid: percent(this.#limit.valid), first: percent(this.#limit.first) };
    // Of few swipes the limit itself may be short of what is asked.
    const least = (which: "valid" | "first"): number => Math.min(asked[which] ?? 0, limit?.[which] ?? 100);
    return {
      row: name,
      swipes: this.#swipes,
      valid,
      first,
      wrong: this.#wrong,
      target: {
        ...(asked.valid !== undefined && { valid: asked.valid }),
        ...(asked.first !== undefined && { first: asked.first }),
      },
      reached: this.#wrong === 0 && valid >= least("valid") && first >= least("first"),
      ...(limit && { limit }),
      samplesPerSecond: Math.round(this.#samples / this.#seconds),
    };
  }
}
