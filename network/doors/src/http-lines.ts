// The lines of a door for HTTP: how many there are, what one may ask for before it has read its answers, and whose place the next one gets.

import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** Requests of one line whose answers are not made, or not read (RFC 9112 9.3.2: whoever pipelines is ready to ask again). A further one ends it. */
const UNREAD_MAX = 8;
/** How much of one read is looked at before it is seen whether the line is still heard, octets: the least request has some 26. */
const PIECE = 1024;
/** How often lines are looked at whose answers are not read, ms. */
const LOOK_MS = 1000;

export interface LinesOptions {
  /** Lines at one time. */
  readonly linesMax: number;
  /** A line that reads nothing of its answers for so long is ended, ms. */
  readonly unreadMs: number;
}

interface Line {
  /** Requests that no answer was made to yet: it keeps its place for them. */
  waiting: number;
  /** Requests whose answers it has not read, or that have none. */
  unread: number;
  /** What was written and not read when it was looked at last, and since when that is so, ms. */
  left: string;
  leftAt: number;
}

/**
 * A line that says nothing, or half a request, or does not read what it is told, is in nobody's way: whoever comes next has its place. One whose request
 * is whole keeps it until there is an answer; where all do, the next one is not let in.
 */
export class HttpLines {
  readonly #options: LinesOptions;
  /** The one that was heard last is the last one. */
  readonly #lines = new Map<Socket, Line>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: LinesOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#endUnread(performance.now()), Math.min(LOOK_MS, options.unreadMs));
    this.#timer.unref();
  }

  /** A server of such lines. */
  server(options: ServerOptions, handle: RequestListener): Server {
    const server = createServer(options, (request, response) => {
      const line = this.#lines.get(request.socket);
      if (line === undefined || request.socket.destroyed) return; // what else was read of a line that was ended
      if (line.unread >= UNREAD_MAX) return void request.socket.destroy();
      line.unread++;
      response.once("close", () => {
        line.unread--;
      });
      handle(request, response);
    });
    server.on("connection", (socket: Socket) => {
      inPieces(socket);
      this.#come(socket);
    });
    return server;
  }

  /** Hears of requests and their answers, by the framework's hooks. */
  follow(app: FastifyInstance): void {
    /** Those that are whole, and have no answer. */
    const waiting = new WeakSet<object>();
    const answered = (request: { readonly socket: Socket }) => {
      if (waiting.delete(request)) this.#heard(request.socket, -1);
    };
    app.addHook("onRequest", async ({ raw }) => this.#heard(raw.socket, 0));
    app.addHook("preValidation", async ({ raw }) => {
      waiting.add(raw);
      this.#heard(raw.socket, 1);
    });
    app.addHook("onSend", async ({ raw }) => answered(raw));
    app.addHook("onResponse", async ({ raw }) => answered(raw));
    app.addHook("onClose", async () => clearInterval(this.#timer));
  }

  #come(socket: Socket): void {
    if (this.#lines.size >= this.#options.linesMax) {
      const quietest = this.#firstIdle();
      if (quietest === undefined) return void socket.destroy();
      this.#lines.delete(quietest);
      quietest.destroy();
    }
    this.#lines.set(socket, { waiting: 0, unread: 0, left: "", leftAt: 0 });
    socket.once("close", () => this.#lines.delete(socket));
  }

  #heard(socket: Socket, more: number): void {
    const line = this.#lines.get(socket);
    if (line === undefined) return;
    this.#lines.delete(socket);
    this.#lines.set(socket, line);
    line.waiting += more;
  }

  #firstIdle(): Socket | undefined {
    for (const [socket, { waiting }] of this.#lines) if (waiting === 0) return socket;
    return undefined;
  }

  #endUnread(now: number): void {
    for (const [socket, line] of this.#lines) {
      const left = socket.writableLength === 0 ? "" : `${socket.bytesWritten}|${socket.writableLength}`;
      if (left === "" || left !== line.left) Object.assign(line, { left, leftAt: now });
      else if (now - line.leftAt >= this.#options.unreadMs) socket.destroy();
    }
  }
}

/** One read may hold two thousand requests, each of them objects that live as long as the line: they are taken as long as it is heard. */
function inPieces(socket: Socket): void {
  const [take] = socket.listeners("data");
  if (take === undefined) return;
  socket.off("data", take as (chunk: Buffer) => void);
  socket.on("data", (chunk: Buffer) => {
    for (let from = 0; from < chunk.length && !socket.destroyed; from += PIECE) {
      if (socket.isPaused()) return void socket.unshift(chunk.subarray(from));
      take.call(socket, chunk.subarray(from, from + PIECE));
    }
  });
}
