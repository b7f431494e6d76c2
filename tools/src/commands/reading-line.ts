// The reader's table as text: a line for each row of conditions.

import type { ReadingBench } from "@enabling-card/pos-sim/bench";

const WIDTHS = [38, 8, 8, 6, 10, 14, 14, 12] as const;

const lineOf = (name: string, ...cells: readonly string[]): string =>
  [name.padEnd(WIDTHS[0]), ...cells.map((cell, i) => cell.padStart(WIDTHS[i + 1]!))].join("").trimEnd();

const decibels = (db: number | undefined): string => db?.toFixed(2) ?? "-";

export const READING_HEAD = lineOf("", "valid %", "first %", "wrong", "asked", "limit", "dB behind", "M samples/s");

export const readingLine = (bench: ReadingBench): string =>
  lineOf(
    `${bench.reached ? "✓" : "✗"} ${bench.row}`,
    bench.valid.toFixed(1),
    bench.first.toFixed(1),
    String(bench.wrong),
    `${bench.target.valid ?? "-"} / ${bench.target.first ?? "-"}`,
    bench.limit === undefined ? "" : `${bench.limit.valid.toFixed(1)} / ${bench.limit.first.toFixed(1)}`,
    bench.behindDb === undefined ? "" : `${decibels(bench.behindDb.valid)} / ${decibels(bench.behindDb.first)}`,
    (bench.samplesPerSecond / 1e6).toFixed(2),
  );
