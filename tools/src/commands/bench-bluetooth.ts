// ecard bench bluetooth: connection intervals of a payment, an update's upload, and cycles whose memory stays as it is.

import type { Command } from "commander";
import type { Context } from "../context.js";
import { wholeNumber } from "../whole-number.js";

export function bluetoothCommand(bench: Command, context: Context): void {
  bench
    .command("bluetooth")
    .description(
      "measure Bluetooth on the emulated air: a payment in connection intervals, an upload, cycles and memory",
    )
    .option("--cycles <n>", "pair, load, present and unpair so often in one process", wholeNumber(1, 100_000), 20)
    .addHelpText(
      "after",
      `
By noble's own stack. Air time is virtual: this machine's speed is in no figure.
Floor: what is asked right before a connection event is answered in the next; a
load has as many more as its packets fill; present ends where the card asks for
its button. Services: the hash of the card's table is read, and its handles are
known. The whole is measured too: from LE Connection Complete to the coil's
first edge, the air standing while issuer and owner's hand are waited for.
Garbage is collected before memory is looked at.

The upload is an image of 96 KiB to the card's loader. The octets of the image
count; the air carries six packets an event, each a write of 244 octets.

With --json: {"bench":"bluetooth","intervalMs","steps","toFirstEdge"}, each step
{"step","intervals","floor"}, toFirstEdge {"intervals","floor"}; {"upload":
{"imageOctets","intervalMs","intervals","rate","model"}}, octets a second;
{"cycles","early","late","violations"}, octets.

Examples:
  ecard bench bluetooth
  ecard bench bluetooth --cycles 1000 --json`,
    )
    .action(async ({ cycles }: { cycles: number }, command: Command) => {
      const [{ benchBluetooth, benchCycles, benchUpload }, { progressBar }] = await Promise.all([
        import("../bench/bluetooth-bench.js"),
        import("../progress.js"),
      ]);
      const output = context.output(command);
      const air = await benchBluetooth();
      output.fact({ bench: "bluetooth", ...air });
      output.result(`connection interval ${air.intervalMs} ms`);
      output.result("  step       intervals  floor");
      for (const { step, intervals, floor } of air.steps)
        output.result(`  ${step.padEnd(9)}  ${intervals.toFixed(1).padStart(9)}  ${String(floor).padStart(5)}`);
      const { intervals: all, floor: least } = air.toFirstEdge;
      output.result(
        `  ${"to edge".padEnd(9)}  ${all.toFixed(1).padStart(9)}  ${String(least).padStart(5)}   from the connection, in one run`,
      );
      const upload = await benchUpload();
      output.fact({ upload });
      const kB = (rate: number) => (rate / 1000).toFixed(1);
      const share = ((100 * upload.rate) / upload.model).toFixed(1);
      output.result(
        `\nupload of ${upload.imageOctets} octets at ${upload.intervalMs} ms: ${upload.intervals} intervals, ${kB(upload.rate)} kB/s of ${kB(upload.model)} that the air carries, ${share} %`,
      );
      const bar = progressBar(output, "cycles");
      const { signal } = context;
      const ran = await benchCycles(cycles, { signal, onProgress: (done, all) => bar.update("cycles", done, all) });
      bar.stop();
      output.fact(ran);
      const megabytes = (octets: number) => (octets / 1e6).toFixed(1);
      output.result(
        `\n${ran.cycles} cycles: ${megabytes(ran.early)} MB after three tenths of them, ${megabytes(ran.late)} at the end, ${ran.violations} violations`,
      );
    });
}
