// ecard bench reader --long: what no row of the table says. Wrong reads, the loss against the limit, and claims against what came of them.

import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { counted } from "../counted.js";
import { READING_HEAD, readingLine } from "./reading-line.js";

export interface LongRun {
  readonly swipes: number;
  readonly sounds: number;
  readonly seed: number;
  /** Where a picture of the claims goes. */
  readonly picture?: string;
}

/** @returns How many reads were wrong. */
export async function longRun(options: LongRun, context: Context, command: Command): Promise<number> {
  const [{ benchLong, reliabilitySvg }, { progressBar }] = await Promise.all([
    import("@enabling-card/pos-sim/bench"),
    import("../progress.js"),
  ]);
  // Better now than after an hour.
  if (options.picture !== undefined) await writeFile(options.picture, "");
  const output = context.output(command);
  const bar = progressBar(output, "");
  const { signal } = context;
  const decibels = (loss: number | undefined): string => (loss === undefined ? "not told" : `${loss.toFixed(2)} dB`);
  let wrong = 0;
  for await (const result of benchLong({ ...options, signal, onProgress: bar.update })) {
    bar.stop();
    output.fact({ bench: "long", ...result });
    if (result.what !== "drawn") wrong += result.wrong;
    switch (result.what) {
      case "drawn":
        output.result(
          `drawn conditions: ${decibels(result.lossDb.valid)} behind the limit in valid reads, ${decibels(result.lossDb.first)} in first candidates`,
        );
        for (const [i, { snrDb, reader, limit }] of result.valid.entries()) {
          const first = result.first[i]!;
          const cells = [reader, limit, first.reader, first.limit].map((share) => share.toFixed(1).padStart(6));
          output.result(
            `  ${String(snrDb).padStart(3)} dB: valid ${cells[0]} of ${cells[1]}, first ${cells[2]} of ${cells[3]}`,
          );
        }
        break;
      case "swipes":
        output.result(
          `${counted(result.swipes, "swipe")}: ${result.valid} valid and right, ${result.wrong} wrong and called valid`,
        );
        for (const swipe of result.misread) output.result(`  wrong: ${swipe}`);
        for (const { from, swipes, wrong, expected } of result.decades) {
          const decade = from === 0 ? "less" : from.toExponential(0);
          output.result(
            `  claimed to be wrong by ${decade.padStart(5)}: ${String(swipes).padStart(6)} ${swipes === 1 ? "swipe" : "swipes"}, ${wrong} wrong, ${expected.toFixed(3)} expected`,
          );
        }
        if (options.picture !== undefined) {
          await writeFile(options.picture, reliabilitySvg(result.decades));
          output.result(`  ${options.picture}`);
        }
        for (const line of [READING_HEAD, ...result.rows.map(readingLine)]) output.result(line);
        break;
      case "sounds":
        output.result(
          `${counted(result.recordings, "recording")} of ${result.seconds} s without a swipe: ${counted(result.wrong, "read")}`,
        );
        break;
    }
  }
  return wrong;
}
