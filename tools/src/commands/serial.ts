// ecard serial: which ports there are. ecard logs: what a card behind one has to tell.

import type { QemuBoard } from "@enabling-card/emulator";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { OpenLine } from "../flash/qemu-line.js";
import { BOARDS } from "../image/choices.js";
import { type Output, printable } from "../output.js";

export function serialCommand(program: Command, context: Context): void {
  program
    .command("serial")
    .description("list serial ports, those of USB first, and pick one of several")
    .addHelpText(
      "after",
      `
At a terminal one of several is picked by its number, and its path printed. In a
pipe, and with --json, there is the list alone. flash and logs without --port
ask the same, and take the only port that there is.

With --json: one line a port {"path","manufacturer","serialNumber",
"usbVendorId","usbProductId"}, those that are known.

Examples:
  ecard serial
  ecard serial --json`,
    )
    .action(async (_options: object, command: Command) => {
      const output = context.output(command);
      const [{ serialPorts }, { askPort, canAsk, portLine }] = await Promise.all([
        import("../flash/serial-line.js"),
        import("../flash/choose-port.js"),
      ]);
      const ports = await serialPorts();
      if (ports.length > 1 && canAsk(output, context.stdin)) {
        const chosen = await askPort(ports, output, context.stdin);
        if (chosen !== undefined) output.result(printable(chosen.path));
        return;
      }
      for (const port of ports) {
        output.fact(port);
        output.result(portLine(port));
      }
      if (ports.length === 0) output.say("no serial ports");
    });
}

/** The port that is named, or chosen. @throws as `choosePort`, `openSerial` */
export async function openPort(path: string | undefined, output: Output, { stdin }: Context): Promise<OpenLine> {
  const { openSerial, serialPorts } = await import("../flash/serial-line.js");
  if (path !== undefined) return openSerial(path);
  const { choosePort } = await import("../flash/choose-port.js");
  return openSerial((await choosePort(await serialPorts(), output, stdin)).path);
}

interface LogsArguments {
  readonly port?: string;
  readonly device?: "qemu";
  readonly board: QemuBoard;
  readonly memory?: string;
  readonly once?: true;
  readonly raw?: true;
}

export function logsCommand(program: Command, context: Context): void {
  program
    .command("logs")
    .description("follow the log of a card behind a serial port, until Ctrl-C")
    .option("--port <path>", "the card's serial port; of several you are asked")
    .addOption(new Option("--device <device>", "a card without hardware").choices(["qemu"]))
    .addOption(new Option("--board <board>", "of --device qemu").choices(BOARDS).default("an386"))
    .option("--memory <file>", "what the flash of --device qemu holds: see ecard flash")
    .option("--once", "what the card has now, and no more")
    .option("--raw", "each frame of the line too, its kind and its octets in hexadecimal")
    .addHelpText(
      "after",
      `
A card keeps its last 16 records in RAM: starts, phones that come and go, passes
of the coil, modules that were started anew. No record holds keys, tracks or
account numbers, and what --raw shows is sealed as the air's.

With --json: {"ms","number","level","event","detail"}, ms and number since the
card's start; with --raw {"frame":{"kind","octets"}} too.

Examples:
  ecard logs --port /dev/ttyACM0
  ecard logs --device qemu --once`,
    )
    .action(async (options: LogsArguments, command: Command) => {
      const output = context.output(command);
      const { port, device, board, memory, once, raw } = options;
      if (port !== undefined && device !== undefined)
        throw new CommandError("WRONG_USE", "which card: give --port or --device, one of them", EXIT.usage);
      const { followLog } = await import("@enabling-card/sdk");
      const open =
        device === undefined
          ? await openPort(port, output, context)
          : await (await import("../flash/qemu-line.js")).openQemu(board, memory);
      try {
        const told = await followLog(open.line, {
          signal: context.signal,
          ...(once && { once }),
          onRecord: (record) => {
            output.fact(record);
            const { ms, level, event, detail } = record;
            const style = level === "warning" ? "yellow" : "dim";
            const seconds = (ms / 1000).toFixed(3).padStart(10);
            output.result(`${seconds} ${output.paint(style, level.padEnd(8))} ${event.padEnd(10)} ${detail}`.trimEnd());
          },
          ...(raw && {
            onFrame: (kind: number, octets: Uint8Array) => {
              const hex = Buffer.from(octets).toString("hex");
              output.fact({ frame: { kind, octets: hex } });
              output.result(`${"".padStart(10)} ${output.paint("dim", `frame ${kind}`.padEnd(8))} ${hex}`);
            },
          }),
        });
        if (told === undefined)
          throw new CommandError("LOG_SILENT", "The card does not answer: is an image running on it?", EXIT.linkLost);
      } finally {
        await open.close();
      }
    });
}
