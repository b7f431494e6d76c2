// ecard personalise: makes a card as the maker does, once: keys on the card, certificate, sheet with the pairing code, lock.

import { join } from "node:path";
import type { CardClass } from "@enabling-card/emulator";
import { toBase32 } from "@enabling-card/wire";
import { type Command, Option } from "commander";
import { FLASH_FILE, personaliseFolder, qrText, SHEET_PICTURE, SHEET_TEXT } from "../card-folder.js";
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
    .option("--iin <digits...>", "number ranges the card may speak for")
    .option("--show-code", "print the pairing code and its QR on the terminal", false)
    .addHelpText(
      "after",
      "\nThe sheet is a secret: whoever holds it and the card may pair.\n\nExamples:\n  ecard personalise --dir my-card --show-code\n  ecard emulate --dir my-card",
    )
    .action(
      async (
        options: { dir: string; class: CardClass; keys?: string; iin?: string[]; showCode: boolean },
        command: Command,
      ) => {
        const output = context.output(command);
        const made = await personaliseFolder({
          folder: options.dir,
          cardClass: options.class,
          ...(options.keys !== undefined && { keysFile: options.keys }),
          ...(options.iin !== undefined && { iins: options.iin }),
        });
        const files = [FLASH_FILE, SHEET_TEXT, SHEET_PICTURE].map((name) => join(options.dir, name));
        const cardId = toBase32(made.cardId);
        output.fact({
          cardId,
          cardClass: made.cardClass,
          files,
          ...(options.showCode && { pairingCode: made.pairingCode }),
        });
        output.result(`card ${cardId}, class ${made.cardClass}, locked`);
        for (const file of files) output.say(`  ${file}`);
        if (options.showCode) {
          output.say(`\n${made.pairingCode}\n`);
          output.say(qrText(made.pairingCode));
        }
      },
    );
}
