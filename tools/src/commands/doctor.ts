// ecard doctor: what is missing here, and what mends it.

import type { Command } from "commander";
import type { Context } from "../context.js";
import { EXIT, type ExitCode } from "../exit-codes.js";

export function doctorCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  program
    .command("doctor")
    .description("check Node, packages, firmware and permissions; what fails comes with its mending")
    .addHelpText(
      "after",
      `
Exits with 3 where something is missing.

With --json: one line a check {"name","ok","detail","fix"}.

Examples:
  ecard doctor
  ecard doctor --json`,
    )
    .action(async (_options: object, command: Command) => {
      const { examine } = await import("../doctor/examine.js");
      const output = context.output(command);
      for (const row of await examine()) {
        output.fact(row);
        output.result(`${row.ok ? output.paint("green", "✓") : output.paint("red", "✗")} ${row.name}: ${row.detail}`);
        if (row.fix) output.result(`    mend it: ${row.fix}`);
        if (!row.ok) onCode(EXIT.unavailable);
      }
    });
}
