// ecard bench: the figures that the README quotes, measured here and now.

import type { Command } from "commander";
import type { Context } from "../context.js";
import { wholeNumber } from "../whole-number.js";

/** docs/protocol.md, "Modules" */
const WASM_MAX = 40 * 1024;

export function benchCommand(program: Command, context: Context): void {
  program
    .command("bench")
    .description("measure payment (round trips, octets, time), firmware (size, memory) and reader (speed)")
    .option("--runs <n>", "payments to measure", wholeNumber(1, 1000), 5)
    .option("--mtu <n>", "ATT MTU between phone and card, 23 to 517", wholeNumber(23, 517), 247)
    .option("--seconds <n>", "length of the recordings that the reader is timed on", wholeNumber(1, 600), 120)
    .addHelpText(
      "after",
      `
With --json: {"bench":"payment","mtu","runs","steps","modules"}, then for each
kind of recording {"bench":"reader","kind","samples","reads",
"samplesPerSecond"}.

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
      output.result(`payment at MTU ${payment.mtu}, ${payment.runs} runs`);
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

      output.result("\nreader, one thread, 44.1 kHz");
      const bar = progressBar(output, "s");
      const { signal } = context;
      for await (const row of benchReader(options.seconds, { signal, onProgress: bar.update })) {
        bar.stop();
        output.fact({ bench: "reader", ...row });
        output.result(
          `  ${row.kind.padEnd(8)} ${(row.samplesPerSecond / 1e6).toFixed(1).padStart(6)} M samples/s (${row.reads} reads in ${row.samples} samples)`,
        );
      }
    });
}
