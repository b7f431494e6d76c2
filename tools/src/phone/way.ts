// How this computer reaches cards: a line on a port of this machine, its Bluetooth adapter, or a Bluetooth controller of its own.

import type { CardTransport } from "@enabling-card/sdk";
import type { KnownTableStore } from "@enabling-card/sdk/node";
import { CommandError, EXIT } from "../exit-codes.js";

/** A transport that may hold what must be let go. */
export interface OpenWay {
  readonly transport: CardTransport;
  close(): void;
}

const BAUD = 1_000_000;

export type Way =
  | { readonly kind: "tcp"; readonly port: number }
  /** `path`: of a serial port with an HCI controller behind it; this computer's adapter without. */
  | { readonly kind: "ble"; readonly path?: string };

/**
 * @param text - `tcp:PORT` (`ecard emulate --listen`), `ble`, or `ble:PATH`, a serial port with an HCI controller behind it (`ecard emulate --pty`).
 * @throws {CommandError} `WRONG_USE`
 */
export function readWay(text: string): Way {
  const [, kind, rest] = /^(tcp|ble)(?::(.*))?$/.exec(text) ?? [];
  if (kind === "tcp" && /^\d{1,5}$/.test(rest ?? "")) return { kind, port: Number(rest) };
  if (kind === "ble" && rest !== "") return rest === undefined ? { kind } : { kind, path: rest };
  throw new CommandError("WRONG_USE", `--device ${text}: give tcp:PORT, ble, or ble:PATH of a controller`, EXIT.usage);
}

export interface BluetoothNeeds {
  /** Where a way over Bluetooth keeps what it found. */
  readonly tables?: KnownTableStore;
  /** Waits for no controller any more. */
  readonly signal?: AbortSignal;
}

/**
 * Bluetooth is begun when the first card is looked for: whoever has something else to do first, or to refuse, needs none.
 *
 * @returns A way whose calls throw `BLUETOOTH_UNAVAILABLE` or `CONTROLLER_UNAVAILABLE`, a {CommandError}, where there is none.
 */
export async function openWay(way: Way, needs: BluetoothNeeds = {}): Promise<OpenWay> {
  if (way.kind === "ble") return bluetooth(way.path, needs);
  const { tcpTransport } = await import("@enabling-card/sdk/node");
  return { transport: tcpTransport({ port: way.port }), close: () => undefined };
}

function bluetooth(path: string | undefined, needs: BluetoothNeeds): OpenWay {
  let opening: Promise<OpenWay> | undefined;
  const begun = async (): Promise<CardTransport> => {
    opening ??= beginBluetooth(path, needs);
    return (await opening).transport;
  };
  return {
    transport: {
      async *discover(signal) {
        yield* (await begun()).discover(signal);
      },
      connect: async (id, options) => (await begun()).connect(id, options),
      connectLoader: async (id, options) => (await begun()).connectLoader!(id, options),
    },
    close: () =>
      void opening?.then(
        ({ close }) => close(),
        () => undefined, // nothing was begun
      ),
  };
}

async function beginBluetooth(path: string | undefined, { tables, signal }: BluetoothNeeds): Promise<OpenWay> {
  const [{ nobleOnController, systemNoble }, { leaving }, { nobleTransport }] = await Promise.all([
    import("../bluetooth/system-noble.js"),
    import("../bluetooth/leave.js"),
    import("@enabling-card/sdk/node"),
  ]);
  const noble = path === undefined ? systemNoble() : await nobleOnController({ port: path, baudRate: BAUD }, signal);
  const leave = leaving(noble);
  return { transport: nobleTransport(noble, { ...(tables && { tables }) }), close: () => void leave() };
}
