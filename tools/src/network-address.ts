// Where a terminal's messages go: a host and a port of the command line.

import { type Command, InvalidArgumentError, Option } from "commander";

export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

const NETWORK = "127.0.0.1:7083";

/** Adds `--network`: without it, where ecard network start has the terminals' door. */
export function networkOption(command: Command): Command {
  const option = new Option("--network <address>", "the terminals' door").argParser(address);
  return command.addOption(option.default(address(NETWORK), NETWORK));
}

function address(text: string): NetworkAddress {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new InvalidArgumentError(`An address is a host and a port: ${NETWORK}.`);
  }
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
