// ecard demo: pair, load, present, swipe, approve, replay refused.

import type { TraceEvent } from "@enabling-card/emulator";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { type DemoResult, type DemoStep, runDemo } from "../demo/demo.js";

export function demoCommand(program: Command, context: Context): void {
  program
    .command("demo")
    .description("watch a card pay: pair, load, present, swipe, approve, replay refused")
    .option("--out <dir>", "where swipe.wav, swipe.svg, swipe.vcd and journey.json go", "out/demo")
    .option("--trace", "show every step inside the card", false)
    .addHelpText(
      "after",
      "\nExamples:\n  ecard demo\n  ecard demo --out /tmp/swipe --json\n  ecard pos read out/demo/swipe.wav",
    )
    .action(async (options: { out: string; trace: boolean }, command: Command) => {
      const output = context.output(command);
      output.say(output.paint("bold", "A card pays\n"));
      const result = await runDemo({
        out: options.out,
        signal: context.signal,
        onStep: (step) => {
          output.fact(step);
          output.say(stepLine(step, output.paint.bind(output)));
        },
        ...(options.trace && {
          onTrace: (event: TraceEvent) => {
            output.fact({ trace: event });
            output.say(output.paint("dim", `    ${traceLine(event)}`));
          },
        }),
      });
      output.fact(result);
      for (const line of table(result)) output.result(line);
    });
}

function stepLine(step: DemoStep, paint: (style: "green" | "yellow" | "dim", text: string) => string): string {
  const mark = step.outcome === "ok" ? paint("green", "✓") : paint("yellow", "✗ refused");
  const trips =
    step.roundTrips === undefined ? "" : `, ${step.roundTrips} round trip${step.roundTrips === 1 ? "" : "s"}`;
  const code = step.code ? ` [${step.code}]` : "";
  return `  ${mark} ${step.step}: ${step.detail}${code} ${paint("dim", `(${step.ms} ms${trips})`)}`;
}

function table(result: DemoResult): string[] {
  const width = Math.max(...result.steps.map(({ step }) => step.length));
  const outcome = (step: DemoStep) => (step.code ? `refused ${step.code}` : "ok");
  const outcomeWidth = Math.max(...result.steps.map((step) => outcome(step).length));
  const trips = (step: DemoStep) => (step.roundTrips === undefined ? "-" : String(step.roundTrips));
  return [
    "",
    `${"step".padEnd(width)}  ${"outcome".padEnd(outcomeWidth)}  ${"ms".padStart(7)}  round trips`,
    ...result.steps.map(
      (step) =>
        `${step.step.padEnd(width)}  ${outcome(step).padEnd(outcomeWidth)}  ${step.ms.toFixed(1).padStart(7)}  ${trips(step).padStart(11)}`,
    ),
    "",
    ...result.tracks.map(
      ({ track, direction, data, confidence }) =>
        `track ${track} ${direction.padEnd(7)}  ${data}  (confidence ${confidence.toFixed(2)})`,
    ),
    `emission         ${result.emission.passes} passes, ${result.emission.seconds.toFixed(2)} s, ${result.emission.energyMj.toFixed(0)} mJ`,
    "",
    ...result.files.map((file) => `  ${file}`),
  ];
}

function traceLine({ atNs, kind, ...rest }: TraceEvent): string {
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
  return `${(atNs / 1e6).toFixed(3).padStart(10)} ms  ${kind}  ${facts.join(", ")}`;
}
