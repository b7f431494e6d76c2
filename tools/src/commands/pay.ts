// ecard pay: the card swipes a payment, by a grant of the issuer's, behind an authentication (system 4), or by a code (system 5).

import { type Command, Option } from "commander";
import { cents } from "../amount.js";
import type { Context } from "../context.js";
import { oneMore } from "../delegate/restrictions.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { type CardOptions, cardOptions, onCard, WAYS } from "./on-card.js";

/** Where ecard network start has it. */
export const PROCESSOR = "http://127.0.0.1:7081";

export function payCommand(program: Command, context: Context): void {
  cardOptions(program.command("pay"))
    .description("have the card swipe a payment: granted, loaded, button pressed, sent")
    .argument("<amount>", "the most that may be charged, as 9.50 (EUR)", cents)
    .option("--merchant <name>", "whom it may be paid to; anybody without")
    .addOption(
      new Option("--when <when>", "at once, or when a reader touches the card")
        .choices(["now", "swipe"])
        .default("now"),
    )
    .addOption(
      new Option("--through <way>", "behind an authentication for one merchant, or by a code").choices([
        "domain",
        "code",
      ]),
    )
    .option("--processor <url>", "of --through: where the processor is", PROCESSOR)
    .option("--right <file>", "by somebody's right that was handed on; - for standard input")
    .option("--category <code>", "of --right: the shop's merchant category (ISO 18245)", oneMore)
    .option("--ask-pin", "the card has a PIN: it is asked for, or read as a line of standard input")
    .addHelpText(
      "after",
      `${WAYS}

A merchant is named as its terminal names it: whole, as DE 42 or DE 43, in
whatever capitals. Another one's terminal is declined (MERCHANT_WRONG).

With --through domain the user is asked twice: on the card, for that merchant
and amount, by the access control server; then for the swipe, which pays there
and nowhere else. With --through code the card swipes a code in its token's
place. Either needs --merchant, up to 15 characters: what the terminal sends as
DE 42.

With --right it is somebody else's account that pays, as far as that right goes:
ecard delegate makes one. Where it is for some categories of shops, the shop's
is to be said.

Says "sent" where the card's coil has played it; what the terminal makes of it,
the terminal says. Ctrl-C takes an armed card's payment back.

With --json: {"step","detail"}, then {"merchant","cap","passesSent"}, cap in
cents.

Examples:
  ecard pay 9.50 --device tcp:7117
  ecard pay 20 --merchant Bakery --when swipe
  ecard pay 9.50 --merchant BAKERY --through domain
  ecard pay 5 --right right.txt --category 5411`,
    )
    .action(async (maxAmount: number, options: PayArguments, command: Command) => {
      const { merchant, through, right: file, category } = options;
      if ((through !== undefined && file !== undefined) || (category !== undefined && file === undefined)) {
        throw new CommandError("WRONG_USE", "--right goes without --through, --category with --right", EXIT.usage);
      }
      if (category !== undefined && category.length !== 1) {
        throw new CommandError("WRONG_USE", "A shop is of one category: say one", EXIT.usage);
      }
      if (through !== undefined && merchant === undefined) {
        const why = `--through ${through} pays at one merchant alone: name it with --merchant`;
        throw new CommandError("WRONG_USE", why, EXIT.usage);
      }
      const [{ amountText, pay }, { askPin }] = await Promise.all([
        import("../phone/paired-phone.js"),
        import("../phone/ask-pin.js"),
      ]);
      const pin = options.askPin ? await askPin(context, command) : undefined;
      const delegation =
        file === undefined ? undefined : await (await import("../delegate/rights.js")).readRight(file, context);
      const mcc = category?.[0];
      const right = delegation !== undefined && { right: { delegation, ...(mcc !== undefined && { mcc }) } };
      await onCard(options, command, context, async (call, output) => {
        const paid = await pay({
          ...{ ...call, maxAmount, when: options.when },
          ...(merchant !== undefined && { merchant }),
          ...(through !== undefined && { through: { way: through, url: options.processor } }),
          ...right,
          ...(pin !== undefined && { pin }),
        });
        output.fact(paid);
        output.result(`${output.paint("green", "✓")} sent: ${paid.passesSent} passes, up to ${amountText(paid.cap)}`);
      });
    });
}

interface PayArguments extends CardOptions {
  readonly merchant?: string;
  readonly when: "now" | "swipe";
  readonly through?: "domain" | "code";
  readonly processor: string;
  readonly right?: string;
  readonly category?: readonly number[];
  readonly askPin?: true;
}
