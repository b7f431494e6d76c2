// Options of the fuzzing programs: --help for each, and one sentence for what is none.

import { type ParseArgsConfig, parseArgs } from "node:util";

/** What was given. Ends the program with 0 behind its help, and with 2 where it is called wrongly. */
export function optionsOf<const Known extends NonNullable<ParseArgsConfig["options"]>>(help: string, options: Known) {
  if (process.argv.slice(2).some((word) => word === "--help" || word === "-h")) {
    console.log(help);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message.split(". ")[0]}: see --help`);
    process.exit(2);
  }
}
