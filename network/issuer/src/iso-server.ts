// The network's door for terminals: ISO 8583 over TCP. Bounded frames, bounded connections, bounded patience; one bad message closes
// its own line and no other.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { decode, encode, type Fields, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { authorise } from "./authorise.js";
import { Desk, type Outcome } from "./desk.js";
import { DECLINES } from "./errors.js";
import type { Issuer } from "./issuer.js";

/** Echoed in an answer, as the standard asks. */
const ECHOED = [3, 4, 7, 11, 12, 13, 25, 32, 37, 41, 42, 49] as const;
/** Authorisation request and reversal advice, and the repeat of either. */
const SERVED = new Set(["0100", "0101", "0400", "0401"]);
/** Requests of one line that wait at the desk before the line does. */
const UNANSWERED_MAX = 64;
/** Octets of answers that a terminal may leave unread. */
const UNREAD_MAX = 64 * 1024;

export interface IsoServerOptions {
  readonly host: string;
  readonly port: number;
  /** Told of a message that could not be read or answered: a code, never its content. */
  readonly onFault?: (code: string) => void;
  /** Lines at one time; 1,024 unless told. For a further one the line is closed on which nothing has come for the longest time. */
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

type Limits = Required<Pick<IsoServerOptions, "onFault" | "idleMs" | "frameMs">> & {
  readonly onHeard: (socket: Socket) => void;
};

/** Rejects with Node's error where the address cannot be had. */
export async function listenIso(issuer: Issuer, options: IsoServerOptions): Promise<IsoServer> {
  const { onFault = () => undefined, idleMs = 60_000, frameMs = 10_000, connectionsMax = 1024 } = options;
  const desk = new Desk(issuer);
  /** The one that was heard last is the last one. */
  const sockets = new Set<Socket>();
  const onHeard = (socket: Socket) => {
    sockets.delete(socket);
    sockets.add(socket);
  };
  const server = createServer((socket) => {
    const [quietest] = sockets;
    if (sockets.size >= connectionsMax) quietest!.destroy();
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(desk, socket, { onFault, onHeard, idleMs, frameMs });
  });
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

function serve(desk: Desk, socket: Socket, { onFault, onHeard, idleMs, frameMs }: Limits): void {
  const reader = new FrameReader();
  let unfinished: NodeJS.Timeout | undefined;
  let unanswered = 0;
  const giveUp = (code: string) => {
    onFault(code);
    isGivenUp = true;
    if (unanswered === 0) socket.destroySoon(); // after the answers that are on their way
  };
  let isGivenUp = false;
  const answer = (message: Message, outcome: Outcome) => {
    unanswered--;
    if (outcome === undefined) onFault("ISSUER_FAILED");
    if (socket.destroyed) return;
    socket.write(frame(encode(answerTo(message, outcome))));
    if (socket.writableLength > UNREAD_MAX) return void socket.destroy();
    if (unanswered > 0) return;
    if (isGivenUp) socket.destroySoon();
    else socket.resume();
  };
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("close", () => clearTimeout(unfinished));
  socket.on("end", () => {
    if (!reader.idle) onFault("FRAME_CUT");
  });
  socket.on("data", (chunk) => {
    if (isGivenUp) return; // and the peer talks on
    onHeard(socket);
    try {
      for (const bytes of reader.push(chunk)) {
        const message = decode(bytes);
        if (!SERVED.has(message.mti)) return giveUp("MTI_UNSUPPORTED");
        unanswered++;
        desk.ask(message, (outcome) => answer(message, outcome));
      }
    } catch (error) {
      return giveUp((error as { code?: string }).code ?? "ISO8583");
    }
    // No terminal fills the desk for others: its next ones wait until these are answered.
    if (unanswered > UNANSWERED_MAX) socket.pause();
    if (reader.idle) {
      clearTimeout(unfinished);
      unfinished = undefined;
    } else {
      unfinished ??= setTimeout(() => socket.destroy(), frameMs);
    }
  });
}

/** The answer to a request; undefined for a message type this door does not serve. */
export async function reply(
  issuer: Issuer,
  message: Message,
  onFault: (code: string) => void = () => undefined,
): Promise<Message | undefined> {
  if (!SERVED.has(message.mti)) return undefined;
  try {
    return answerTo(message, await authorise(issuer, message));
  } catch {
    onFault("ISSUER_FAILED");
    return answerTo(message, undefined);
  }
}

function answerTo({ mti, fields: asked }: Message, outcome: Outcome): Message {
  const fields: Record<number, string | Uint8Array> = {};
  for (const de of ECHOED) if (asked[de] !== undefined) fields[de] = asked[de];
  const { decline, auth_code: authCode } = outcome ?? ({ decline: "ISSUER_FAILED", auth_code: null } as const);
  fields[39] = decline === null ? "00" : DECLINES[decline];
  if (decline !== null) fields[44] = decline;
  if (authCode !== null) fields[38] = authCode;
  // ISO 8583:1987 4.1.2.3: the response to a request, and to its repeat.
  return { mti: `${mti.slice(0, 2)}10`, fields: fields as Fields };
}
