// The long run: swipes of all conditions, and of drawn ones, and sounds without any. How often is something wrong called valid, and is the
// reader as often wrong as it says?

import { setImmediate } from "node:timers/promises";
import type { ReaderResult } from "../reader/read.js";
import { readSamples } from "../reader/reader.js";
import { SOUNDS, type Sound, sound } from "../synth/sounds.js";
import { drawn } from "./drawn.js";
import { limitOf } from "./genie.js";
import { lossDb, type Point } from "./loss.js";
import { KEPT_OUT, type ReadingBench, Tally } from "./reading.js";
import { type Decade, Reliability } from "./reliability.js";
import { ROWS } from "./rows.js";
import { swipeOf } from "./swipes.js";

export interface LongOptions {
  /** Swipes over all conditions; a tenth as many at each SNR of the drawn ones. */
  readonly swipes?: number;
  /** Recordings of `seconds` without a swipe. */
  readonly sounds?: number;
  readonly seconds?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string, done: number, of: number) => void;
}

export type LongResult =
  | {
      readonly what: "drawn";
      /** By SNR of a cell of 300 us with as much energy: valid and right, and first candidate right, per cent. */
      readonly valid: readonly Point[];
      readonly first: readonly Point[];
      readonly lossDb: { readonly valid: number | undefined; readonly first: number | undefined };
    }
  | {
      readonly what: "swipes";
      readonly swipes: number;
      readonly valid: number;
      readonly wrong: number;
      /** What was called valid and is wrong: row and seed. */
      readonly misread: readonly string[];
      readonly decades: readonly Decade[];
      /** The table, of those of the swipes that were made as its rows say. */
      readonly rows: readonly ReadingBench[];
    }
  | { readonly what: "sounds"; readonly recordings: number; readonly seconds: number; readonly wrong: number };

/** Drawn conditions have seeds of their own, so far behind the rows'. */
const DRAWN_SEEDS = 100_000_000;
const DRAWN_DB = [1, 0, -1, -2, -3, -4] as const;
const RATE = 48_000;

/** One result of each kind, as they are done. */
export async function* benchLong(options: LongOptions = {}): AsyncGenerator<LongResult> {
  const { swipes = 100_000, sounds = 10_000, seconds = 10, seed = KEPT_OUT, signal, onProgress } = options;
  const pause = async (what: string, done: number, of: number): Promise<void> => {
    signal?.throwIfAborted();
    onProgress?.(what, done, of);
    if (done % 16 === 0) await setImmediate();
  };
  const reliability = new Reliability();
  let valid = 0;
  const misread: string[] = [];
  const tried = (
    name: string,
    { reads, candidates }: ReaderResult,
    text: string,
  ): { valid: boolean; first: boolean } => {
    const [read] = reads;
    const right = reads.some(({ data }) => data === text);
    for (const { data } of reads) if (data !== text) misread.push(name);
    if (right) valid++;
    const likeliest = read ?? candidates[0];
    if (read !== undefined) reliability.add(read.confidence, read.data === text);
    else if (candidates[0] !== undefined) reliability.add(candidates[0].probability, candidates[0].data === text);
    return { valid: right, first: likeliest?.data === text };
  };

  const each = Math.ceil(swipes / 10 / DRAWN_DB.length);
  const points = { valid: [] as Point[], first: [] as Point[] };
  for (const [n, snrDb] of DRAWN_DB.entries()) {
    const count = { valid: 0, first: 0, limitValid: 0, limitFirst: 0 };
    for (let i = 0; i < each; i++) {
      const own = seed + DRAWN_SEEDS + n * each + i;
      const { conditions, pw50 } = drawn(own, snrDb);
      const swipe = swipeOf(own, conditions);
      const result = tried(
        `drawn, ${snrDb} dB, seed ${own}`,
        readSamples(swipe.samples, swipe.sampleRateHz),
        swipe.text,
      );
      const limit = limitOf(swipe, pw50);
      if (result.valid) count.valid++;
      if (result.first) count.first++;
      count.limitValid += limit.valid;
      count.limitFirst += limit.first;
      await pause("drawn swipes", n * each + i + 1, DRAWN_DB.length * each);
    }
    const percent = (value: number): number => (100 * value) / each;
    points.valid.push({ snrDb, reader: percent(count.valid), limit: percent(count.limitValid) });
    points.first.push({ snrDb, reader: percent(count.first), limit: percent(count.limitFirst) });
  }
  yield { what: "drawn", ...points, lossDb: { valid: lossDb(points.valid), first: lossDb(points.first) } };

  const rest = swipes - each * DRAWN_DB.length;
  const tallies = ROWS.map((row) => ({ row, tally: new Tally(row) }));
  for (let i = 0; i < rest; i++) {
    const { row, tally } = tallies[i % tallies.length]!;
    // Even seeds are one way round and odd ones the other: each row has both.
    const own = seed + i + Math.floor(i / tallies.length);
    const swipe = swipeOf(own, row.conditions);
    tried(`${row.name}, seed ${own}`, tally.read(swipe), swipe.text);
    await pause("swipes", i + 1, rest);
  }
  const rows = tallies.slice(0, rest).map(({ tally }) => tally.result);
  yield { what: "swipes", swipes, valid, wrong: misread.length, misread, decades: reliability.decades, rows };

  let misheard = 0;
  for (let i = 0; i < sounds; i++) {
    const kind: Sound = SOUNDS[i % SOUNDS.length]!;
    misheard += readSamples(sound(kind, seed + i, seconds, RATE), RATE).reads.length;
    await pause("sounds", i + 1, sounds);
  }
  yield { what: "sounds", recordings: sounds, seconds, wrong: misheard };
}
