// ecard bench mcu: what the card costs a Cortex-M4, beside what is asked for and what it cost when the figures were kept.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { McuBench } from "../bench/mcu-bench.js";
import type { Context } from "../context.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";

/** Kept in the repository, so that a change is seen. */
export const KEPT_FIGURES = fileURLToPath(new URL("../../../docs/figures/mcu.json", import.meta.url));

/** The most that is asked for, by figure. */
export const ASKED: Readonly<Record<string, number>> = {
  "flash, octets": 128 * 1024,
  "RAM, octets": 48 * 1024,
  "stack, octets": 4608,
  "update of 96 KiB, ms of line": 14_000,
  "reconnect, instructions": 8_000_000,
  "load, instructions": 8_000_000,
  "first edge, instructions": 200_000,
  "an edge, instructions": 60,
  "edge error, ticks": 1,
  "drift, ticks": 1,
  "a write over Bluetooth, instructions": 20_000,
};

export function mcuCommand(bench: Command, context: Context, onCode: (code: ExitCode) => void): void {
  bench
    .command("mcu")
    .description("measure the card on a Cortex-M4 in QEMU: flash, RAM, instructions, stack, edges")
    .option("--keep", "keeps the figures in docs/figures/mcu.json")
    .option("--check", "exits with 1 where a figure is over what is asked (✗), and not with 0")
    .addHelpText(
      "after",
      `
Instructions are those awake, interrupts while it sleeps left out; "first edge"
counts from the phone's present on. A tick is 40 ns. A run on a busy machine has
the card wake more often: to the first edge up to 5 % more, and "present", with
its passes, up to twice as much.

A write over Bluetooth is one of 244 octets: from its last octet on the line of
the controller until its chunk is on its way to the wallet, as if all of it had
waited in the line's ring.

An image of 96 KiB is sent to the loader's module, and each octet counted: the
line's time is that of 115,200 baud, nothing overlapping.

With --json: {"bench":"mcu","board","size","parts","loader":{"flash","ram"},
"bootInstructions","update":{"imageOctets","octetsToCard","octetsFromCard",
"lineSeconds"},"steps","edgeInstructions","edges":{"passes","requests"},
"edgeErrorTicks","driftTicks","writeInstructions","stack"}. Edges are those of
eight passes of tracks 1 and 2, six of them while the session answers requests.

Examples:
  npm run build:mcu && ecard bench mcu
  ecard bench mcu --check --json`,
    )
    .action(async (options: { keep?: true; check?: true }, command: Command) => {
      const { benchMcu } = await import("../bench/mcu-bench.js");
      const output = context.output(command);
      const measured = await benchMcu(context.signal);
      output.fact({ bench: "mcu", ...measured });
      const before = existsSync(KEPT_FIGURES) ? JSON.parse(readFileSync(KEPT_FIGURES, "utf8")) : {};
      const now = figuresOf(measured);
      tell(output, now, before);
      if (options.keep) writeFileSync(KEPT_FIGURES, `${JSON.stringify(now, null, 2)}\n`);
      if (options.check && Object.entries(now).some(([name, value]) => isOver(name, value))) onCode(EXIT.failed);
    });
}

export function figuresOf({
  size,
  parts,
  loader,
  bootInstructions,
  update,
  steps,
  edgeInstructions,
  edgeErrorTicks,
  driftTicks,
  writeInstructions,
  stack,
}: McuBench) {
  return Object.fromEntries([
    ...parts.map(({ part, flash }) => [`flash of ${part}, octets`, flash]),
    ["flash of the loader, octets", loader.flash],
    ["flash, octets", size.flash],
    ...parts.filter(({ ram }) => ram > 0).map(({ part, ram }) => [`RAM of ${part}, octets`, ram]),
    ["RAM, octets", size.ram],
    ["stack, octets", stack.used],
    ["RAM of the loader, octets", loader.ram],
    ...Object.entries(stepFigures({ steps, bootInstructions })),
    ["update of 96 KiB, octets to card", update.octetsToCard],
    ["update of 96 KiB, ms of line", Math.round(update.lineSeconds * 1000)],
    ["an edge, instructions", edgeInstructions],
    ["edge error, ticks", edgeErrorTicks],
    ["drift, ticks", driftTicks],
    ["a write over Bluetooth, instructions", writeInstructions],
  ]) as Record<string, number>;
}

/** Of a payment's steps, and of the start before them. */
export function stepFigures({ steps, bootInstructions }: Pick<McuBench, "steps" | "bootInstructions">) {
  return Object.fromEntries([
    ["boot, instructions", bootInstructions],
    ...steps.map(({ step, instructions }) => [`${step}, instructions`, instructions]),
  ]) as Record<string, number>;
}

const isOver = (name: string, value: number): boolean => value > (ASKED[name] ?? Number.POSITIVE_INFINITY);

function tell(output: Output, now: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>): void {
  const line = (mark: string, name: string, ...cells: readonly string[]): string =>
    `${mark} ${name.padEnd(32)}${cells.map((cell) => cell.padStart(12)).join("")}`.trimEnd();
  output.result(line(" ", "Cortex-M4", "now", "at most", "kept", "change"));
  for (const [name, value] of Object.entries(now)) {
    const [asked, kept] = [ASKED[name], before[name]];
    const change = kept === undefined || kept === value ? "" : signed(value - kept);
    const mark = asked === undefined ? " " : isOver(name, value) ? "✗" : "✓";
    output.result(
      line(
        mark,
        name,
        grouped(value),
        asked === undefined ? "" : grouped(asked),
        kept === undefined ? "" : grouped(kept),
        change,
      ),
    );
  }
}

const grouped = (value: number): string => value.toLocaleString("en-US");
const signed = (value: number): string => `${value > 0 ? "+" : ""}${grouped(value)}`;
