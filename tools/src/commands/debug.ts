// ecard debug: the microcontroller's image under a debugger.

import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { BOARDS } from "../image/choices.js";
import { wholeNumber } from "../whole-number.js";

interface DebugOptions {
  readonly board: "an386" | "an505";
  readonly gdb: number;
  readonly listen?: number;
  readonly autoPress?: true;
  readonly showCode?: true;
}

export function debugCommand(program: Command, context: Context): void {
  program
    .command("debug")
    .description("start the microcontroller's image in QEMU, halted, and say how a debugger gets at it")
    .addOption(
      new Option("--board <board>", "Cortex-M4 (an386) or Cortex-M33 (an505)").choices(BOARDS).default("an386"),
    )
    .option("--gdb <port>", "TCP port on 127.0.0.1 for the debugger", wholeNumber(1, 65_535), 1234)
    .option("--listen <port>", "TCP port on 127.0.0.1 for the phone; any free one without", wholeNumber(0, 65_535))
    .option("--auto-press", "somebody presses the button whenever the lights ask")
    .option("--show-code", "print the pairing code, which is a secret")
    .addHelpText(
      "after",
      `
The card is a new one of the test class, with sample keys; it runs when the
debugger says "continue", and until Ctrl-C.

With --json: {"event":"waiting","gdb","host","port","cardId","makerRoot",
"pairingCode"}, the code with --show-code, then {"event":"started"}.

Examples:
  npm run build:mcu && ecard debug
  ecard debug --auto-press --listen 7117 --show-code`,
    )
    .action(async (options: DebugOptions, command: Command) => {
      const { debugCard } = await import("../debug/debug-card.js");
      const output = context.output(command);
      const { board, gdb, listen, autoPress = false, showCode = false } = options;
      await debugCard({
        ...{ board, gdbPort: gdb, autoPress, showCode, signal: context.signal },
        ...(listen !== undefined && { port: listen }),
        onWaiting: (facts) => {
          output.fact(facts);
          output.result(facts.gdb);
          output.say(`\nthe card waits; its line is on ${facts.host}:${facts.port}, card ${facts.cardId}`);
          output.say(`maker root: ${facts.makerRoot}`);
          if (facts.pairingCode) output.say(`pairing code: ${facts.pairingCode}`);
        },
        onStarted: () => {
          output.fact({ event: "started" });
          output.say("the card has come up");
        },
      });
    });
}
