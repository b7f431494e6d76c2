// A card's line on a loopback TCP port. The frames are the SDK's (sdk/src/node/tcp-frames.ts); one phone at a time, as the
// card has one line. A phone that breaks the framing loses the line; the card hears of that as of a phone out of reach.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { EmulatorError, type LineEnd } from "@enabling-card/emulator";
import { encodeFrame, encodeGreeting, FrameReader } from "@enabling-card/sdk/node";
import { ATT_HEADER, MTU_MAX, MTU_MIN } from "@enabling-card/wire";

/** A card with a line, emulated or on a microcontroller. */
export interface ServedCard {
  readonly on: boolean;
  readonly lineUp: boolean;
  /** Largest ATT MTU that it takes. */
  readonly mtuLimit?: number;
  advertised(): Uint8Array | undefined;
  connectLine(options: { readonly mtu: number }): LineEnd;
}

export interface LineServerOptions {
  /** 0 (default) takes any free port. */
  readonly port?: number;
  /** ATT MTU that the line offers, 23 to 517; 247 unless told. */
  readonly mtu?: number;
}

export interface LineServer {
  readonly host: string;
  readonly port: number;
  /** Ends all connections and gives the port back. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const MTU = 247;

/** Somebody who only looks goes by himself; who says nothing for this long is sent away, ms. */
const GREETED_MS = 5_000;

/** @throws {EmulatorError} `LINE_MTU_INVALID`; Node's `EADDRINUSE`, `EACCES` where the port cannot be had. */
export async function serveLine(card: ServedCard, options: LineServerOptions = {}): Promise<LineServer> {
  const mtu = options.mtu ?? MTU;
  if (!Number.isInteger(mtu) || mtu < MTU_MIN || mtu > MTU_MAX) {
    throw new EmulatorError("LINE_MTU_INVALID", `An MTU has ${MTU_MIN} to ${MTU_MAX} octets`);
  }
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined); // "close" follows
    if (card.on && !card.lineUp) attend(card, socket, mtu);
    else socket.end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, HOST, resolve);
  });
  return {
    host: HOST,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function attend(card: ServedCard, socket: Socket, offered: number): void {
  const mtu = Math.min(offered, card.mtuLimit ?? MTU_MAX);
  const reader = new FrameReader();
  const identifier = card.advertised();
  let line: LineEnd | undefined;
  const idle = setTimeout(() => socket.destroy(), GREETED_MS);
  socket.on("close", () => {
    clearTimeout(idle);
    void line?.close();
  });
  socket.on("end", () => socket.end());
  const frame = (bytes: Uint8Array): boolean => {
    if (line === undefined) {
      if (bytes.length > 0) return false;
      clearTimeout(idle);
      line = takeLine(card, socket, mtu);
      return line !== undefined;
    }
    if (bytes.length === 0) return false;
    // The card runs on the chunk before this returns; it may hang up while it does.
    line.write(bytes).then(
      () => socket.write(encodeFrame()),
      () => socket.destroy(),
    );
    return true;
  };
  socket.on("data", (bytes) => {
    const frames = reader.push(bytes);
    if (frames === undefined || !frames.every(frame)) socket.destroy();
  });
  socket.write(encodeFrame(encodeGreeting({ maxWrite: mtu - ATT_HEADER, ...(identifier && { identifier }) })));
}

/** The card's line for this socket; undefined where another phone was faster, or the power went. */
function takeLine(card: ServedCard, socket: Socket, mtu: number): LineEnd | undefined {
  try {
    const line = card.connectLine({ mtu });
    socket.write(encodeFrame());
    line.onChunk((chunk) => socket.write(encodeFrame(chunk)));
    line.onClose(() => socket.end());
    return line;
  } catch (error) {
    if (error instanceof EmulatorError) return undefined;
    throw error;
  }
}
