// The issuer's door for phones: JSON over HTTP, octets as base64url. Every body has a schema, every refusal a code.

import { TokenState, toHex } from "@enabling-card/wire";
import { base32nopad } from "@scure/base";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { IssuerError } from "./errors.js";
import type { Evidence, Issuer } from "./issuer.js";

const BODY_MAX = 8 * 1024;
const STATES = {
  active: TokenState.Active,
  suspended: TokenState.Suspended,
  deactivated: TokenState.Deactivated,
} as const;

const text = (maxLength: number) => ({ type: "string", minLength: 1, maxLength }) as const;
const bytes = (maxLength: number) =>
  ({ type: "string", pattern: "^[A-Za-z0-9_-]*$", minLength: 1, maxLength }) as const;
const count = { type: "integer", minimum: 0, maximum: 0xffff_ffff } as const;
const object = (properties: object, optional: readonly string[] = []) =>
  ({
    type: "object",
    additionalProperties: false,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    properties,
  }) as const;

const DOMAIN = object(
  {
    requestor: text(32),
    merchant: text(40),
    mcc: { type: "integer", minimum: 0, maximum: 9999 },
    channel: { type: "integer", minimum: 0, maximum: 1 },
    country: { type: "integer", minimum: 0, maximum: 999 },
    maxAmount: { type: "integer", minimum: 0, maximum: 999_999_999_999 },
  },
  ["merchant", "mcc"],
);

interface GrantBody {
  readonly cardId: string;
  readonly tokenRef: string;
  readonly challenge?: string;
  readonly checkpointSize: number;
  readonly domain: {
    requestor: string;
    merchant?: string;
    mcc?: number;
    channel: number;
    country: number;
    maxAmount: number;
  };
  readonly maxEmissions: number;
  readonly kind: "online" | "offline";
}

export function httpServer(issuer: Issuer): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_MAX,
    logger: false,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });
  app.setErrorHandler((error, _request, reply) => {
    const known =
      error instanceof IssuerError ? error : asIssuerError(error as { statusCode?: number; message: string });
    return reply.code(known.http).send({ code: known.code, message: known.message });
  });

  app.get("/v1/health", () => ({ ok: true, log: issuer.log.size }));

  app.post<{ Body: { certificate: string; phoneName: string } }>(
    "/v1/cards",
    { schema: { body: object({ certificate: bytes(600), phoneName: text(64) }) } },
    ({ body }) => {
      const { cardId, accessKey } = issuer.enrol(decode64(body.certificate), body.phoneName);
      return { cardId: encode64(base32nopad.decode(cardId)), accessKey: encode64(accessKey) };
    },
  );

  app.post<{ Body: { cardId: string; holderName: string; offline?: boolean } }>(
    "/v1/tokens",
    {
      schema: { body: object({ cardId: bytes(32), holderName: text(64), offline: { type: "boolean" } }, ["offline"]) },
    },
    (request) => {
      const cardId = authenticated(issuer, request, request.body.cardId);
      const { tokenRef, ...view } = issuer.mint(cardId, request.body.holderName, request.body.offline ?? false);
      return { tokenRef: encode64(tokenRef), ...view };
    },
  );

  app.post<{ Body: GrantBody }>(
    "/v1/grants",
    {
      schema: {
        body: object(
          {
            cardId: bytes(32),
            tokenRef: bytes(32),
            challenge: bytes(32),
            checkpointSize: count,
            domain: DOMAIN,
            maxEmissions: { type: "integer", minimum: 1, maximum: 3 },
            kind: { type: "string", enum: ["online", "offline"] },
          },
          ["challenge"],
        ),
      },
    },
    async (request) => {
      const { challenge, tokenRef, cardId: id, ...rest } = request.body;
      const cardId = authenticated(issuer, request, id);
      const { sealed, ...evidence } = await issuer.grant({
        ...rest,
        cardId,
        tokenRef: decode64(tokenRef, 16),
        ...(challenge !== undefined && { challenge: decode64(challenge, 16) }),
      });
      return { sealed: encode64(sealed), ...evidenceJson(evidence) };
    },
  );

  app.post<{ Body: { cardId: string; checkpointSize: number } }>(
    "/v1/receipts",
    { schema: { body: object({ cardId: bytes(32), checkpointSize: count }) } },
    (request) => {
      authenticated(issuer, request, request.body.cardId);
      return evidenceJson(issuer.evidence(request.body.checkpointSize));
    },
  );

  app.post<{
    Params: { ref: string };
    Body: { cardId: string; checkpointSize: number; state: keyof typeof STATES };
  }>(
    "/v1/tokens/:ref/state",
    {
      schema: {
        body: object({
          cardId: bytes(32),
          checkpointSize: count,
          state: { type: "string", enum: Object.keys(STATES) },
        }),
      },
    },
    (request) => {
      const { cardId: id, checkpointSize, state } = request.body;
      const cardId = authenticated(issuer, request, id);
      const ref = toHex(decode64(request.params.ref, 16));
      issuer.stateObject(cardId, ref, checkpointSize); // the token is this card's
      issuer.setState(ref, STATES[state]);
      return stateJson(issuer, cardId, ref, checkpointSize);
    },
  );

  app.get<{ Params: { ref: string }; Querystring: { cardId: string; checkpointSize: string } }>(
    "/v1/tokens/:ref/state",
    {
      schema: {
        querystring: object({ cardId: bytes(32), checkpointSize: { type: "string", pattern: "^[0-9]{1,10}$" } }),
      },
    },
    (request) => {
      const cardId = authenticated(issuer, request, request.query.cardId);
      const ref = toHex(decode64(request.params.ref, 16));
      return stateJson(issuer, cardId, ref, Number(request.query.checkpointSize));
    },
  );
  return app;
}

function authenticated(issuer: Issuer, request: FastifyRequest, id: string): Uint8Array {
  const cardId = decode64(id, 16);
  const [scheme, key] = (request.headers.authorization ?? "").split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !key) throw new IssuerError("UNAUTHORISED");
  issuer.authenticate(cardId, decode64(key, 32));
  return cardId;
}

function stateJson(issuer: Issuer, cardId: Uint8Array, ref: string, checkpointSize: number) {
  const { signed, version, state, ...evidence } = issuer.stateObject(cardId, ref, checkpointSize);
  const name = Object.entries(STATES).find(([, value]) => value === state)?.[0] ?? "inactive";
  return { signed: encode64(signed), version, state: name, ...evidenceJson(evidence) };
}

function evidenceJson({ issuerCert, receipt, consistency }: Evidence) {
  return {
    issuerCert: encode64(issuerCert),
    receipt: encode64(receipt),
    consistency: consistency === null ? null : encode64(consistency),
  };
}

function asIssuerError(error: { statusCode?: number; message: string; validation?: unknown }): IssuerError {
  const client = error.validation !== undefined || (error.statusCode !== undefined && error.statusCode < 500);
  return client
    ? new IssuerError("BAD_REQUEST", { detail: error.message })
    : new IssuerError("INTERNAL", { cause: error });
}

function encode64(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64url");
}

function decode64(value: string, size?: number): Uint8Array {
  const octets = Uint8Array.from(Buffer.from(value, "base64url"));
  if (size !== undefined && octets.length !== size)
    throw new IssuerError("BAD_REQUEST", { detail: `expected ${size} octets` });
  return octets;
}
