// A card's line on a loopback TCP port: attend.ts over the frames of sdk/src/node/tcp-frames.ts.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { encodeFrame, FrameReader } from "@enabling-card/sdk/node";
import { attend, mtuOf, type ServedCard } from "./attend.js";

export type { ServedCard } from "./attend.js";

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

/** @throws {EmulatorError} `LINE_MTU_INVALID`; Node's `EADDRINUSE`, `EACCES` where the port cannot be had. */
export async function serveLine(card: ServedCard, options: LineServerOptions = {}): Promise<LineServer> {
  const mtu = mtuOf(options.mtu);
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined); // "close" follows
    serve(card, socket, mtu);
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

function serve(card: ServedCard, socket: Socket, mtu: number): void {
  const reader = new FrameReader();
  const attended = attend(
    card,
    {
      send: (frame) => void socket.write(encodeFrame(frame)),
      end: () => void socket.end(),
      destroy: () => void socket.destroy(),
    },
    mtu,
  );
  if (attended === undefined) return;
  socket.on("close", () => attended.gone());
  socket.on("end", () => socket.end());
  socket.on("data", (bytes) => {
    const frames = reader.push(bytes);
    if (frames === undefined) socket.destroy();
    else for (const frame of frames) if (!socket.destroyed) attended.frame(frame);
  });
}
