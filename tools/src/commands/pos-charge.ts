// ecard pos charge: a recorded swipe taken by a terminal that asks the network.

import type { TerminalConfig } from "@enabling-card/pos-sim";
import type { Command } from "commander";
import { cents } from "../amount.js";
import type { Context } from "../context.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { type NetworkAddress, networkOption } from "../network-address.js";

interface Options {
  readonly amount: number;
  readonly network: NetworkAddress;
  readonly terminal?: string;
  readonly merchant?: string;
  readonly name?: string;
  readonly type?: string;
  readonly country?: string;
  readonly currency?: string;
}

export function chargeCommand(pos: Command, context: Context, onCode: (code: ExitCode) => void): void {
  networkOption(
    pos
      .command("charge")
      .description("read a recorded swipe, and ask the network to authorise it: 0100 out, 0110 back, receipt")
      .argument("<file>", "a WAV file, or - for standard input")
      .requiredOption("--amount <amount>", "as 9.50", cents),
  )
    .option("--terminal <id>", "DE 41, up to 8 characters")
    .option("--merchant <id>", "DE 42, up to 15 characters; a code's provider")
    .option("--name <name>", "DE 43, up to 40 characters")
    .option("--type <mcc>", "DE 18, four digits (ISO 18245)")
    .option("--country <digits>", "DE 19, three digits (ISO 3166)")
    .option("--currency <digits>", "DE 49, three digits (ISO 4217)")
    .addHelpText(
      "after",
      `
What was paid to one merchant alone (ecard pay --merchant) pays where --merchant
or --name is that merchant.

Exits with 1 where the swipe is not read, or is declined. What gets no answer is
reversed, and the error says whether the network has heard of that.

With --json: {"approved","responseCode","ourCode","authCode","stan","rrn",
"receipt"}; of a card that the terminal itself refuses {"approved","refusal",
"receipt"}.

Examples:
  ecard pos charge out/demo/swipe.wav --amount 9.50
  ecard pos charge swipe.wav --amount 20 --network 127.0.0.1:7083 --name Bakery`,
    )
    .action(async (file: string, options: Options, command: Command) => {
      const [{ Terminal }, { readRecordings }, { recordingLines }] = await Promise.all([
        import("@enabling-card/pos-sim"),
        import("../pos/read-recordings.js"),
        import("../pos/results.js"),
      ]);
      const output = context.output(command);
      const { signal, stdin } = context;
      for await (const result of readRecordings([file], { signal, stdin, measures: "failed" })) {
        if (result.reads.length === 0) {
          output.fact({ approved: false, refusal: result.diagnosis, receipt: null });
          for (const line of recordingLines(result, output.verbose)) output.result(line);
          return onCode(EXIT.failed);
        }
        const terminal = new Terminal(configOf(options));
        const said = await terminal.authorise(result.reads, { amount: options.amount, signal });
        if (said.outcome === "answered") {
          const { approved, responseCode, ourCode = null, authCode = null, stan, rrn, receipt } = said;
          output.fact({ approved, responseCode, ourCode, authCode, stan, rrn, receipt });
        } else {
          output.fact({ approved: false, refusal: said.refusal, receipt: said.receipt });
        }
        output.result(said.receipt);
        if (!said.approved) onCode(EXIT.failed);
      }
    });
}

function configOf({ network, terminal, merchant, name, type, country, currency }: Options): TerminalConfig {
  return {
    ...network,
    ...(terminal !== undefined && { terminalId: terminal }),
    ...(merchant !== undefined && { merchantId: merchant }),
    ...(name !== undefined && { merchantName: name }),
    ...(type !== undefined && { merchantType: type }),
    ...(country !== undefined && { country }),
    ...(currency !== undefined && { currency }),
  };
}
