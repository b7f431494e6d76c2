// A door for JSON over HTTP, with what every service answers (its API as OpenAPI 3 and as a page, its metrics) and not yet its own routes: bounded bodies,
// lines and patience, nothing unnamed comes in, and every refusal has one form and a code.

import type { Socket } from "node:net";
import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { apiPage, PAGE_POLICY } from "./api-page.js";
import { HttpLines } from "./http-lines.js";
import { SignatureError } from "./http-signature.js";
import {
  addSchemes,
  asksForAccessKey,
  OF_SERVICE,
  OPEN,
  type RefusalCodes,
  type Scheme,
  shownAccessKey,
  wholeApi,
  words,
} from "./open-api.js";
import { Operations } from "./operations.js";

const BODY_MAX = 8 * 1024;
/** What is answered is for this peer, now. */
const NO_STORE = ["cache-control", "no-store"] as const;
const NOT_GUESSED = { "x-content-type-options": "nosniff" } as const;

export interface HttpLimits {
  /** How long a request may take to arrive, ms; 10 s unless told. */
  readonly requestMs?: number;
  /** Lines at one time; 256 unless told. For a further one that line is closed that has been quiet for the longest time, and waits for no answer. */
  readonly connectionsMax?: number;
}

export interface HttpDoorOptions extends HttpLimits {
  readonly refusals: Refusals;
  /** Of the API's page. */
  readonly title: string;
  readonly operations?: Operations;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly http: number;
}

/** How a service says no. */
export interface Refusals {
  /** Of an error that is the service's own; undefined for any other. */
  of(error: unknown): Refusal | undefined;
  /** Of a request that the framework or a schema refuses. @param detail - Which field and rule, or the framework's code: never a value */
  badRequest(detail?: string): Refusal;
  unknownRoute(): Refusal;
  /** Of a request that shows no access key where its route asks for one. A service without such routes has none. */
  unauthorised?(): Refusal;
  /** All of the service's own codes, for its API's page. */
  readonly codes?: RefusalCodes;
  /** Of a failure that nobody foresaw. */
  failure(cause: unknown): Refusal;
  /** How a refusal is told on routes that have a form of their own; code and message alone unless there is one. Not asked for signatures. */
  form?(request: RefusedRequest): object | undefined;
}

export interface RefusedRequest {
  /** As it was added; empty where there is none. */
  readonly route: string;
  readonly refusal: Refusal;
  /** Undefined where it could not be read. */
  readonly body: unknown;
  /** Which rule of the route's schema was broken. */
  readonly validation: BrokenRule | undefined;
}

/** As Ajv says it. */
export interface BrokenRule {
  readonly keyword: string;
  /** A JSON pointer (RFC 6901). */
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

interface FrameworkError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message: string;
  readonly validation?: readonly BrokenRule[];
}

/** The framework, with every refusal of its own in the service's form; routes are added before it listens. */
export async function httpDoor(options: HttpDoorOptions): Promise<FastifyInstance> {
  const { refusals, title, requestMs = 10_000, connectionsMax = 256 } = options;
  const { operations = new Operations({ service: "http" }) } = options;
  const raw = rawRefusal(refusals);
  const lines = new HttpLines({ linesMax: connectionsMax, unreadMs: requestMs });
  const times = {
    requestTimeout: requestMs, // its body too, however it drips
    keepAliveTimeout: 6 * requestMs,
    connectionsCheckingInterval: Math.min(1000, requestMs),
  };
  const app = fastify({
    bodyLimit: BODY_MAX,
    logger: false,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    forceCloseConnections: true,
    serverFactory: (handle) => lines.server(times, handle),
    clientErrorHandler: (_error, socket) => raw(socket),
    frameworkErrors: (error, _request, reply) => {
      const plain = reply as unknown as FastifyReply;
      plain
        .code(400)
        .header(...NO_STORE)
        .send(told(refusalOf(refusals, error)));
    },
  });
  lines.follow(app);
  app.addHook("onSend", async (_request, reply) => {
    reply.header(...NO_STORE);
  });
  askForAccessKeys(app, refusals);
  app.setNotFoundHandler((_request, reply) => {
    refuse(reply, refusals.unknownRoute());
  });
  app.setErrorHandler((error: FrameworkError, { routeOptions, body }, reply) => {
    const refusal = refusalOf(refusals, error);
    const isSignature = error instanceof SignatureError;
    const request = { route: routeOptions.url ?? "", refusal, body, validation: error.validation?.[0] };
    refuse(reply, refusal, isSignature ? undefined : refusals.form?.(request));
  });
  app.addHook("onResponse", async ({ method, routeOptions }, reply) => {
    const route = routeOptions.url ?? "unknown";
    operations.request(method, route, reply.statusCode, reply.elapsedTime / 1000, refusalsTold.get(reply));
  });
  const schemes: Record<string, Scheme> = {};
  await app.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title, version: "1" }, components: { securitySchemes: schemes as never } },
    transform: ({ schema, url }) => {
      addSchemes(schemes, schema);
      return { schema, url };
    },
  });
  operatorsRoutes(app, refusals, operations);
  return app;
}

const METRICS = "text/plain; version=0.0.4; charset=utf-8";
const as = (type: string, description: string, schema: object) => ({
  response: { 200: { description, content: { [type]: { schema } } } },
});

/** What every service tells of itself. */
function operatorsRoutes(app: FastifyInstance, { codes = {} }: Refusals, operations: Operations): void {
  // Made once: what many ask for and do not read is the same octets.
  let made: { readonly document: Buffer; readonly page: Buffer } | undefined;
  const known = () => {
    if (made === undefined) {
      const api = wholeApi(app.swagger(), codes);
      made = { document: Buffer.from(JSON.stringify(api)), page: Buffer.from(apiPage(api)) };
    }
    return made;
  };
  const document = words(OF_SERVICE, "This API, as OpenAPI 3.1", OPEN);
  const isObject = { type: "object", additionalProperties: true };
  app.get(
    "/v1/openapi.json",
    { schema: { ...document, ...as("application/json", "The document", isObject) } },
    async (_request, reply) => {
      reply.type("application/json; charset=utf-8");
      return known().document;
    },
  );
  const page = words(OF_SERVICE, "This API, as a page for people", OPEN);
  app.get(
    "/docs",
    { schema: { ...page, ...as("text/html", "The page", { type: "string" }) } },
    async (_request, reply) => {
      reply.type("text/html; charset=utf-8").headers({ "content-security-policy": PAGE_POLICY, ...NOT_GUESSED });
      return known().page;
    },
  );
  const metrics = words(OF_SERVICE, "Counters and times for Prometheus (text format 0.0.4)", OPEN);
  app.get(
    "/metrics",
    { schema: { ...metrics, ...as("text/plain", "Metrics", { type: "string" }) } },
    async (_request, reply) => {
      reply.type(METRICS);
      return operations.metrics();
    },
  );
}

/** Whoever shows none is not heard any further: his body is not read. Whose it is the service sees. */
function askForAccessKeys(app: FastifyInstance, refusals: Refusals): void {
  app.addHook("onRequest", async ({ routeOptions, headers }, reply) => {
    if (!asksForAccessKey(routeOptions.schema) || shownAccessKey(headers) !== undefined) return;
    refuse(reply, refusals.unauthorised!());
    return reply;
  });
  // RFC 9110 11.6.1: whoever is refused for it is told what is asked for.
  app.addHook("onSend", async ({ routeOptions }, reply) => {
    if (reply.statusCode === 401 && asksForAccessKey(routeOptions.schema)) reply.header("www-authenticate", "Bearer");
  });
}

/** For the log: the code that a refusal told. */
const refusalsTold = new WeakMap<FastifyReply, string>();

function refuse(reply: FastifyReply, refusal: Refusal, form: object = told(refusal)): void {
  refusalsTold.set(reply, refusal.code);
  reply.code(refusal.http).send(form);
}

/** What the framework refuses keeps its status: 413 for a long body, 415 for one that is not JSON. */
function refusalOf(refusals: Refusals, error: FrameworkError): Refusal {
  if (error instanceof SignatureError) return error;
  const own = refusals.of(error);
  if (own !== undefined) return own;
  const { validation, statusCode = 500, message, code } = error;
  if (validation !== undefined) return refusals.badRequest(message);
  if (statusCode >= 500) return refusals.failure(error);
  return { ...told(refusals.badRequest(code)), http: statusCode };
}

function told({ code, message }: Refusal): { readonly code: string; readonly message: string } {
  return { code, message };
}

/** To bytes that are not HTTP, or a request that does not end. */
function rawRefusal(refusals: Refusals): (socket: Socket) => void {
  return (socket) => {
    if (!socket.writable) return void socket.destroy();
    const body = JSON.stringify(told(refusals.badRequest()));
    socket.write(
      `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    socket.destroySoon();
  };
}
