// ecard code: an appliance buys with a code of the card's account (system 5), over HTTP; neither the card nor its terminal is there.

import type { Command } from "commander";
import { cents } from "../amount.js";
import type { Context } from "../context.js";
import type { ExitCode } from "../exit-codes.js";
import { folderOf, type PhoneOptions } from "./on-card.js";
import { PROCESSOR } from "./pay.js";
import { tellAnswer } from "./tell-answer.js";

interface CodeOptions extends Pick<PhoneOptions, "phone"> {
  readonly card?: string;
  readonly merchant: string;
  readonly seller?: string;
  readonly cost?: number;
  readonly processor: string;
}

export function codeCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  program
    .command("code")
    .description("have an appliance buy with a code of a card's account: one code, one purchase")
    .argument("<amount>", "the most that the code may pay, as 9.50 (EUR)", cents)
    .requiredOption("--merchant <name>", "whom it may be paid to, up to 15 characters")
    .option("--cost <amount>", "what the appliance buys for; that amount without", cents)
    .option("--seller <name>", "whom it buys from; that merchant without")
    .option("--processor <url>", "where the processor is", PROCESSOR)
    .option("--phone <folder>", "where this phone keeps its secrets (my-phone)")
    .option("--card <name>", "which of this phone's cards: the first letters of its name")
    .addHelpText(
      "after",
      `
The appliance is a new one each time, with a key of its own, and gets the code
from the phone; the account's number is on neither. The card is not asked, and
need not be near. Exits with 1 where the purchase is declined, as one is that
costs more (COST_OVER), or is another seller's (PROVIDER_WRONG). A card's own
code is ecard pay --through code.

With --json: {"step","detail"}, then {"approved","responseCode","ourCode",
"authCode"}, ourCode where it is declined, authCode where it is approved.

Examples:
  ecard code 4.99 --merchant POWDERS
  ecard code 4.99 --merchant POWDERS --cost 5.99 --json`,
    )
    .action(async (maxCost: number, options: CodeOptions, command: Command) => {
      const [{ PhoneFolder }, { pairedCard }, { buyByCode }] = await Promise.all([
        import("../phone/phone-folder.js"),
        import("../phone/choose.js"),
        import("../phone/buy-by-code.js"),
      ]);
      const output = context.output(command);
      const phone = await PhoneFolder.open(folderOf(options, context));
      const { cardId } = pairedCard(await phone.store.list(), options.card);
      const { merchant, seller = merchant, cost = maxCost, processor: url } = options;
      const bought = await buyByCode({
        ...{ phone, cardId, url, merchant, maxCost, seller, cost, signal: context.signal },
        onStep: (step) => {
          output.fact(step);
          output.say(`  ${output.paint("dim", step.step.padEnd(12))} ${step.detail}`);
        },
      });
      tellAnswer(output, bought, onCode);
    });
}
