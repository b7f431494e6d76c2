// The ecard command: names, options, help, exit codes. Wiring only: each verb is a function that a library user can call, and is
// imported when it is used, so that help is there at once.

import { Command, CommanderError } from "commander";
import { benchCommand } from "./commands/bench.js";
import { companionCommand } from "./commands/companion.js";
import { completionCommand } from "./commands/completion.js";
import { debugCommand } from "./commands/debug.js";
import { demoCommand } from "./commands/demo.js";
import { doctorCommand } from "./commands/doctor.js";
import { emulateCommand } from "./commands/emulate.js";
import { flashCommand, flasherCommand } from "./commands/flash.js";
import { imageCommand } from "./commands/image.js";
import { issuerCommand } from "./commands/issuer.js";
import { networkCommand } from "./commands/network.js";
import { personaliseCommand } from "./commands/personalise.js";
import { phoneCommands } from "./commands/phone.js";
import { posCommand } from "./commands/pos.js";
import { logsCommand, serialCommand } from "./commands/serial.js";
import { type Context, createContext } from "./context.js";
import { CommandError, EXIT, type ExitCode, exitCodeOf } from "./exit-codes.js";
import { Output } from "./output.js";
import { programStreams } from "./program-streams.js";

const EXIT_HELP = `
Exit codes:
  0    done
  1    the thing asked for failed: declined, unread (pos read: no such file)
  2    wrong use: of options, or of a file that is not there or not valid
  3    not available here: a port, a program, a card's folder, room on the disk
  4    link lost
  5    refused by card or issuer
  130  interrupted

Colours: green done, yellow refused on purpose, red failed; none with NO_COLOR,
or in a pipe.

Inside its repository, run it as npx ecard.`;

/** After Ctrl-C the shell is held back no longer than this, ms: by a command that has something to take back from a card, and by what one left behind. */
const GIVE_UP_MS = 5000;
const LINGER_MS = 500;

/** Runs the command line, and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  const endWithin = (ms: number) => void setTimeout(() => process.exit(EXIT.interrupted), ms).unref();
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    endWithin(GIVE_UP_MS);
    interrupt.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", onSignal); // a terminal that is closed
  const args = argv.slice(2);
  let spoiled = false;
  const streams = programStreams((error) => {
    spoiled = true;
    process.exitCode = EXIT.unavailable;
    // stdout takes nothing more: with --json too, stderr is what is left.
    new Output({ streams }).error(error);
  });
  const code = await run(args, createContext(interrupt.signal, streams, process.env, process.stdin, streams.unheard));
  if (!spoiled || code === EXIT.interrupted) process.exitCode = code;
  if (interrupt.signal.aborted) endWithin(LINGER_MS);
}

/** Runs `args` (without program names); returns the exit code. Throws nothing, ends no process. */
export async function run(args: readonly string[], context: Context): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = build(
    args.includes("--json") ? { ...context, streams: { ...context.streams, stderr: { write: () => true } } } : context,
    (result) => {
      code = result;
    },
  );
  try {
    await program.parseAsync(args, { from: "user" });
    return context.signal.aborted ? EXIT.interrupted : code;
  } catch (error) {
    if (context.signal.aborted) return EXIT.interrupted;
    const exit = exitCodeOf(error);
    if (!(error instanceof CommanderError)) outputOf(args, context).error(error);
    else if (exit !== EXIT.done) {
      const output = outputOf(args, context);
      // Without a command the whole help was shown, unless a machine is listening.
      if (error.code !== "commander.help" || output.json) output.error(wrongUse(error, program, args));
    }
    return exit;
  }
}

/** The whole program; `onCode` is told a result that is not a success and no error either. */
export function build(context: Context, onCode: (code: ExitCode) => void = () => undefined): Command {
  const program = new Command("ecard")
    .description("A payment card that simulates a magnetic-stripe swipe: its emulator, reader and issuer.")
    .version("0.1.0")
    // What stands behind a command is the command's: ecard image build has a --version of its own.
    .enablePositionalOptions()
    .addHelpText("after", EXIT_HELP);
  companionCommand(program, context);
  demoCommand(program, context);
  emulateCommand(program, context, onCode);
  debugCommand(program, context);
  personaliseCommand(program, context);
  issuerCommand(program, context);
  networkCommand(program, context);
  phoneCommands(program, context, onCode);
  posCommand(program, context, onCode);
  imageCommand(program, context);
  flashCommand(program, context);
  flasherCommand(program, context);
  serialCommand(program, context);
  logsCommand(program, context);
  doctorCommand(program, context, onCode);
  benchCommand(program, context, onCode);
  completionCommand(program, context);
  for (const command of [program, ...descendants(program)]) share(command, context);
  return program;
}

/** Every command below `command`. */
export function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

/** What all commands have: `ecard demo --json` and `ecard --json demo` mean the same. */
function share(command: Command, { streams }: Context): void {
  command
    .option("--json", "JSON Lines instead of text")
    .option("-q, --quiet", "results only")
    .option("-v, --verbose", "say more: numbers of each read, and where something failed")
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: () => undefined, // run() says it, as it says every error
      getOutHelpWidth: () => streams.stdout.columns ?? 80,
      getErrHelpWidth: () => streams.stderr.columns ?? 80,
    })
    .exitOverride();
}

/** Commander's complaint as one line: what, and where help is, or the name that was meant. */
function wrongUse(error: CommanderError, program: Command, args: readonly string[]): CommandError {
  const said = error.code === "commander.help" ? "missing command" : error.message;
  const [complaint = "", ...more] = said.replace(/^error: /, "").split("\n");
  const what = complaint.replace(/\.$/, "");
  const meant = more.join(" ").replace(/^\((.*)\)$/, "$1");
  if (meant !== "") return new CommandError("WRONG_USE", `${what}: ${lowerFirst(meant)}`, EXIT.usage);
  const names = ["ecard"];
  let command: Command | undefined = program;
  for (const arg of args) {
    command = command.commands.find((child) => child.name() === arg);
    if (command === undefined) break;
    names.push(arg);
  }
  return new CommandError("WRONG_USE", `${what}: see ${names.join(" ")} --help`, EXIT.usage);
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

function outputOf(args: readonly string[], context: Context): Output {
  return new Output({
    json: args.includes("--json"),
    verbose: args.includes("-v") || args.includes("--verbose"),
    streams: context.streams,
    env: context.env,
  });
}
