// Which serial port is meant, as the Web Serial API's requestPort asks it: a person at a terminal picks one of a list, and a program gets the list. Vendor and
// product are `getInfo`'s (@types/w3c-web-serial, `SerialPortInfo`).

import type { Context } from "../context.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { type Output, printable } from "../output.js";
import type { SerialPortFacts } from "./serial-line.js";

const id = (value: number | undefined): string => value?.toString(16).padStart(4, "0") ?? "";

/** A port in a line: its path, USB's numbers, who made it. */
export function portLine({ path, usbVendorId, usbProductId, manufacturer }: SerialPortFacts): string {
  const usb = usbVendorId === undefined ? "" : `${id(usbVendorId)}:${id(usbProductId)}`;
  return `${printable(path).padEnd(20)} ${usb.padEnd(10)} ${printable(manufacturer ?? "")}`.trimEnd();
}

/** May somebody be asked? */
export const canAsk = (output: Output, stdin: Context["stdin"]): boolean => output.interactive && stdin.isTTY === true;

/** One of `ports`, by its number; undefined where input ends before. */
export async function askPort(
  ports: readonly SerialPortFacts[],
  output: Output,
  stdin: Context["stdin"],
): Promise<SerialPortFacts | undefined> {
  for (const [i, port] of ports.entries()) output.say(`  ${String(i + 1).padStart(2)}  ${portLine(port)}`);
  output.say("which one? its number, then Enter");
  for await (const octets of stdin) {
    const chosen = ports[Number(new TextDecoder().decode(octets).trim()) - 1];
    if (chosen !== undefined) return chosen;
    output.say(`1 to ${ports.length}`);
  }
  return undefined;
}

/** The port of a command that names none: the only one, or one that a person picks. @throws {CommandError} `PORT_ABSENT`, `PORT_AMBIGUOUS` */
export async function choosePort(
  ports: readonly SerialPortFacts[],
  output: Output,
  stdin: Context["stdin"],
): Promise<SerialPortFacts> {
  if (ports.length === 1) return ports[0]!;
  if (ports.length === 0)
    throw new CommandError(
      "PORT_ABSENT",
      "No serial port: plug the card in, or name one with --port",
      EXIT.unavailable,
    );
  const chosen = canAsk(output, stdin) ? await askPort(ports, output, stdin) : undefined;
  if (chosen !== undefined) return chosen;
  const names = ports.map(({ path }) => path).join(", ");
  throw new CommandError("PORT_AMBIGUOUS", `Which port: name one with --port (${names})`, EXIT.usage);
}
