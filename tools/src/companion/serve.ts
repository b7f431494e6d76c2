// The companion's server on loopback: its pages, the emulated card's line, the issuer behind the same origin, and the table's hands and events.

import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type Bill, CASHIERS, type Cashier, HANDS, type Hand } from "@enabling-card/companion/world";
import { toHex } from "@enabling-card/wire";
import proxy from "@fastify/http-proxy";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { isToken, refusedCaller } from "./callers.js";
import { serveCardSocket } from "./card-socket.js";
import { builtPages } from "./pages.js";
import type { World } from "./world.js";

export interface CompanionServer {
  readonly port: number;
  /** Where a browser goes: behind the `#`, which no server sees, is the token. */
  readonly url: string;
  close(): Promise<void>;
}

export interface CompanionOptions {
  /** 0 (unless told) takes any free one. */
  readonly port?: number;
}

const HOST = "127.0.0.1";
/** Pages that hear the table at once: a browser's tabs. And what may wait for one that does not read, octets. */
const LISTENERS_MAX = 16;
const UNREAD_MAX = 1_048_576;
const BODY_MAX = 4_096;
/** Pages come from here alone, and nothing else does. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const BILL = {
  type: "object",
  additionalProperties: false,
  required: ["amount", "merchant"],
  properties: {
    amount: { type: "integer", minimum: 1, maximum: 99_999_999 },
    merchant: { type: "string", minLength: 1, maxLength: 40, pattern: "^[ -~]+$" },
  },
} as const;
const HAND = {
  type: "object",
  additionalProperties: false,
  required: ["does"],
  properties: { does: { enum: HANDS } },
} as const;

const CASHIER = {
  type: "object",
  additionalProperties: false,
  required: ["how"],
  properties: { how: { enum: CASHIERS } },
} as const;

/** @throws {CommandError} `PAGES_MISSING`; Node's `EADDRINUSE`, `EACCES` */
export async function serveCompanion(world: World, { port = 0 }: CompanionOptions = {}): Promise<CompanionServer> {
  const pages = await builtPages();
  const token = randomBytes(18).toString("base64url");
  const app = fastify({
    bodyLimit: BODY_MAX,
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  let listening = 0;

  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
    });
    const refusal = refusedCaller(request.raw, listening);
    if (refusal !== undefined) return reply.code(refusal.status).send({ code: refusal.code });
    return undefined;
  });
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ code: status < 500 ? "BAD_REQUEST" : "INTERNAL" });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: "NOT_FOUND" }));

  for (const [path, { body, type, isFixed }] of pages) {
    const kept = isFixed ? "public, max-age=31536000, immutable" : "no-cache";
    app.get(path, (_request, reply) => reply.headers({ "content-type": type, "cache-control": kept }).send(body));
  }
  await app.register(proxy, {
    upstream: world.network.issuer.url,
    prefix: "/v1",
    rewritePrefix: "/v1",
    httpMethods: ["GET", "POST"],
  });

  // By route and not by how its path is written.
  await app.register(async (table) => {
    table.addHook("onRequest", async (request, reply) =>
      isToken(bearer(request), token) ? undefined : reply.code(401).send({ code: "TOKEN_WRONG" }),
    );
    tableRoutes(table, world);
  });

  await app.listen({ host: HOST, port });
  listening = (app.server.address() as AddressInfo).port;
  const closeSocket = serveCardSocket(app.server, world.card, {
    ...{ path: "/card", token },
    beside: new Map([["/serial", (socket) => world.serial.serve(socket)]]),
  });
  return {
    port: listening,
    url: `http://${HOST}:${listening}/#token=${token}`,
    close: async () => {
      closeSocket();
      await app.close();
    },
  };
}

/** What lies on the table, and the hands. */
function tableRoutes(app: FastifyInstance, world: World): void {
  app.get("/world/table", () => ({
    ...{ table: world.view, pairingCode: world.pairingCode, makerRoot: toHex(world.makerRoot) },
  }));
  app.post<{ Body: { does: Hand } }>("/world/hands", { schema: { body: HAND } }, (request, reply) => {
    world.does(request.body.does);
    return reply.code(204).send();
  });
  app.post<{ Body: Bill }>("/world/bill", { schema: { body: BILL } }, (request, reply) => {
    world.charge(request.body);
    return reply.code(204).send();
  });
  app.post<{ Body: { how: Cashier } }>("/world/cashier", { schema: { body: CASHIER } }, (request, reply) => {
    world.swipes(request.body.how);
    return reply.code(204).send();
  });
  app.post("/world/access", async () => ({ accessKey: await world.renewAccess() }));
  let listeners = 0;
  app.get("/world/events", (_request, reply) => {
    if (listeners >= LISTENERS_MAX) return reply.code(503).send({ code: "LISTENERS_MANY" });
    listeners++;
    tellEvents(world, reply, () => listeners--);
    return reply;
  });
}

function bearer({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
}

/** The table as it is, and each event from then on: a line of JSON each. */
function tellEvents(world: World, reply: FastifyReply, gone: () => void): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...reply.getHeaders(),
    "content-type": "application/x-ndjson",
    "cache-control": "no-store",
  } as Record<string, string>);
  const tell = (event: object) => {
    raw.write(`${JSON.stringify(event)}\n`);
    if (raw.writableLength > UNREAD_MAX) raw.destroy();
  };
  tell({ kind: "table", ...world.view });
  const stop = world.subscribe(tell);
  raw.on("close", () => {
    stop();
    gone();
  });
}
