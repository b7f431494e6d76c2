// The network's door for terminals: ISO 8583 over TCP. Bounded frames, bounded connections, bounded patience; one bad message closes
// its own line and no other.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { decode, encode, type Fields, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { authorise } from "./authorise.js";
import { DECLINES } from "./errors.js";
import type { Issuer } from "./issuer.js";

/** Echoed in an answer, as the standard asks. */
const ECHOED = [3, 4, 7, 11, 12, 13, 25, 32, 37, 41, 42, 49] as const;
/** Octets of answers that a terminal may leave unread. */
const UNREAD_MAX = 64 * 1024;

export interface IsoServerOptions {
  readonly host: string;
  readonly port: number;
  /** Told of a message that could not be read or answered: a code, never its content. */
  readonly onFault?: (code: string) => void;
  /** Lines at one time; 256 unless told. A further one is closed at once. */
  readonly connectionsMax?: number;
  /** A line on which nothing comes for so long is closed, ms; 60 s unless told. */
  readonly idleMs?: number;
  /** How long a message may take from its first octet to its last, ms; 10 s unless told. */
  readonly frameMs?: number;
}

export interface IsoServer {
  readonly host: string;
  readonly port: number;
  /** Takes no more lines, and cuts those that are open. */
  close(): Promise<void>;
}

type Limits = Required<Pick<IsoServerOptions, "onFault" | "idleMs" | "frameMs">>;

/** Rejects with Node's error where the address cannot be had. */
export async function listenIso(issuer: Issuer, options: IsoServerOptions): Promise<IsoServer> {
  const { onFault = () => undefined, idleMs = 60_000, frameMs = 10_000 } = options;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(issuer, socket, { onFault, idleMs, frameMs });
  });
  server.maxConnections = options.connectionsMax ?? 256;
  await listen(server, options);
  server.on("error", () => onFault("LISTENER"));
  return {
    host: options.host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, { host, port }: IsoServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function serve(issuer: Issuer, socket: Socket, { onFault, idleMs, frameMs }: Limits): void {
  const reader = new FrameReader();
  let unfinished: NodeJS.Timeout | undefined;
  const giveUp = (code: string) => {
    onFault(code);
    socket.destroySoon(); // after the answers that are on their way
  };
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("close", () => clearTimeout(unfinished));
  socket.on("end", () => {
    if (!reader.idle) onFault("FRAME_CUT");
  });
  socket.on("data", (chunk) => {
    if (socket.destroyed || socket.writableEnded) return; // given up, and the peer talks on
    try {
      for (const bytes of reader.push(chunk)) {
        const answer = reply(issuer, decode(bytes), onFault);
        if (answer === undefined) return giveUp("MTI_UNSUPPORTED");
        socket.write(frame(encode(answer)));
      }
    } catch (error) {
      return giveUp((error as { code?: string }).code ?? "ISO8583");
    }
    if (socket.writableLength > UNREAD_MAX) return void socket.destroy();
    if (reader.idle) {
      clearTimeout(unfinished);
      unfinished = undefined;
    } else {
      unfinished ??= setTimeout(() => socket.destroy(), frameMs);
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
    fields[44] = "ISSUER_FAILED" satisfies keyof typeof DECLINES;
  }
  return { mti: "0110", fields: fields as Fields };
}
