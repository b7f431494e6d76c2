// A card's line on a WebSocket of a server on loopback: attend.ts, a message a frame. Only pages of that server, who know its token, are let in.

import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { CARD_PROTOCOL, CARD_TOKEN } from "@enabling-card/sdk";
import { type WebSocket, WebSocketServer } from "ws";
import { attend, mtuOf, type PhoneSocket, type ServedCard } from "../emulate/attend.js";
import { isToken, type Refusal, refusedCaller } from "./callers.js";

export interface CardSocketOptions {
  /** The request's path. */
  readonly path: string;
  readonly token: string;
  /** ATT MTU that lines offer; 247 unless told. */
  readonly mtu?: number;
  /** What else is behind this server, by path: who has the token gets its WebSocket. */
  readonly beside?: ReadonlyMap<string, (socket: WebSocket) => void>;
}

/** Longest message, octets: an ATT MTU's chunk. A longer one ends its line. */
const MESSAGE_MAX = 514;
/** Lines that are not taken, or not let in yet, at once. */
const LINES_MAX = 16;

/**
 * Takes WebSockets of `server`.
 *
 * @returns what ends all of them. @throws {EmulatorError} `LINE_MTU_INVALID`
 */
export function serveCardSocket(server: Server, card: ServedCard, options: CardSocketOptions): () => void {
  const mtu = mtuOf(options.mtu);
  const sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload: MESSAGE_MAX, perMessageDeflate: false },
    handleProtocols: () => CARD_PROTOCOL,
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => undefined); // who goes away amid the handshake
    const refusal = refusedUpgrade(request, (server.address() as AddressInfo).port, options);
    if (refusal !== undefined) {
      sendAway(socket, refusal);
      return;
    }
    const other = options.beside?.get(request.url!);
    sockets.handleUpgrade(request, socket, head, (opened) =>
      other === undefined ? serve(card, opened, mtu, sockets.clients.size) : other(opened),
    );
  };
  server.on("upgrade", upgrade);
  return () => {
    server.off("upgrade", upgrade);
    for (const socket of sockets.clients) socket.terminate();
  };
}

function refusedUpgrade(request: IncomingMessage, port: number, { path, token, beside }: CardSocketOptions) {
  const refusal = refusedCaller(request, port);
  if (refusal !== undefined) return refusal;
  if (request.url !== path && beside?.has(request.url ?? "") !== true)
    return { status: 404, code: "NOT_FOUND" } as const;
  // A page always says where it is from; who says nothing is no page.
  if (request.headers.origin === undefined) return { status: 403, code: "ORIGIN_WRONG" } as const;
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim());
  const said = offered.find((one) => one.startsWith(CARD_TOKEN))?.slice(CARD_TOKEN.length);
  return offered.includes(CARD_PROTOCOL) && isToken(said, token)
    ? undefined
    : ({ status: 401, code: "TOKEN_WRONG" } as const);
}

function sendAway(socket: Duplex, { status, code }: Refusal): void {
  const body = JSON.stringify({ code });
  const head = `HTTP/1.1 ${status} ${code}\r\nConnection: close\r\nContent-Type: application/json`;
  socket.end(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

function serve(card: ServedCard, socket: WebSocket, mtu: number, open: number): void {
  socket.on("error", () => undefined); // "close" follows
  const phone: PhoneSocket = {
    send: (frame) => socket.send(frame, () => undefined), // one that has gone
    end: () => socket.close(),
    destroy: () => socket.terminate(),
  };
  if (open > LINES_MAX) phone.destroy();
  const attended = open > LINES_MAX ? undefined : attend(card, phone, mtu);
  if (attended === undefined) return;
  socket.on("close", () => attended.gone());
  socket.on("message", (data, isBinary) => {
    if (!isBinary || !Buffer.isBuffer(data)) socket.terminate();
    else if (socket.readyState === socket.OPEN) attended.frame(new Uint8Array(data));
  });
}
