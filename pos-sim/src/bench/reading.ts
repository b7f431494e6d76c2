// How much the reader reads: rows of conditions, each on swipes of seeds of its own, beside what a genie could have known.

import { setImmediate } from "node:timers/promises";
import { PosError } from "../errors.js";
import { readSamples } from "../reader/reader.js";
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
    const result = { valid: 0, first: 0, wrong: 0, samples: 0, seconds: 0 };
    const limit = { valid: 0, first: 0 };
    for (let i = 0; i < swipes; i++) {
      signal?.throwIfAborted();
      one(row, seed + i, result, limit);
      onProgress?.(row.name, ++done, rows.length * swipes);
      if (i % 20 === 0) await setImmediate();
    }
    const percent = (count: number): number => (100 * count) / swipes;
    const valid = percent(result.valid);
    const first = percent(result.first);
    yield {
      row: row.name,
      swipes,
      valid,
      first,
      wrong: result.wrong,
      target: {
        ...(row.valid !== undefined && { valid: row.valid }),
        ...(row.first !== undefined && { first: row.first }),
      },
      reached: result.wrong === 0 && valid >= (row.valid ?? 0) && first >= (row.first ?? 0),
      ...(row.limited && { limit: { valid: percent(limit.valid), first: percent(limit.first) } }),
      samplesPerSecond: Math.round(result.samples / result.seconds),
    };
  }
}

function one(
  row: Row,
  seed: number,
  result: { valid: number; first: number; wrong: number; samples: number; seconds: number },
  limit: { valid: number; first: number },
): void {
  const swipe = swipeOf(seed, row.conditions);
  const started = performance.now();
  const { reads, candidates } = readSamples(swipe.samples, swipe.sampleRateHz);
  result.seconds += (performance.now() - started) / 1000;
  result.samples += swipe.samples.length;
  if (reads.some(({ data }) => data === swipe.text)) result.valid++;
  result.wrong += reads.filter(({ data }) => data !== swipe.text).length;
  if ((reads[0] ?? candidates[0])?.data === swipe.text) result.first++;
  if (row.limited) {
    const { valid, first } = limitOf(swipe);
    limit.valid += valid;
    limit.first += first;
  }
}
