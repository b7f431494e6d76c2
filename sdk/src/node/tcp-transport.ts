// Adapter for one card behind a TCP port: `ecard emulate --listen`. Frames: tcp-frames.ts.

import { connect as connectSocket } from "node:net";
import { sdkError } from "../errors.js";
import type { CardTransport } from "../transport/card-link.js";
import {
  CLOSE_MS,
  type FrameEvents,
  type FrameSocket,
  type LineOptions,
  lineTransport,
} from "../transport/framed-line.js";
import { encodeFrame, FrameReader } from "./tcp-frames.js";

export interface TcpTransportOptions extends LineOptions {
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  readonly port: number;
}

/** The transport whose air holds the one card at `host:port`. */
export function tcpTransport(options: TcpTransportOptions): CardTransport {
  const { host = "127.0.0.1", port } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw sdkError("ARGUMENT_INVALID", "port: 1 to 65535");
  return lineTransport(`${host}:${port}`, (events) => tcpSocket(host, port, events), options);
}

function tcpSocket(host: string, port: number, events: FrameEvents): FrameSocket {
  const socket = connectSocket({ host, port, noDelay: true });
  const reader = new FrameReader();
  socket.on("error", (cause) => events.gone(cause));
  socket.on("close", () => events.gone());
  socket.on("data", (bytes) => {
    const frames = reader.push(bytes);
    if (frames === undefined) events.broken();
    else for (const frame of frames) events.frame(frame);
  });
  return {
    send: (frame, taken) => void socket.write(encodeFrame(frame), () => taken()),
    destroy: () => void socket.destroy(),
    close: async () => {
      if (socket.closed) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
        socket.once("close", () => {
          clearTimeout(timer);
          resolve();
        });
        socket.end();
      });
    },
  };
}
