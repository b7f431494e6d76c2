// ecard emulate: a card in software, on a port for a phone in another process, or under the hands of a scenario file.

import { closeSync, openSync, writeSync } from "node:fs";
import type { TraceEvent } from "@enabling-card/emulator";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { counted } from "../counted.js";
import type { PlayedStep, PlayScenarioOptions } from "../emulate/play-scenario.js";
import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import { firstOf } from "../first-of.js";
import { type Output, printable } from "../output.js";
import { traceLine } from "../trace-line.js";
import { wholeNumber } from "../whole-number.js";

interface EmulateOptions {
  readonly dir?: string;
  readonly scenario?: string;
  readonly present?: "now" | "swipe";
  readonly listen?: number;
  readonly mtu?: number;
  readonly autoPress?: true;
  readonly showCode?: true;
  readonly trace?: true;
  readonly coil?: string;
  readonly hci?: string;
  readonly pty?: true;
  readonly btsnoop?: string;
}

export function emulateCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  program
    .command("emulate")
    .description("a card in software: on a port for a phone, or played by a scenario file")
    .option("--dir <folder>", "a card that ecard personalise made; a new one in memory without")
    .option("--listen <port>", "TCP port on 127.0.0.1 for the phone; any free one without", wholeNumber(0, 65_535))
    .addOption(
      new Option("--scenario <file>", "play a scenario on a new card, with issuer, phone and a grant").conflicts([
        "dir",
        "listen",
        "showCode",
      ]),
    )
    .addOption(
      new Option("--present <when>", "of the scenario's phone: now, or at the swipe where the file touches the head")
        .choices(["now", "swipe"])
        .conflicts(["dir", "listen"]),
    )
    .option("--mtu <n>", "ATT MTU over the TCP port, 23 to 517", wholeNumber(23, 517))
    .option("--auto-press", "somebody presses the button whenever the lights ask")
    .option("--show-code", "print the pairing code, which is a secret")
    .addOption(
      new Option("--coil <file>", "what a head at its coil hears, live, as raw samples; - is stdout").conflicts(
        "scenario",
      ),
    )
    .addOption(
      new Option("--hci <socket>", "Bluetooth: a controller for a phone's stack, H4 on a Unix socket").conflicts([
        "scenario",
        "pty",
      ]),
    )
    .addOption(new Option("--pty", "Bluetooth: the same on a pseudo-terminal, by socat").conflicts("scenario"))
    .addOption(
      new Option("--btsnoop <file>", "with one of these: keep the card's HCI traffic, for Wireshark").conflicts(
        "scenario",
      ),
    )
    .option("--trace", "with --scenario: show every step inside the card (on a port, always)")
    .addHelpText(
      "after",
      `
Without --scenario the card stays until Ctrl-C. On a terminal, keys are hands:
  p press, t press twice, h hold 3 s, s swipe (a reader's head touches), q quit

With --json: {"event":"listening","host","port","cardId","makerRoot",
"pairingCode","hci"}, then {"trace"} lines; with --scenario instead one line a
step {"index","step","outcome","message"}, then {"scenario","ok","steps",
"present","phone"}, where phone is what the phone heard: sent, armed, waiting,
or a code.
Exits with 1 where a scenario expected something else, 2 where it is not valid.

With Bluetooth, ecard flash --device ble:PATH updates the card too: hold its
button. Its slots are in memory, and hold a development image of an386 at first;
what an image holds does not run here.

--coil goes on as long as the card does, silence too: f32le, 48000 Hz, a second
behind the coil. With --coil - text goes to stderr, and there is no --json.

Examples:
  ecard emulate --show-code
  ecard emulate --dir my-card --listen 7117
  ecard emulate --dir my-card --pty --btsnoop card.btsnoop
  ecard emulate --coil - | ecard pos listen - --format f32le
  ecard emulate --scenario emulator/scenarios/armed-then-swiped.json`,
    )
    .action(async (options: EmulateOptions, command: Command) => {
      const output = outputBeside(options.coil, command, context);
      if (options.scenario === undefined) await stay(options, output, context, onCode);
      else await play(options.scenario, options, output, context);
    });
}

/** Where samples go to stdout, all that is said goes to stderr. */
function outputBeside(coil: string | undefined, command: Command, context: Context): Output {
  if (coil !== "-") return context.output(command);
  const { stdout, stderr } = context.streams;
  const output = context.output(command, { stdout: stderr, stderr });
  const wrong = (why: string) => new CommandError("WRONG_USE", why, EXIT.usage);
  if (output.json) throw wrong("--coil - leaves no place for --json: name a file or a pipe");
  if (stdout.isTTY) throw wrong("Standard output is a terminal: pipe --coil - into ecard pos listen -");
  return output;
}

async function stay(
  options: EmulateOptions,
  output: Output,
  context: Context,
  onCode: (code: ExitCode) => void,
): Promise<void> {
  if (options.btsnoop !== undefined && options.hci === undefined && !options.pty)
    throw new CommandError("WRONG_USE", "--btsnoop keeps Bluetooth's traffic: give --hci or --pty too", EXIT.usage);
  const [{ emulateCard }, { HANDS_HELP, takeHands }, { playTape }, { openTape }] = await Promise.all([
    import("../emulate/emulate-card.js"),
    import("../emulate/hands.js"),
    import("../emulate/coil-tape.js"),
    import("../emulate/tape-sink.js"),
  ]);
  const quit = new AbortController();
  const signal = firstOf(context.signal, quit.signal, context.unheard);
  const tape = options.coil === undefined ? undefined : openTape(options.coil, context.streams.stdout);
  const snooped = options.btsnoop === undefined ? undefined : openSync(options.btsnoop, "w", 0o600);
  let playing: Promise<void> | undefined;
  let letGo = () => {};
  try {
    await emulateCard({
      ...(options.dir !== undefined && { folder: options.dir }),
      ...(options.listen !== undefined && { port: options.listen }),
      ...(options.mtu !== undefined && { mtu: options.mtu }),
      autoPress: options.autoPress ?? false,
      showCode: options.showCode ?? false,
      ...(options.hci !== undefined && { hci: { path: options.hci } }),
      ...(options.pty && { hci: "pty" }),
      ...(snooped !== undefined && { onSnoop: (octets: Uint8Array) => void writeSync(snooped, octets) }),
      signal,
      onListening: (facts, card) => {
        playing = tape && playTape(card, tape, signal);
        playing?.catch(() => quit.abort()); // and thrown below
        output.fact(facts);
        output.result(`card ${facts.cardId} on ${facts.host}:${facts.port}`);
        if (facts.hci) output.result(`Bluetooth controller for a phone: ${facts.hci}`);
        if (facts.makerRoot) output.say(`maker root ${facts.makerRoot}`);
        if (facts.pairingCode) output.result(`pairing code ${facts.pairingCode}`);
        else {
          const sheet = options.dir === undefined ? "" : "on its sheet, or ";
          output.say(output.paint("dim", `pairing code: ${sheet}with --show-code`));
        }
        letGo = takeHands(context.stdin, card, {
          onKey: (said) => output.say(said === undefined ? HANDS_HELP : output.paint("bold", said)),
          onQuit: () => quit.abort(),
          onInterrupt: () => {
            onCode(EXIT.interrupted);
            quit.abort();
          },
        });
        output.say(output.paint("dim", context.stdin.isTTY ? HANDS_HELP : "Ctrl-C ends it"));
      },
      onTrace: traceTo(output),
    });
    await playing;
  } finally {
    letGo();
    tape?.close();
    if (snooped !== undefined) closeSync(snooped);
  }
}

async function play(file: string, options: EmulateOptions, output: Output, context: Context): Promise<void> {
  const { playScenario, readScenario } = await import("../emulate/play-scenario.js");
  const scenario = await readScenario(file, context.signal);
  const settings: PlayScenarioOptions = {
    ...(options.present !== undefined && { present: options.present }),
    ...(options.mtu !== undefined && { mtu: options.mtu }),
    autoPress: options.autoPress ?? false,
    signal: context.signal,
    onStart: (name) => output.say(output.paint("bold", printable(name))),
    onStep: (step) => {
      output.fact(step);
      output.say(stepLine(step, output));
    },
    ...(options.trace && { onTrace: traceTo(output) }),
  };
  const result = await playScenario(scenario, settings);
  output.fact(result);
  output.result(`${counted(result.steps, "step")} as expected; the phone heard: ${result.phone}`);
}

function stepLine({ step: words, outcome, message }: PlayedStep, { paint }: Output): string {
  const step = printable(words);
  if (outcome === "ok") return `  ${paint("green", "✓")} ${step}`;
  return `  ${paint("red", "✗")} ${step}${message === undefined ? "" : paint("dim", `  (${printable(message)})`)}`;
}

function traceTo(output: Output): (event: TraceEvent) => void {
  return (event) => {
    output.fact({ trace: event });
    output.say(output.paint("dim", `    ${traceLine(event)}`));
  };
}
