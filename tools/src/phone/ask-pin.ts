// A PIN from a person: at a terminal it is not shown; in a pipe it is the first line.

import type { Command } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT } from "../exit-codes.js";

const DIGITS_MAX = 64;
const CTRL_C = "\x03";
const ERASE = new Set(["\x7f", "\b"]);

/** @throws {CommandError} `PIN_MISSING` where input ends before a line does; AbortError on Ctrl-C */
export async function askPin({ stdin, output: of, signal }: Context, command: Command): Promise<string> {
  const output = of(command);
  if (stdin.isTTY) output.say("PIN (not shown), then Enter:");
  stdin.setRawMode?.(true);
  let pin = "";
  try {
    for await (const octets of stdin) {
      for (const key of new TextDecoder().decode(octets)) {
        signal.throwIfAborted();
        if (key === CTRL_C) throw new DOMException("interrupted", "AbortError");
        if (key === "\r" || key === "\n") return pin;
        pin = ERASE.has(key) ? pin.slice(0, -1) : (pin + key).slice(0, DIGITS_MAX);
      }
    }
  } finally {
    if (stdin.isTTY) stdin.setRawMode?.(false);
  }
  if (pin !== "") return pin;
  throw new CommandError(
    "PIN_MISSING",
    "No PIN was given: type it, or give it as a line of standard input",
    EXIT.usage,
  );
}
