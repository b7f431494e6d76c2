// ecard bench: the figures that the README quotes, measured here and now.

import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { counted } from "../counted.js";
import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import { wholeNumber } from "../whole-number.js";
import { bluetoothCommand } from "./bench-bluetooth.js";
import { longRun } from "./bench-long.js";
import { mcuCommand } from "./bench-mcu.js";
import { networkCommand } from "./bench-network.js";
import { READING_HEAD, readingLine } from "./reading-line.js";

/** docs/protocol.md, "Modules" */
const WASM_MAX = 40 * 1024;

export function benchCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  const bench = program
    .command("bench")
    .description("measure payment (round trips, octets, time), firmware (size, memory) and reader (speed)")
    .option("--runs <n>", "payments to measure", wholeNumber(1, 1000), 5)
    .option("--mtu <n>", "ATT MTU between phone and card, 23 to 517", wholeNumber(23, 517), 247)
    .option("--seconds <n>", "how long the reader listens to each kind of sound", wholeNumber(1, 600), 100)
    .addHelpText(
      "after",
      `
With --json: {"bench":"payment","mtu","runs","steps","modules"}, then for each
kind of sound {"bench":"reader","kind","samples","reads","samplesPerSecond",
"asked"}.

Examples:
  ecard bench
  ecard bench --mtu 23 --json`,
    )
    .action(async (options: { runs: number; mtu: number; seconds: number }, command: Command) => {
      const [{ benchPayment }, { benchReader }, { progressBar }] = await Promise.all([
        import("../bench/payment-bench.js"),
        import("@enabling-card/pos-sim/bench"),
        import("../progress.js"),
      ]);
      const output = context.output(command);
      const payment = await benchPayment(options.runs, options.mtu, context.signal);
      output.fact({ bench: "payment", ...payment });
      output.result(`payment at MTU ${payment.mtu}, ${counted(payment.runs, "run")}`);
      output.result("  step     round trips  octets out  octets in  median ms");
      for (const { step, roundTrips, octetsToCard, octetsToPhone, medianMs } of payment.steps) {
        const cells = [
          String(roundTrips).padStart(11),
          String(octetsToCard).padStart(10),
          String(octetsToPhone).padStart(9),
          medianMs.toFixed(1).padStart(9),
        ];
        output.result(`  ${step.padEnd(7)}  ${cells.join("  ")}`);
      }
      output.result("\nfirmware       wasm octets  memory octets");
      for (const { module, wasmOctets, memoryOctets, budgetOctets } of payment.modules) {
        output.result(
          `  ${module.padEnd(13)} ${String(wasmOctets).padStart(9)}  ${String(memoryOctets).padStart(6)} of ${budgetOctets}`,
        );
      }
      const total = payment.modules.reduce((sum, { wasmOctets }) => sum + wasmOctets, 0);
      output.result(`  together      ${String(total).padStart(9)} of ${WASM_MAX}`);

      output.result("\nreader, one thread, warm, 48 kHz, a swipe and a pause of 0.2 s by turns");
      const bar = progressBar(output, "s");
      const { signal } = context;
      for await (const row of benchReader(options.seconds, { signal, onProgress: bar.update })) {
        bar.stop();
        output.fact({ bench: "reader", ...row });
        const speed = (row.samplesPerSecond / 1e6).toFixed(2).padStart(6);
        const mark = row.asked === undefined ? " " : row.samplesPerSecond >= row.asked ? "✓" : "✗";
        const asked = row.asked === undefined ? "" : `, ${row.asked / 1e6} asked`;
        output.result(`  ${mark} ${row.kind.padEnd(19)} ${speed} M samples/s${asked}`);
      }
    });
  readingCommand(bench, context, onCode);
  lengthCommand(bench, context);
  networkCommand(bench, context);
  mcuCommand(bench, context, onCode);
  bluetoothCommand(bench, context);
}

/** ecard bench length: time and memory by the recording's length. */
function lengthCommand(bench: Command, context: Context): void {
  bench
    .command("length")
    .description("measure what the length of a recording costs: time grows with it, memory does not")
    .option("--longest <s>", "seconds of the longest, behind 1, 10, 60 and 600", wholeNumber(1, 3600), 3600)
    .addHelpText(
      "after",
      `
Memory is what is left after a collection at the recording's end, the reader
still there: JavaScript's heap, and the arrays outside it.

With --json: one line a length {"bench":"length","seconds","samples","reads",
"samplesPerSecond","heapOctets","externalOctets","residentOctets"}.

Examples:
  ecard bench length
  ecard bench length --longest 60 --json`,
    )
    .action(async ({ longest }: { longest: number }, command: Command) => {
      const [{ benchLength, LENGTHS }, { progressBar }] = await Promise.all([
        import("@enabling-card/pos-sim/bench"),
        import("../progress.js"),
      ]);
      const output = context.output(command);
      const bar = progressBar(output, "s");
      const { signal } = context;
      const lengths = [...LENGTHS.filter((length) => length < longest), longest];
      output.result("seconds      samples   reads  M samples/s  heap MB  arrays MB  resident MB, at most");
      for await (const row of benchLength({ lengths, signal, onProgress: bar.update })) {
        bar.stop();
        output.fact({ bench: "length", ...row });
        const megabytes = (octets: number, width: number) => (octets / 1e6).toFixed(1).padStart(width);
        output.result(
          [
            String(row.seconds).padStart(7),
            String(row.samples).padStart(13),
            String(row.reads).padStart(8),
            (row.samplesPerSecond / 1e6).toFixed(2).padStart(13),
            megabytes(row.heapOctets, 9),
            megabytes(row.externalOctets, 11),
            megabytes(row.residentOctets, 13),
          ].join(""),
        );
      }
    });
}

interface ReadingRun {
  readonly swipes?: number;
  readonly sounds: number;
  readonly seed: number;
  readonly only: readonly string[];
  readonly check?: true;
  readonly long?: true;
  readonly picture?: string;
}

/** What a run would pass over in silence is refused: an hour later it is too late. */
function checkRun({ long, only, picture }: ReadingRun, soundsGiven: boolean): void {
  const wrong = (sentence: string) => new CommandError("WRONG_USE", sentence, EXIT.usage);
  if (long && only.length > 0) throw wrong("--only picks rows of the short run, and --long has all: give one of them");
  if (!long && picture !== undefined) throw wrong("--picture draws the long run: give --long, too");
  if (!long && soundsGiven) throw wrong("--sounds belongs to the long run: give --long, too");
}

/** ecard bench reader: how much is read, row by row of conditions. */
function readingCommand(bench: Command, context: Context, onCode: (code: ExitCode) => void): void {
  bench
    .command("reader")
    .description("measure how much the reader reads: rows of noise, jitter, speed and more, on made-up swipes")
    .option(
      "--swipes <n>",
      "swipes a row, 100 unless told, which is a short run; what is asked counts of 1000; in the long run all swipes, 100000",
      wholeNumber(1, 100_000),
    )
    .option(
      "--seed <n>",
      "first seed; those from 20000000 on were kept out of development",
      wholeNumber(1, 2_000_000_000),
      20_000_000,
    )
    .addOption(
      new Option("--only <words>", "rows whose name has these words in it: 0 dB is not 20 dB; may be given again")
        .argParser((words: string, before: readonly string[]) => [...before, words])
        .default([], "all rows"),
    )
    .option("--check", "exits with 1 where a row is short of what is asked and of the limit, or has a wrong read")
    .option("--long", "the long run instead: wrong reads of 100000 swipes and 10000 sounds, claims against outcomes")
    .option("--picture <file>", "draws the long run's claims against outcomes to an SVG file")
    .option("--sounds <n>", "recordings without a swipe in the long run", wholeNumber(1, 100_000), 10_000)
    .addHelpText(
      "after",
      `
A row of 100 swipes is off by some per cent now and then: what is asked is asked
of 1000 swipes a row, which --swipes 1000 reads in ten times as long.

Valid: read, and right. First: the first candidate is right. Limit: what a genie
reaches that knows every cell's time, the height and the pulse; ✓ where a row
has what is asked, or as much as the genie. dB behind: how much noisier its
swipes could be for it to fare as the reader, valid and first. M samples/s: each
swipe is a recording of its own, and its reader's set-up is counted with
it; ecard bench has the speed of one reader that listens on.

With --json: one line a row {"bench":"reading","row","swipes","valid","first",
"wrong","target","reached","limit","behindDb","samplesPerSecond"}, per cent, dB.
With --long: {"bench":"long","what"}, what being "drawn" (with "valid","first",
"lossDb"), "swipes" (with "swipes","valid","wrong","misread","decades" and as
"rows" what is said of a row above) and "sounds" (with "recordings","seconds",
"wrong").

Examples:
  ecard bench reader
  ecard bench reader --swipes 1000
  ecard bench reader --only dB --swipes 1000 --json
  ecard bench reader --only jitter --check
  ecard bench reader --long --picture reliability.svg`,
    )
    .action(async (options: ReadingRun, command: Command) => {
      const { swipes, sounds, seed, only } = options;
      checkRun(options, command.getOptionValueSource("sounds") !== "default");
      if (options.long) {
        const { picture } = options;
        const run = { swipes: swipes ?? 100_000, sounds, seed, ...(picture && { picture }) };
        const wrong = await longRun(run, context, command);
        if (options.check && wrong > 0) onCode(EXIT.failed);
        return;
      }
      const [{ benchReading }, { progressBar }] = await Promise.all([
        import("@enabling-card/pos-sim/bench"),
        import("../progress.js"),
      ]);
      const output = context.output(command);
      const bar = progressBar(output, "swipes");
      const { signal } = context;
      const rows = benchReading({ swipes: swipes ?? 100, seed, only, signal, onProgress: bar.update });
      output.result(READING_HEAD);
      for await (const row of rows) {
        bar.stop();
        output.fact({ bench: "reading", ...row });
        if (options.check && !row.reached) onCode(EXIT.failed);
        output.result(readingLine(row));
      }
    });
}
