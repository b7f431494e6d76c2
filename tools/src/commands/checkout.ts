// ecard checkout: a payment in a shop's app, without a swipe (system 4): the card's user agrees, the shop sends what it was given for that.

import type { Command } from "commander";
import { cents } from "../amount.js";
import type { Context } from "../context.js";
import type { ExitCode } from "../exit-codes.js";
import { type NetworkAddress, networkOption } from "../network-address.js";
import { type CardOptions, cardOptions, onCard, WAYS } from "./on-card.js";
import { PROCESSOR } from "./pay.js";
import { tellAnswer } from "./tell-answer.js";

interface CheckoutOptions extends CardOptions {
  readonly merchant: string;
  readonly shop?: string;
  readonly charge?: number;
  readonly processor: string;
  readonly network: NetworkAddress;
  readonly askPin?: true;
}

export function checkoutCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  networkOption(
    cardOptions(program.command("checkout"))
      .description("pay in a shop's app: agreed to on the card, sent without a swipe")
      .argument("<amount>", "what the card's user agrees to, as 9.50 (EUR)", cents)
      .requiredOption("--merchant <name>", "whom it pays, up to 15 characters")
      .option("--charge <amount>", "what the shop asks for; that amount without", cents)
      .option("--shop <name>", "who sends it; that merchant without")
      .option("--processor <url>", "where the processor is", PROCESSOR),
  )
    .option("--ask-pin", "the card has a PIN: it is asked for, or read as a line of standard input")
    .addHelpText(
      "after",
      `${WAYS}

The card's user is asked once, for that merchant and amount; the coil stays
silent. What the shop gets pays there, once, up to that amount: token, its
domain's cryptogram, and the issuer's own, in DE 48. Exits with 1 where the
payment is declined, as one is of another shop (MERCHANT_WRONG).

With --json: {"step","detail"}, then {"approved","responseCode","ourCode",
"authCode"}, ourCode where it is declined, authCode where it is approved.

Examples:
  ecard checkout 9.50 --merchant BAKERY
  ecard checkout 9.50 --merchant BAKERY --charge 9.51 --json`,
    )
    .action(async (maxAmount: number, options: CheckoutOptions, command: Command) => {
      const { merchant, shop = merchant, charge: amount = maxAmount, processor: url, network } = options;
      const [{ checkOut }, { askPin }] = await Promise.all([
        import("../phone/check-out.js"),
        import("../phone/ask-pin.js"),
      ]);
      const pin = options.askPin ? await askPin(context, command) : undefined;
      await onCard(options, command, context, async (call, output) => {
        const order = { url, network, merchant, maxAmount, shop, amount };
        tellAnswer(output, await checkOut({ ...call, ...order, ...(pin !== undefined && { pin }) }), onCode);
      });
    });
}
