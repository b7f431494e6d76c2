// ecard delegate: a right to pay by a card's account is handed out, narrowed, looked at and taken back (system 6).

import type { DelegationView } from "@enabling-card/sdk";
import { type Command, Option } from "commander";
import { cents } from "../amount.js";
import type { Context } from "../context.js";
import { cardName, lifetime, money, oneMore, type Restrictions, sentenceOf, time } from "../delegate/restrictions.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { Output } from "../output.js";
import { wholeNumber } from "../whole-number.js";
import { folderOf, type PhoneOptions } from "./on-card.js";

type OwnerOptions = Pick<PhoneOptions, "phone"> & { readonly card?: string };

export function delegateCommand(program: Command, context: Context): void {
  const delegate = program
    .command("delegate")
    .description("lend an account: hand out a right to pay by it, narrow one, look at them, take one back")
    .addHelpText("after", "\nExamples:\n  ecard delegate make --uses 2 --for 7d --amount 20\n  ecard delegate show");

  restricted(ownerOptions(delegate.command("make")))
    .description("hand out a right to pay by a card's account")
    .addHelpText(
      "after",
      `
Prints the right, which is to be handed to whoever is to pay: who has it has the
right, until it is over or taken back. It pays by a card of his own, that is
enrolled at the same issuer: ecard pay --right. --uses and --for are needed.

With --json: {"id","delegation"}.

Examples:
  ecard delegate make --uses 2 --for 7d --amount 20 > right.txt
  ecard delegate make --uses 9 --for 30d --total 50 --category 5411 --show PIN`,
    )
    .action(async (options: OwnerOptions & Restrictions, command: Command) => {
      const { ownerOf, make } = await import("../delegate/rights.js");
      if (options.uses === undefined || options.for === undefined)
        throw new CommandError("WRONG_USE", "Say how often, with --uses, and how long, with --for", EXIT.usage);
      const made = await make(await ownerOf(folderOf(options, context), options.card), options, context.signal);
      const output = context.output(command);
      output.fact(made);
      output.result(made.delegation);
    });

  restricted(delegate.command("narrow"))
    .description("restrict a right further, to hand it on; nobody is asked, and nobody can undo it")
    .argument("[file]", "where the right is; standard input without, or -", "-")
    .addHelpText(
      "after",
      `
With --json: {"id","delegation"}.

Examples:
  ecard delegate narrow right.txt --uses 1 --amount 5 > child.txt
  ecard delegate narrow right.txt --to WJRXIAF2KPSN6MZ5OQ4DVEHBTY > ada.txt`,
    )
    .action(async (file: string, options: Restrictions, command: Command) => {
      const { narrow, readRight } = await import("../delegate/rights.js");
      const narrowed = narrow(await readRight(file, context), options);
      const output = context.output(command);
      output.fact(narrowed);
      output.result(narrowed.delegation);
    });

  ownerOptions(delegate.command("show"))
    .description("what a right says, and what is left of it; the account's rights without one")
    .argument("[file]", "where the right is, or - for standard input")
    .option("--offline", "of a right: what it says alone, the issuer is not asked")
    .addHelpText(
      "after",
      `
With --json, of a right: {"id","lines","left"}, left being {"uses","until",
"amount","total","currency"}, or null with --offline. Of an account, each right:
{"id","lines","madeAt","isRevoked","left","uses"}, uses being what was done:
[{"outcome","atc","card","amount","currency","merchant","at","authCode",
"decline"}].

Examples:
  ecard delegate show
  ecard delegate show right.txt --offline`,
    )
    .action(async (file: string | undefined, options: OwnerOptions & { offline?: true }, command: Command) => {
      const { leftOf, ownerOf, readRight, rightsOf, seen } = await import("../delegate/rights.js");
      const output = context.output(command);
      const owner = () => ownerOf(folderOf(options, context), options.card);
      if (file === undefined) {
        const rights = await rightsOf(await owner(), context.signal);
        for (const right of rights) tellView(output, right);
        if (rights.length === 0) output.say("no rights were handed out");
        return;
      }
      const text = await readRight(file, context);
      const { id, lines } = seen(text);
      const left = options.offline ? null : await leftOf(await owner(), text, context.signal);
      output.fact({ id, lines, left });
      output.result(`right ${id}`);
      for (const line of lines) output.say(`  ${sentenceOf(line)}`);
      if (left !== null) output.result(leftText(left));
    });

  ownerOptions(delegate.command("revoke"))
    .description("take a right back: it pays nothing from now on, armed cards among it")
    .argument("<id>", "the right's, as ecard delegate show has it")
    .addHelpText(
      "after",
      `
With --json: {"id","isRevoked":true}.

Examples:
  ecard delegate revoke 4NQ7ZKJ5OYB3C2D6VXW7AHTEGM`,
    )
    .action(async (id: string, options: OwnerOptions, command: Command) => {
      const { ownerOf, revoke } = await import("../delegate/rights.js");
      await revoke(await ownerOf(folderOf(options, context), options.card), id, context.signal);
      const output = context.output(command);
      output.fact({ id, isRevoked: true });
      output.result(`${output.paint("green", "✓")} taken back: ${id}`);
    });
}

function ownerOptions(command: Command): Command {
  return command
    .option("--phone <folder>", "where this phone keeps its secrets (my-phone)")
    .option("--card <name>", "which of this phone's cards: the first letters of its name");
}

function restricted(command: Command): Command {
  return command
    .option("--uses <n>", "so many payments", wholeNumber(1, 10_000))
    .option("--for <time>", "so long, as 90m, 12h or 7d", lifetime)
    .option("--amount <amount>", "so much a payment, as 9.50 (EUR)", cents)
    .option("--total <amount>", "so much in all", cents)
    .option("--category <code>", "in shops of that merchant category; may be given again", oneMore)
    .option("--merchant <name>", "at that merchant alone")
    .option("--to <card>", "for that card alone, by its whole name", cardName)
    .addOption(new Option("--show <what>", "what its user is to show at the card").choices(["PIN", "button"]));
}

function tellView(output: Output, right: DelegationView): void {
  output.fact(right);
  const state = right.isRevoked ? output.paint("yellow", "taken back") : leftText(right.left);
  output.result(`${right.id}  ${state}`);
  for (const line of right.lines) output.say(`  ${sentenceOf(line)}`);
  for (const use of right.uses) {
    const what = "amount" in use ? `${money(use.amount, use.currency)} at ${use.merchant}, ${time(use.at)}` : "";
    const why = use.outcome === "declined" ? `, ${use.decline}` : "";
    output.say(`  ${output.paint("dim", `${use.outcome}${what && ": "}${what}${why}, card ${use.card.slice(0, 6)}`)}`);
  }
}

function leftText({ uses, until, amount, total, currency = "978" }: DelegationView["left"]): string {
  const parts = [
    uses === 1 ? "1 use left" : `${uses} uses left`,
    ...(amount === undefined ? [] : [`up to ${money(amount, currency)} each`]),
    ...(total === undefined ? [] : [`${money(total, currency)} left in all`]),
    `until ${time(until)}`,
  ];
  return parts.join(", ");
}
