// How this computer reaches cards: a line on a port of this machine, its Bluetooth adapter, or a Bluetooth controller of its own.

import type { CardTransport } from "@enabling-card/sdk";
import type { KnownTableStore } from "@enabling-card/sdk/node";
import { CommandError, EXIT } from "../exit-codes.js";

/** A transport that holds what must be let go. */
export interface OpenWay {
  readonly transport: CardTransport;
  close(): void;
}

const BAUD = 1_000_000;

/**
 * @param text - `tcp:PORT` (`ecard emulate --listen`), `ble`, or `ble:PATH`, a serial port with an HCI controller behind it (`ecard emulate --pty`).
 * @param tables - Where a way over Bluetooth keeps what it found.
 * @throws {CommandError} `WRONG_USE`, `BLUETOOTH_UNAVAILABLE`
 */
export async function openWay(text: string, tables?: KnownTableStore): Promise<OpenWay> {
  const [kind, rest] = split(text);
  if (kind === "tcp" && /^\d{1,5}$/.test(rest)) {
    const { tcpTransport } = await import("@enabling-card/sdk/node");
    return { transport: tcpTransport({ port: Number(rest) }), close: () => undefined };
  }
  if (kind === "ble") return bluetooth(rest, tables);
  throw new CommandError("WRONG_USE", `--device ${text}: give tcp:PORT, ble, or ble:PATH of a controller`, EXIT.usage);
}

function split(text: string): [string, string] {
  const at = text.indexOf(":");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

async function bluetooth(path: string, tables?: KnownTableStore): Promise<OpenWay> {
  const [{ systemNoble }, { nobleTransport }] = await Promise.all([
    import("../bluetooth/system-noble.js"),
    import("@enabling-card/sdk/node"),
  ]);
  const noble = systemNoble(path === "" ? undefined : { port: path, baudRate: BAUD });
  return { transport: nobleTransport(noble, { ...(tables && { tables }) }), close: () => noble.stop() };
}
