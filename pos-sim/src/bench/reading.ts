// How much the reader reads: rows of conditions, each on swipes of seeds of its own, beside what a genie could have known.

import { setImmediate } from "node:timers/promises";
import { PosError } from "../errors.js";
import type { ReaderResult } from "../reader/read.js";
import { readSamples } from "../reader/reader.js";
import type { Labelled } from "../synth/synth.js";
import { type Limit, limitOf } from "./genie.js";
import { lossDb } from "./loss.js";
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
  /** How many dB the reader is behind that limit, where neither nearly all nor nearly none are read; less than none where chance has it ahead. */
  readonly behindDb?: { readonly valid?: number; readonly first?: number };
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

/** Noise beside a row's own at which the genie is asked. */
const BESIDE_DB = [-0.5, 0.5] as const;
/** From there on the genie reads all. */
const WHOLE_DB = 2;

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
      tally.ask(seed + i);
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
  /** What the genie reaches with so much more or less noise, dB: how steep the way is there. */
  readonly #beside = BESIDE_DB.map((db) => ({ db, swipes: 0, valid: 0, first: 0 }));

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

  /** Asks the genie for the same swipe in other noise: not of rows that the genie reads whole, nor of such without a limit. */
  ask(seed: number): void {
    const { limited, conditions } = this.#row;
    if (!limited || conditions.snrDb === undefined || conditions.snrDb > WHOLE_DB) return;
    for (const beside of this.#beside) {
      const { valid, first } = limitOf(swipeOf(seed, { ...conditions, snrDb: conditions.snrDb + beside.db }));
      beside.swipes++;
      beside.valid += valid;
      beside.first += first;
    }
  }

  #behindDb(which: "valid" | "first", reader: number, limit: number): number | undefined {
    const points = this.#beside.flatMap(({ db, swipes, [which]: count }) =>
      swipes === 0 ? [] : [{ snrDb: db, reader: Number.NaN, limit: (100 * count) / swipes }],
    );
    return lossDb([...points, { snrDb: 0, reader, limit }]);
  }

  get result(): ReadingBench {
    const { name, limited, ...asked } = this.#row;
    const percent = (count: number): number => (100 * count) / this.#swipes;
    const valid = percent(this.#valid);
    const first = percent(this.#first);
    const limit = limited && { valid: percent(this.#limit.valid), first: percent(this.#limit.first) };
    const behind = limit && {
      valid: this.#behindDb("valid", valid, limit.valid),
      first: this.#behindDb("first", first, limit.first),
    };
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
      ...(behind && {
        behindDb: {
          ...(behind.valid !== undefined && { valid: behind.valid }),
          ...(behind.first !== undefined && { first: behind.first }),
        },
      }),
      samplesPerSecond: Math.round(this.#samples / this.#seconds),
    };
  }
}
