// A door for ISO 8583 over TCP. Bounded frames, bounded lines, bounded patience; one bad message closes its own line and no other.

import { randomUUID } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { decode, encode, type Fields, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { askedBy, encodeWithMac, type LineKeys } from "./line-mac.js";

/** Echoed in an answer, as the standard asks. */
const ECHOED = [3, 4, 7, 11, 12, 13, 25, 32, 37, 41, 42, 49] as const;
/** Requests of one line that are not answered yet, before it is read no further. */
const UNANSWERED_MAX = 64;
/** Octets of answers that a peer may leave unread. */
const UNREAD_MAX = 64 * 1024;

/** Once, in any order; a fault is told by its code beside it. Undefined where whoever asked is to hear nothing. */
export type Answer = (message: Message | undefined, fault?: string) => void;
/** @param line - That it came by, where it came by one */
export type Serve = (message: Message, answer: Answer, line?: PeerLine) => void;

/** Whoever is at the other end, as long as this line is open. */
export interface PeerLine {
  /** Of this line alone. */
  readonly name: string;
  /** Nothing that comes is heard any more; it is closed behind the answers that are on their way. @param code - Why */
  readonly close: (code: string) => void;
}

export interface IsoLimits {
  /** Lines at one time; 1,024 unless told. For a further one the line is closed on which nothing has come for the longest time. */
  readonly connectionsMax?: number;
  /** A line on which nothing comes for so long is closed, ms; 60 s unless told. */
  readonly idleMs?: number;
  /** How long a message may take from its first octet to its last, ms; 10 s unless told. */
  readonly frameMs?: number;
}

export interface IsoDoorOptions extends IsoLimits {
  readonly host: string;
  readonly port: number;
  /** Message types that come in; any other closes its line. */
  readonly served: readonly string[];
  readonly serve: Serve;
  /** Of a line between services: a message without its MAC closes the line. */
  readonly keys?: LineKeys;
  /** Told of a message that could not be read or answered: a code, never its content. */
  readonly onFault?: (code: string) => void;
}

export interface IsoDoor {
  readonly host: string;
  readonly port: number;
  /** Takes no more lines, and cuts those that are open. */
  close(): Promise<void>;
}

type Line = Pick<IsoDoorOptions, "serve" | "keys"> &
  Required<Pick<IsoDoorOptions, "onFault" | "idleMs" | "frameMs">> & {
    readonly served: ReadonlySet<string>;
    readonly onHeard: (socket: Socket) => void;
  };

/** Rejects with Node's error where the address cannot be had. */
export async function openIsoDoor(options: IsoDoorOptions): Promise<IsoDoor> {
  const { onFault = () => undefined, idleMs = 60_000, frameMs = 10_000, connectionsMax = 1024 } = options;
  const served = new Set(options.served);
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
    attend(socket, { ...options, served, onFault, onHeard, idleMs, frameMs });
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

function listen(server: Server, { host, port }: IsoDoorOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function attend(socket: Socket, { serve, served, keys, onFault, onHeard, idleMs, frameMs }: Line): void {
  const reader = new FrameReader();
  let unfinished: NodeJS.Timeout | undefined;
  let unanswered = 0;
  let isGivenUp = false;
  const giveUp = (code: string) => {
    if (isGivenUp) return;
    onFault(code);
    isGivenUp = true;
    if (unanswered === 0) socket.destroySoon(); // after the answers that are on their way
  };
  const line: PeerLine = { name: randomUUID(), close: giveUp };
  const answerBy =
    (key: Uint8Array | undefined): Answer =>
    (message, fault) => {
      unanswered--;
      if (fault !== undefined) onFault(fault);
      if (socket.destroyed) return;
      if (message) socket.write(frame(key ? encodeWithMac(message, key) : encode(message)));
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
        const pair = keys && askedBy(bytes, message, keys);
        if (keys && !pair) return giveUp("MAC_WRONG");
        if (!served.has(message.mti)) return giveUp("MTI_UNSUPPORTED");
        unanswered++;
        serve(message, answerBy(pair?.answer), line);
      }
    } catch (error) {
      return giveUp((error as { code?: string }).code ?? "ISO8583");
    }
    // Nobody fills a service for others: this line's next ones wait until these are answered.
    if (unanswered > UNANSWERED_MAX) socket.pause();
    if (reader.idle) {
      clearTimeout(unfinished);
      unfinished = undefined;
    } else {
      unfinished ??= setTimeout(() => socket.destroy(), frameMs);
    }
  });
}

/** The fields of an answer that are the request's: ISO 8583:1987 4.1.2.3, with the MTI of the response to a request and to its repeat. */
export function answerFields({ mti, fields: asked }: Message): { readonly mti: string; readonly fields: Fields } {
  const fields: Record<number, string | Uint8Array> = {};
  for (const de of ECHOED) if (asked[de] !== undefined) fields[de] = asked[de];
  return { mti: `${mti.slice(0, 2)}10`, fields: fields as Fields };
}
