// The ecard command: names, options, help, exit codes. Wiring only: each verb is a function that a library user can call.

import { Command, CommanderError } from "commander";
import { benchCommand } from "./commands/bench.js";
import { demoCommand } from "./commands/demo.js";
import { doctorCommand } from "./commands/doctor.js";
import { emulateCommand } from "./commands/emulate.js";
import { personaliseCommand } from "./commands/personalise.js";
import { posCommand } from "./commands/pos.js";
import { type Context, createContext } from "./context.js";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-codes.js";
import { Output } from "./output.js";

const EXIT_HELP = `
Exit codes: 0 done, 1 the thing asked for failed (declined, unread), 2 wrong use, 3 not available here, 4 link lost,
5 refused by card or issuer, 130 interrupted.
Colours: green done, yellow refused on purpose, red failed; none with NO_COLOR or in a pipe.`;

/** Runs the command line, and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.done);
    throw error;
  });
  process.exitCode = await run(argv.slice(2), createContext(interrupt.signal));
}

/** Runs `args` (without program names); returns the exit code. */
export async function run(args: readonly string[], context: Context): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = build(context, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return context.signal.aborted ? EXIT.interrupted : code;
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOf(error);
    const aborted = context.signal.aborted;
    if (!aborted) outputOf(args, context).error(error);
    return aborted ? EXIT.interrupted : exitCodeOf(error);
  }
}

/** The whole program; `onCode` is told a result that is not a success and no error either. */
export function build(context: Context, onCode: (code: ExitCode) => void = () => undefined): Command {
  const program = new Command("ecard")
    .description(
      "enabling-card: a payment card that simulates a magnetic-stripe swipe, its emulator, reader and issuer",
    )
    .version("0.1.0")
    .option("--json", "JSON Lines instead of text")
    .option("-q, --quiet", "results only")
    .option("-v, --verbose", "say more where something fails")

    .addHelpText("after", EXIT_HELP)
    .showHelpAfterError("(ecard --help lists commands and options)")
    .configureOutput({
      writeOut: (text) => context.streams.stdout.write(text),
      writeErr: (text) => context.streams.stderr.write(text),
    })
    .exitOverride();
  demoCommand(program, context);
  posCommand(program, context, onCode);
  emulateCommand(program, context);
  personaliseCommand(program, context);
  doctorCommand(program, context, onCode);
  benchCommand(program, context);
  for (const command of program.commands) shareOptions(command);
  return program;
}

/** `ecard demo --json` and `ecard --json demo` mean the same. */
function shareOptions(command: Command): void {
  if (command.commands.length > 0) for (const child of command.commands) shareOptions(child);
  else
    command
      .option("--json", "JSON Lines instead of text")
      .option("-q, --quiet", "results only")
      .option("-v, --verbose", "say more where something fails");
  command.exitOverride();
}

function outputOf(args: readonly string[], context: Context): Output {
  return new Output({
    json: args.includes("--json"),
    verbose: args.includes("-v") || args.includes("--verbose"),
    streams: context.streams,
    env: context.env,
  });
}
