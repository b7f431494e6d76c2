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
Exits with 3 where something fails that commands need: node, packages, firmware,
versions, loopback, output folder, clock. Public vectors and other programs are
some tests' alone, the microcontroller's tools its builds' and QEMU's, and a
Bluetooth adapter --device ble's: where one of these is missing that is told,
with what brings it, and is no failure.

With --json: one line a check {"name","ok","needed","detail","fix"}; needed is
false of what is no failure.

Examples:
  ecard doctor
  ecard doctor --json`,
    )
    .action(async (_options: object, command: Command) => {
      const { examine } = await import("../doctor/examine.js");
      const output = context.output(command);
      for (const row of await examine()) {
        output.fact(row);
        const mark = row.ok
          ? output.paint("green", "✓")
          : row.needed
            ? output.paint("red", "✗")
            : output.paint("dim", "-");
        output.result(`${mark} ${row.name}: ${row.detail}`);
        if (row.fix) output.result(`    ${row.needed ? "mend it" : "if you want it"}: ${row.fix}`);
        if (!row.ok && row.needed) onCode(EXIT.unavailable);
      }
    });
}
