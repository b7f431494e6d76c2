// ecard network tokens: how a card's tokens stand at the issuer, for its operator and for the requestor that they are made for, who suspend and resume them.

import { fromBase32 } from "@enabling-card/wire";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "../context.js";
import type { Desk } from "../network/issuer-desk.js";

interface TokensOptions {
  readonly as: Desk;
  readonly to?: "suspended" | "active" | "deactivated";
  readonly last4?: string;
  readonly keys?: string;
  readonly issuerUrl?: string;
}

export function tokensCommand(network: Command, context: Context, usualUrl: string): void {
  network
    .command("tokens")
    .description("how a card's tokens stand, for the issuer's operator or their requestor")
    .argument("<card>", "its name, as ecard cards --json has it", cardName)
    .addOption(new Option("--as <who>", "who asks").choices(["operator", "requestor"]).default("operator"))
    .addOption(new Option("--to <state>", "move one there").choices(["suspended", "active", "deactivated"]))
    .option("--last4 <digits>", "which one, where the card has several")
    .option("--keys <file>", "that one's keys, of ecard network keys")
    .option("--issuer-url <url>", `where the issuer is (${usualUrl})`)
    .addHelpText(
      "after",
      `
Each who suspends a token holds it, and it pays again when nobody does. The
operator lifts every hold, a requestor its own (SUSPENDED_BY_ISSUER, ...), and
only the operator ends a token, for good. The phone hears of it at once, and
brings it to the card, which is silent from then on, off-line too.

Without --keys ECARD_NETWORK_KEYS is read, and then sample keys are used, as
ecard network start has them.

With --json, each token: {"tokenRef","last4","state","heldBy","version"}.

Examples:
  ecard network tokens WJRXIAF2KPSN6MZ5OQ4DVEHBTY
  ecard network tokens WJRXIAF2KPSN6MZ5OQ4DVEHBTY --to suspended --as requestor`,
    )
    .action(async (cardId: Uint8Array, options: TokensOptions, command: Command) => {
      const { issuerDesk, tokenMeant } = await import("../network/issuer-desk.js");
      const { as: who, to, last4, keys: keysFile } = options;
      const url = options.issuerUrl ?? context.env.ECARD_ISSUER_URL ?? usualUrl;
      const desk = await issuerDesk({ who, keysFile, writtenKeys: context.env.ECARD_NETWORK_KEYS, url });
      const all = await desk.tokens(cardId);
      const told = to === undefined ? all : [await desk.move(tokenMeant(all, last4), to)];
      const output = context.output(command);
      for (const token of told) {
        const held = token.heldBy.length === 0 ? "" : `, by ${token.heldBy.join(" and ")}`;
        output.fact(token);
        output.result(`******${token.last4}  ${token.state}${held}  version ${token.version}`);
      }
      if (told.length === 0) output.say("no tokens");
    });
}

function cardName(text: string): Uint8Array {
  const cardId = fromBase32(text);
  if (cardId === undefined) throw new InvalidArgumentError("A card's name has 26 letters and digits.");
  return cardId;
}
