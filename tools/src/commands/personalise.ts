// ecard personalise: makes a card as the maker does, once: keys on the card, certificate, sheet with the pairing code, lock.

import { join } from "node:path";
import type { CardClass } from "@enabling-card/emulator";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "../context.js";

export function personaliseCommand(program: Command, context: Context): void {
  program
    .command("personalise")
    .description("make a card: keys, maker's certificate, pairing code as text and QR, then lock it")
    .option("--dir <folder>", "where the card's flash and sheet go", "out/card")
    .addOption(
      new Option("--class <class>", "which roots the card trusts").choices(["test", "production"]).default("test"),
    )
    .option("--keys <file>", "the operator's keys (160 octets); sample keys without")
    .option("--iin <digits...>", "number ranges the card may speak for (default: 999999)", numberRanges)
    .option("--show-code", "print the pairing code and its QR on the terminal")
    .addHelpText(
      "after",
      `
The sheet is a secret: whoever holds it and the card may pair.

With --json: one line {"cardId","cardClass","makerRoot","files"}, and
"pairingCode" with --show-code. The maker's root public key (hexadecimal, also
in maker-root.txt) is what the phone's app knows genuine cards by.

Examples:
  ecard personalise --dir my-card --show-code
  ecard emulate --dir my-card`,
    )
    .action(
      async (
        options: { dir: string; class: CardClass; keys?: string; iin?: string[]; showCode?: true },
        command: Command,
      ) => {
        const [{ toBase32, toHex }, { FLASH_FILE, MAKER_ROOT, personaliseFolder, qrLines, SHEET_PICTURE, SHEET_TEXT }] =
          await Promise.all([import("@enabling-card/wire"), import("../card-folder.js")]);
        const output = context.output(command);
        const made = await personaliseFolder({
          folder: options.dir,
          cardClass: options.class,
          ...(options.keys !== undefined && { keysFile: options.keys }),
          ...(options.iin !== undefined && { iins: options.iin }),
        });
        const files = [FLASH_FILE, SHEET_TEXT, SHEET_PICTURE, MAKER_ROOT].map((name) => join(options.dir, name));
        const cardId = toBase32(made.cardId);
        const makerRoot = toHex(made.makerRoot);
        output.fact({
          cardId,
          cardClass: made.cardClass,
          makerRoot,
          files,
          ...(options.showCode && { pairingCode: made.pairingCode }),
        });
        output.result(`card ${cardId}, class ${made.cardClass}, locked`);
        output.say(`maker root ${makerRoot}`);
        for (const file of files) output.say(`  ${file}`);
        if (options.showCode) {
          output.result(made.pairingCode);
          for (const line of qrLines(made.pairingCode)) output.say(output.paint("lit", line));
        }
      },
    );
}

/** One more of the ranges given. */
function numberRanges(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[0-9]{6}$/.test(text)) throw new InvalidArgumentError("A number range is 6 digits.");
  return [...before, text];
}
