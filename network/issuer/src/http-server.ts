// The issuer's door for phones: JSON over HTTP, octets as base64url. Every body and answer has a schema, every refusal a code.

import type { Socket } from "node:net";
import { SqlError } from "@enabling-card/sql";
import { CARD_ID_SIZE, CHALLENGE_SIZE, type Domain, TOKEN_REF_SIZE, TokenState, toHex } from "@enabling-card/wire";
import { base32nopad } from "@scure/base";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { IssuerError } from "./errors.js";
import { ANSWERS, REQUESTS } from "./http-schemas.js";
import type { Evidence, Issuer, SignedTokenState } from "./issuer.js";
import { STATE_NAMES } from "./token-state.js";

const BODY_MAX = 8 * 1024;
const ACCESS_KEY_SIZE = 32;
/** Access keys and receipts are for this phone, now. */
const NO_STORE = ["cache-control", "no-store"] as const;
/** States a phone may ask for. */
const ASKED_STATES = {
  active: TokenState.Active,
  suspended: TokenState.Suspended,
  deactivated: TokenState.Deactivated,
} as const;

export interface HttpLimits {
  /** How long a request may take to arrive, ms; 10 s unless told. */
  readonly requestMs?: number;
  /** Lines at one time; 256 unless told. */
  readonly connectionsMax?: number;
}

interface Position {
  readonly cardId: string;
  readonly checkpointSize: number;
}

interface GrantBody extends Position {
  readonly tokenRef: string;
  readonly challenge?: string;
  readonly domain: Domain;
  readonly maxEmissions: number;
  readonly kind: "online" | "offline";
}

/** The door, not yet open. Who opens it looks to rule 11: `startIssuer` does. */
export function httpServer(issuer: Issuer, limits: HttpLimits = {}): FastifyInstance {
  const app = open(limits);

  app.get("/v1/health", { schema: { response: ANSWERS.health } }, () => ({ ok: true, log: issuer.log.size }));

  app.post<{ Body: { certificate: string; phoneName: string } }>(
    "/v1/cards",
    { schema: { body: REQUESTS.enrol, response: ANSWERS.enrol } },
    async ({ body }) => {
      const { cardId, accessKey } = await issuer.enrol(decode64(body.certificate), body.phoneName);
      return { cardId: encode64(base32nopad.decode(cardId)), accessKey: encode64(accessKey) };
    },
  );

  app.post<{ Body: { cardId: string; holderName: string; offline?: boolean } }>(
    "/v1/tokens",
    { schema: { body: REQUESTS.mint, response: ANSWERS.mint } },
    async (request) => {
      const { cardId, holderName, offline = false } = request.body;
      const { tokenRef, ...view } = await issuer.mint(
        await authenticated(issuer, request, cardId),
        holderName,
        offline,
      );
      return { tokenRef: encode64(tokenRef), ...view };
    },
  );

  app.post<{ Body: GrantBody }>(
    "/v1/grants",
    { schema: { body: REQUESTS.grant, response: ANSWERS.grant } },
    async (request) => {
      const { challenge, tokenRef, cardId, ...rest } = request.body;
      const { sealed, ...evidence } = await issuer.grant({
        ...rest,
        cardId: await authenticated(issuer, request, cardId),
        tokenRef: decode64(tokenRef, TOKEN_REF_SIZE),
        ...(challenge !== undefined && { challenge: decode64(challenge, CHALLENGE_SIZE) }),
      });
      return { sealed: encode64(sealed), ...evidenceJson(evidence) };
    },
  );

  app.post<{ Body: Position }>(
    "/v1/receipts",
    { schema: { body: REQUESTS.receipt, response: ANSWERS.receipt } },
    async (request) => {
      await authenticated(issuer, request, request.body.cardId);
      return evidenceJson(issuer.evidence(request.body.checkpointSize));
    },
  );

  app.post<{ Params: { ref: string }; Body: Position & { state: keyof typeof ASKED_STATES } }>(
    "/v1/tokens/:ref/state",
    { schema: { body: REQUESTS.setState, response: ANSWERS.state } },
    async (request) => {
      const { cardId, checkpointSize, state } = request.body;
      const card = await authenticated(issuer, request, cardId);
      return stateJson(
        await issuer.setHolderState(card, tokenRefOf(request.params), ASKED_STATES[state], checkpointSize),
      );
    },
  );

  app.get<{ Params: { ref: string }; Querystring: { cardId: string; checkpointSize: string } }>(
    "/v1/tokens/:ref/state",
    { schema: { querystring: REQUESTS.state, response: ANSWERS.state } },
    async (request) => {
      const { cardId, checkpointSize } = request.query;
      const card = await authenticated(issuer, request, cardId);
      return stateJson(await issuer.stateObject(card, tokenRefOf(request.params), Number(checkpointSize)));
    },
  );
  return app;
}

/** The framework, with every refusal of its own in our form. */
function open({ requestMs = 10_000, connectionsMax = 256 }: HttpLimits): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_MAX,
    logger: false,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    requestTimeout: requestMs,
    keepAliveTimeout: 6 * requestMs,
    forceCloseConnections: true,
    http: { connectionsCheckingInterval: Math.min(1000, requestMs) },
    clientErrorHandler: (_error, socket) => refuseRaw(socket),
    frameworkErrors: (error, _request, reply) => {
      const plain = reply as unknown as FastifyReply;
      plain
        .code(400)
        .header(...NO_STORE)
        .send(refusal(asIssuerError(error)));
    },
  });
  app.server.maxConnections = connectionsMax;
  app.addHook("onSend", async (_request, reply) => {
    reply.header(...NO_STORE);
  });
  cutSlowBodies(app, requestMs);
  app.setNotFoundHandler((_request, reply) => {
    const error = new IssuerError("ROUTE_UNKNOWN");
    reply.code(error.http).send(refusal(error));
  });
  app.setErrorHandler((error: FrameworkError | IssuerError | SqlError, _request, reply) => {
    const known = asIssuerError(error);
    // What the framework refuses keeps its status: 413 for a long body, 415 for one that is not JSON.
    const status =
      known.code === "BAD_REQUEST" && "statusCode" in error ? (error.statusCode ?? known.http) : known.http;
    reply.code(status).send(refusal(known));
  });
  return app;
}

/** Node's own request timeout ends with the headers, once somebody reads the body. */
function cutSlowBodies(app: FastifyInstance, requestMs: number): void {
  const timers = new WeakMap<object, NodeJS.Timeout>();
  const arrived = async ({ raw }: FastifyRequest) => clearTimeout(timers.get(raw));
  app.addHook("onRequest", async ({ raw }) => {
    timers.set(
      raw,
      setTimeout(() => refuseRaw(raw.socket), requestMs),
    );
  });
  app.addHook("preValidation", arrived);
  app.addHook("onResponse", arrived);
  app.addHook("onRequestAbort", arrived);
}

interface FrameworkError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message: string;
  readonly validation?: unknown;
}

/** A schema's message names the field and the rule, never the value; of other errors only the framework's code is told. */
function asIssuerError(error: FrameworkError | IssuerError | SqlError): IssuerError {
  if (error instanceof IssuerError) return error;
  if (error instanceof SqlError) return new IssuerError(error.code, { cause: error });
  if (error.validation !== undefined) return new IssuerError("BAD_REQUEST", { detail: error.message });
  if (error.statusCode === undefined || error.statusCode >= 500) return new IssuerError("INTERNAL", { cause: error });
  return new IssuerError("BAD_REQUEST", error.code ? { detail: error.code } : {});
}

function refusal({ code, message }: IssuerError): { readonly code: string; readonly message: string } {
  return { code, message };
}

/** To bytes that are not HTTP, or a request that does not end. */
function refuseRaw(socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify(refusal(new IssuerError("BAD_REQUEST")));
  socket.write(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  socket.destroySoon();
}

/** The card that asks, whose access key must be with the request. @throws {IssuerError} `UNAUTHORISED`, `CARD_UNKNOWN` */
async function authenticated(issuer: Issuer, { headers }: FastifyRequest, id: string): Promise<Uint8Array> {
  const cardId = decode64(id, CARD_ID_SIZE);
  const key = /^Bearer ([\w-]{43})$/i.exec(headers.authorization ?? "")?.[1]; // RFC 6750 2.1
  const octets = Buffer.from(key ?? "", "base64url");
  if (octets.length !== ACCESS_KEY_SIZE) throw new IssuerError("UNAUTHORISED");
  await issuer.authenticate(cardId, Uint8Array.from(octets));
  return cardId;
}

function tokenRefOf({ ref }: { readonly ref: string }): string {
  return toHex(decode64(ref, TOKEN_REF_SIZE));
}

function stateJson({ signed, version, state, ...evidence }: SignedTokenState) {
  return { signed: encode64(signed), version, state: STATE_NAMES[state], ...evidenceJson(evidence) };
}

function evidenceJson({ issuerCert, receipt, consistency }: Evidence) {
  return {
    issuerCert: encode64(issuerCert),
    receipt: encode64(receipt),
    consistency: consistency === null ? null : encode64(consistency),
  };
}

function encode64(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64url");
}

/** Canonical base64url alone: one text an octet string. @throws {IssuerError} `BAD_REQUEST` */
function decode64(value: string, size?: number): Uint8Array {
  const octets = Buffer.from(value, "base64url");
  if (octets.toString("base64url") !== value) throw new IssuerError("BAD_REQUEST", { detail: "not base64url" });
  if (size !== undefined && octets.length !== size) {
    throw new IssuerError("BAD_REQUEST", { detail: `expected ${size} octets` });
  }
  return Uint8Array.from(octets);
}
