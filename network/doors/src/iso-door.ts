// A door for ISO 8583 over TCP. Bounded frames, bounded lines, bounded patience; a bad message is answered, or closes its own line and no
// other.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { secondsNow } from "./clock.js";
import { Turns } from "./in-turn.js";
import { IsoLine, type Serve } from "./iso-line.js";
import type { LineKeys } from "./line-mac.js";

/** Requests of one terminal's line that are not answered yet, before its next one waits; another service's may be all. */
const UNANSWERED_MAX = 64;
/** And of all lines together: as many as two groups that are decided together (issuer's desk). Whoever comes then has to wait for no more. */
const ALL_UNANSWERED_MAX = 512;

export interface IsoLimits {
  /** Lines at one time; 1,024 unless told. For a further one that line is closed on which nothing has come for the longest time, and that waits for no answer. */
  readonly connectionsMax?: number;
  /** A line on which nothing comes for so long is closed, ms; 60 s unless told. */
  readonly idleMs?: number;
  /** How long a message may take from its first octet to its last, ms; 10 s unless told. */
  readonly frameMs?: number;
}

export interface IsoDoorOptions extends IsoLimits {
  readonly host: string;
  readonly port: number;
  /** Message types that come in; any other is answered as a format error, or closes its line. */
  readonly served: readonly string[];
  readonly serve: Serve;
  /** Of a line between services: a message without its MAC closes the line. */
  readonly keys?: LineKeys;
  /** Seconds since 1970, for such a line: what was not asked within a minute of it closes the line. */
  readonly now?: () => number;
  /** Told of a message that could not be read or answered: a code, never its content. */
  readonly onFault?: (code: string) => void;
}

export interface IsoDoor {
  readonly host: string;
  readonly port: number;
  /** Takes no more lines, and cuts those that are open. */
  close(): Promise<void>;
}

/** Rejects with Node's error where the address cannot be had. */
export async function openIsoDoor(options: IsoDoorOptions): Promise<IsoDoor> {
  const { onFault = () => undefined, idleMs = 60_000, frameMs = 10_000, connectionsMax = 1024 } = options;
  const { serve, keys, now = secondsNow } = options;
  const line = {
    ...{
      serve,
      keys,
      now,
      onFault,
      idleMs,
      frameMs,
      served: new Set(options.served),
      turns: new Turns(ALL_UNANSWERED_MAX),
    },
    unansweredMax: keys === undefined ? UNANSWERED_MAX : ALL_UNANSWERED_MAX,
  };
  /** The one that was heard last is the last one. */
  const lines = new Map<Socket, IsoLine>();
  const onHeard = (socket: Socket) => {
    const heard = lines.get(socket);
    if (heard === undefined) return;
    lines.delete(socket);
    lines.set(socket, heard);
  };
  // An answer waits for nobody's acknowledgement: of a line with two requests on their way every answer would, for good, until the next request.
  const server = createServer({ noDelay: true }, (socket) => {
    if (lines.size >= connectionsMax) {
      const quietest = firstIdle(lines);
      // Where all wait for their answers the next one is not let in.
      if (quietest === undefined) return void socket.destroy();
      lines.delete(quietest);
      quietest.destroy();
    }
    lines.set(socket, new IsoLine(socket, { ...line, onHeard }));
    socket.once("close", () => lines.delete(socket));
  });
  await listen(server, options);
  server.on("error", () => onFault("LISTENER"));
  return {
    host: options.host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of lines.keys()) socket.destroy();
      }),
  };
}

function firstIdle(lines: ReadonlyMap<Socket, IsoLine>): Socket | undefined {
  for (const [socket, { isWaiting }] of lines) if (!isWaiting) return socket;
  return undefined;
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
