// Rights that are handed out (system 6), over HTTP: an owner makes, sees and takes back; who was handed one sees what is left of it, and has grants by it.

import { answers, BY_ACCESS_KEY, IDEMPOTENT, object, out, words } from "@enabling-card/doors";
import {
  CAVEAT_MAX,
  CAVEATS_MAX,
  type Caveat,
  CHALLENGE_SIZE,
  DELEGATION_MAX,
  type Domain,
  readCaveat,
} from "@enabling-card/wire";
import type { FastifyInstance } from "fastify";
import { delegate, delegationLeft, delegationsOf, grantBy, revokeDelegation } from "./delegations.js";
import { IssuerError } from "./errors.js";
import { ASKED, EVIDENCE, REQUESTS } from "./http-schemas.js";
import { authenticated, decode64, encode64, evidenceJson, repeatOf, tokenRefOf } from "./http-server.js";
import type { Issuer } from "./issuer.js";

const ID = { type: "string", pattern: "^[A-Za-z0-9_-]{22}$" } as const;
const BASE32 = { type: "string", pattern: "^[A-Z2-7]{26}$" } as const;
const DELEGATION = { type: "string", pattern: "^[A-Za-z0-9_-]+$", minLength: 1, maxLength: DELEGATION_MAX } as const;

const BODIES = {
  make: object({
    cardId: ID,
    caveats: {
      type: "array",
      items: { type: "string", minLength: 1, maxLength: CAVEAT_MAX },
      minItems: 1,
      maxItems: CAVEATS_MAX,
    },
  }),
  revoke: object({ cardId: ID }),
  revoked: object({ id: BASE32 }),
  left: object({ cardId: ID, delegation: DELEGATION }),
  grant: object({ cardId: ID, delegation: DELEGATION, ...ASKED }),
} as const;

const NUMBER = { type: "integer" } as const;
const LEFT = { uses: NUMBER, until: NUMBER, amount: NUMBER, total: NUMBER, currency: out } as const;
const SOMETIMES = ["amount", "total", "currency"] as const;
const USE = object(
  {
    outcome: { type: "string", enum: ["waiting", "approved", "reversed", "declined", "unused"] },
    ...{
      atc: NUMBER,
      card: out,
      amount: NUMBER,
      currency: out,
      merchant: out,
      at: NUMBER,
      authCode: out,
      decline: out,
    },
  },
  ["amount", "currency", "merchant", "at", "authCode", "decline"],
);
const VIEW = object({
  ...{ id: out, caveats: { type: "array", items: out }, madeAt: NUMBER, until: NUMBER },
  ...{ isRevoked: { type: "boolean" }, left: object(LEFT, SOMETIMES), uses: { type: "array", items: USE } },
});

/** @throws {IssuerError} `CAVEAT_UNKNOWN` */
function caveatOf(line: string): Caveat {
  const caveat = readCaveat(line);
  if (caveat === undefined) throw new IssuerError("CAVEAT_UNKNOWN");
  return caveat;
}

export function delegationRoutes(app: FastifyInstance, issuer: Issuer): void {
  app.post<{ Params: { ref: string }; Body: { cardId: string; caveats: string[] } }>(
    "/v1/tokens/:ref/delegations",
    {
      schema: {
        ...words("delegations", "Hands out a right to pay by a token, restricted", BY_ACCESS_KEY),
        ...{ body: BODIES.make, headers: IDEMPOTENT, response: answers({ id: out, delegation: out }) },
      },
    },
    async (request) => {
      const { cardId, caveats } = request.body;
      const card = await authenticated(issuer, request, cardId);
      return delegate(issuer, card, tokenRefOf(request.params), caveats.map(caveatOf), repeatOf(request, cardId));
    },
  );

  app.get<{ Params: { ref: string }; Querystring: { cardId: string } }>(
    "/v1/tokens/:ref/delegations",
    {
      schema: {
        ...words("delegations", "The rights to a token that were handed out, and what was done by them", BY_ACCESS_KEY),
        ...{ querystring: REQUESTS.states, response: answers({ delegations: { type: "array", items: VIEW } }) },
      },
    },
    async (request) => {
      const card = await authenticated(issuer, request, request.query.cardId);
      const views = await delegationsOf(issuer, card, tokenRefOf(request.params));
      return { delegations: views.map(({ tokenRef: _, ...view }) => view) };
    },
  );

  app.post<{ Params: { id: string }; Body: { cardId: string } }>(
    "/v1/delegations/:id/revocation",
    {
      schema: {
        ...words("delegations", "Takes a right back, from the next payment on", BY_ACCESS_KEY),
        ...{ params: BODIES.revoked, body: BODIES.revoke, headers: IDEMPOTENT, response: answers({}) },
      },
    },
    async (request) => {
      const { cardId } = request.body;
      const card = await authenticated(issuer, request, cardId);
      await revokeDelegation(issuer, card, request.params.id, repeatOf(request, cardId));
      return {};
    },
  );

  app.post<{ Body: { cardId: string; delegation: string } }>(
    "/v1/delegations/left",
    {
      schema: {
        ...words("delegations", "What is left of a right that was handed on", BY_ACCESS_KEY),
        ...{ body: BODIES.left, response: answers(LEFT, SOMETIMES) },
      },
    },
    async (request) => {
      const card = await authenticated(issuer, request, request.body.cardId);
      return delegationLeft(issuer, card, request.body.delegation);
    },
  );

  app.post<{ Body: GrantBody }>(
    "/v1/delegated-grants",
    {
      schema: {
        ...words(
          "delegations",
          "A sealed authorisation of one purchase, by a right to somebody's token",
          BY_ACCESS_KEY,
        ),
        ...{ body: BODIES.grant, headers: IDEMPOTENT },
        response: answers({ tokenRef: out, sealed: out, atc: NUMBER, ...EVIDENCE }),
      },
    },
    async (request) => {
      const { challenge, cardId, ...rest } = request.body;
      const card = await authenticated(issuer, request, cardId);
      const asked = { ...rest, cardId: card, challenge: decode64(challenge, CHALLENGE_SIZE) };
      const { tokenRef, sealed, atc, ...evidence } = await grantBy(issuer, asked, repeatOf(request, cardId));
      return { tokenRef: encode64(tokenRef), sealed: encode64(sealed), atc, ...evidenceJson(evidence) };
    },
  );
}

interface GrantBody {
  readonly cardId: string;
  readonly delegation: string;
  readonly challenge: string;
  readonly checkpointSize: number;
  readonly domain: Domain;
  readonly maxEmissions: number;
}
