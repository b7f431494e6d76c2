// ecard demo: pair, load, present, swipe, approve, replay refused.

import type { TraceEvent } from "@enabling-card/emulator";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { DEVICES, type Device, TRANSPORTS, type Transport } from "../demo/devices.js";
import type { DemoStep } from "../demo/journey.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { Paint } from "../output.js";
import { traceLine } from "../trace-line.js";

export function demoCommand(program: Command, context: Context): void {
  program
    .command("demo")
    .description("watch a card pay: pair, load, present, swipe, approve; replays refused")
    .option("--out <dir>", "where swipe.wav, .svg, .vcd, .sr and journey.json go", "out/demo")
    .addOption(
      new Option("--device <card>", "the emulated card, or the image of npm run build:mcu on a Cortex-M4 in QEMU")
        .choices(DEVICES)
        .default("emulator"),
    )
    .addOption(
      new Option(
        "--transport <way>",
        "how phone and card talk: from hand to hand, Bluetooth by noble's own stack, or by a page in Chromium",
      )
        .choices(TRANSPORTS)
        .default("memory"),
    )
    .option("--trace", "show every step inside the emulated card, by its own clock")
    .addHelpText(
      "after",
      `
With --json: one line a step {"step","detail","outcome","code","ms",
"roundTrips"}, with --trace {"trace"} lines between them, and at last the whole
{"ok","steps","tracks","receipt","exchange","files","emission"}.

Examples:
  ecard demo
  ecard demo --out /tmp/swipe --json
  ecard demo --device qemu --transport noble
  ecard pos read out/demo/swipe.wav`,
    )
    .action(async (options: { out: string; device: Device; transport: Transport; trace?: true }, command: Command) => {
      if (options.trace && options.device !== "emulator")
        throw new CommandError("WRONG_USE", "--trace shows the emulated card, and --device has another", EXIT.usage);
      const [{ runDemo }, { table }] = await Promise.all([import("../demo/demo.js"), import("../demo/table.js")]);
      const output = context.output(command);
      output.say(output.paint("bold", "A card pays\n"));
      const result = await runDemo({
        out: options.out,
        device: options.device,
        transport: options.transport,
        signal: context.signal,
        onStep: (step) => {
          output.fact(step);
          output.say(stepLine(step, output.paint));
        },
        ...(options.trace && {
          onTrace: (event: TraceEvent) => {
            output.fact({ trace: event });
            output.say(output.paint("dim", `    ${traceLine(event)}`));
          },
        }),
      });
      output.fact(result);
      if (options.trace) for (const message of Object.values(result.exchange)) output.say(`\n${message}`);
      output.say(`\n${result.receipt}`);
      for (const line of table(result)) {
        // Blank lines part what was said before: alone, the results need none at their head.
        if (line === "") output.say();
        else output.result(line);
      }
      output.say(`\nread the recording again: npx ecard pos read ${quoted(result.files[0]!)}`);
    });
}

/** As a shell takes it. */
function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}

function stepLine(step: DemoStep, paint: Paint): string {
  const mark = step.outcome === "ok" ? paint("green", "✓") : paint("yellow", "✗");
  const code = step.code ? ` ${paint("yellow", `[refused: ${step.code}]`)}` : "";
  return `  ${mark} ${step.step}: ${step.detail}${code}`;
}
