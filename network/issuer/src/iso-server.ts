// The network's door for terminals: ISO 8583 over TCP. Bounded frames, bounded connections, one bad message closes its own line.

import { createServer, type Server, type Socket } from "node:net";
import { decode, encode, type Fields, FrameReader, frame, type Message, padField } from "@enabling-card/iso8583";
import { authorise } from "./authorise.js";
import { DECLINES } from "./errors.js";
import type { Issuer } from "./issuer.js";

const CONNECTIONS_MAX = 256;
const IDLE_MS = 60_000;
/** Echoed in an answer, as the standard asks. */
const ECHOED = [3, 4, 7, 11, 12, 13, 25, 32, 37, 41, 42, 49] as const;

export interface IsoServerOptions {
  readonly host: string;
  readonly port: number;
  /** Told of a message that could not be read or answered: a code, never its content. */
  readonly onFault?: (code: string) => void;
}

export async function listenIso(issuer: Issuer, options: IsoServerOptions): Promise<Server> {
  const server = createServer((socket) => serve(issuer, socket, options.onFault ?? (() => undefined)));
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return server;
}

function serve(issuer: Issuer, socket: Socket, onFault: (code: string) => void): void {
  const reader = new FrameReader();
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    try {
      for (const bytes of reader.push(chunk)) {
        const answer = reply(issuer, decode(bytes), onFault);
        if (answer) socket.write(frame(encode(answer)));
        else socket.destroy();
      }
    } catch (error) {
      onFault((error as { code?: string }).code ?? "ISO8583");
      socket.destroy();
    }
  });
}

/** The answer to a request; undefined for a message type this door does not serve. */
export function reply(
  issuer: Issuer,
  message: Message,
  onFault: (code: string) => void = () => undefined,
): Message | undefined {
  if (message.mti !== "0100" && message.mti !== "0101") return undefined;
  const fields: Record<number, string | Uint8Array> = {};
  for (const de of ECHOED) if (message.fields[de] !== undefined) fields[de] = message.fields[de];
  try {
    const { decline, auth_code: authCode } = authorise(issuer, message);
    fields[39] = decline === null ? "00" : DECLINES[decline];
    if (decline !== null) fields[44] = decline;
    if (authCode !== null) fields[38] = authCode;
  } catch {
    onFault("ISSUER_FAILED");
    fields[39] = DECLINES.ISSUER_FAILED;
    fields[44] = padField(44, "ISSUER_FAILED");
  }
  return { mti: "0110", fields: fields as Fields };
}
