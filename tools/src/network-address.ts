// Where a terminal's messages go: a host and a port of the command line.

import { type Command, InvalidArgumentError } from "commander";

export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

/** Adds `--network`: without it, where ecard network start has the terminals' door. */
export function networkOption(command: Command): Command {
  return command.option("--network <address>", "the terminals' door", address, { host: "127.0.0.1", port: 7083 });
}

function address(text: string): NetworkAddress {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new InvalidArgumentError("An address is a host and a port: 127.0.0.1:7083.");
  }
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
