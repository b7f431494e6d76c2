// The issuer's door for phones: JSON over HTTP, octets as base64url. Every body and answer has a schema, every refusal a code.

import { DelegationError } from "@enabling-card/delegation";
import {
  type HttpDoorOptions,
  httpDoor,
  IDEMPOTENT,
  octetsOf,
  type Refusals,
  shownAccessKey,
} from "@enabling-card/doors";
import { type Repeatable, SqlError, StoreHealth } from "@enabling-card/sql";
import {
  CARD_ID_SIZE,
  CHALLENGE_SIZE,
  type Domain,
  INFO_NONCE_SIZE,
  REGISTRATION_SIZE,
  STATE_NAMES,
  TOKEN_REF_SIZE,
  toHex,
} from "@enabling-card/wire";
import { base32nopad } from "@scure/base";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { closeGrant } from "./closing.js";
import { hashOfAccess } from "./enrolment.js";
import { ISSUER_ERRORS, IssuerError } from "./errors.js";
import type { Evidence } from "./evidence.js";
import { ANSWERS, EVENTS, REQUESTS, ROUTES } from "./http-schemas.js";
import type { Issuer, SignedTokenState } from "./issuer.js";
import { compareMeans, registerMeans } from "./registration.js";
import type { StateNews } from "./state-news.js";
import { ASKED_STATES, type AskedState } from "./token-state.js";

const ACCESS_KEY_SIZE = 32;

interface Position {
  readonly cardId: string;
  readonly checkpointSize: number;
}

interface StateBody extends Position {
  readonly state: AskedState;
  readonly by?: "cardholder" | "PIN lock";
}

interface GrantBody extends Position {
  readonly tokenRef: string;
  readonly challenge?: string;
  readonly domain: Domain;
  readonly maxEmissions: number;
  readonly kind: "online" | "offline";
}

/** The door, not yet open. Who opens it looks to rule 11: `startIssuer` does. */
export async function httpServer(
  issuer: Issuer,
  news: StateNews,
  options: Omit<HttpDoorOptions, "refusals" | "title">,
): Promise<FastifyInstance> {
  const app = await httpDoor({ ...options, refusals: REFUSALS, title: "Issuer: cards, tokens, grants, states" });

  const health = new StoreHealth(() => issuer.store.checkWritable());
  app.get("/v1/health", { schema: { ...ROUTES.health, response: ANSWERS.health } }, async () => {
    await health.check();
    return { ok: true, log: issuer.log.size };
  });

  app.post<{ Body: { certificate: string; phoneName: string } }>(
    "/v1/cards",
    { schema: { ...ROUTES.enrol, body: REQUESTS.enrol, headers: IDEMPOTENT, response: ANSWERS.enrol } },
    async (request) => {
      const { certificate, phoneName } = request.body;
      const repeat = repeatOf(request, "cards");
      const { cardId, accessKey } = await issuer.enrol(decode64(certificate), phoneName, repeat);
      return { cardId: encode64(base32nopad.decode(cardId)), accessKey: encode64(accessKey) };
    },
  );

  app.post<{ Body: { cardId: string; holderName: string; offline?: boolean; domainOnly?: boolean } }>(
    "/v1/tokens",
    { schema: { ...ROUTES.mint, body: REQUESTS.mint, headers: IDEMPOTENT, response: ANSWERS.mint } },
    async (request) => {
      const { cardId, holderName, offline = false, domainOnly = false } = request.body;
      if (offline && domainOnly) throw new IssuerError("BAD_REQUEST", { detail: "a domain is asked for on line" });
      const { tokenRef, ...view } = await issuer.mint(
        await authenticated(issuer, request, cardId),
        holderName,
        domainOnly ? "domain" : offline ? "offline" : "online",
        repeatOf(request, cardId),
      );
      return { tokenRef: encode64(tokenRef), ...view };
    },
  );

  app.post<{ Body: GrantBody }>(
    "/v1/grants",
    { schema: { ...ROUTES.grant, body: REQUESTS.grant, headers: IDEMPOTENT, response: ANSWERS.grant } },
    async (request) => {
      const { challenge, tokenRef, cardId, ...rest } = request.body;
      const asked = {
        ...rest,
        cardId: await authenticated(issuer, request, cardId),
        tokenRef: decode64(tokenRef, TOKEN_REF_SIZE),
        ...(challenge !== undefined && { challenge: decode64(challenge, CHALLENGE_SIZE) }),
      };
      const { sealed, atc, ...evidence } = await issuer.grant(asked, { repeat: repeatOf(request, cardId) });
      return { sealed: encode64(sealed), atc, ...evidenceJson(evidence) };
    },
  );

  app.post<{ Params: { ref: string; atc: string }; Body: { cardId: string } }>(
    "/v1/tokens/:ref/grants/:atc/closure",
    {
      schema: {
        ...{ ...ROUTES.closure, params: REQUESTS.closed, body: REQUESTS.closure, headers: IDEMPOTENT },
        response: ANSWERS.closure,
      },
    },
    async (request) => {
      const { cardId } = request.body;
      const card = await authenticated(issuer, request, cardId);
      const grant = { tokenRef: tokenRefOf(request.params), atc: Number(request.params.atc) };
      return closeGrant(issuer, card, grant, repeatOf(request, cardId));
    },
  );

  app.post<{ Body: Position & { serial?: string } }>(
    "/v1/receipts",
    { schema: { ...ROUTES.receipt, body: REQUESTS.receipt, response: ANSWERS.receipt } },
    async (request) => {
      await authenticated(issuer, request, request.body.cardId);
      const { checkpointSize, serial } = request.body;
      return evidenceJson(issuer.evidence(checkpointSize, serial === undefined ? undefined : decode64(serial)));
    },
  );

  app.post<{ Params: { ref: string }; Body: StateBody }>(
    "/v1/tokens/:ref/state",
    { schema: { ...ROUTES.setState, body: REQUESTS.setState, headers: IDEMPOTENT, response: ANSWERS.state } },
    async (request) => {
      const { cardId, checkpointSize, state, by } = request.body;
      const card = await authenticated(issuer, request, cardId);
      const [ref, to, repeat] = [tokenRefOf(request.params), ASKED_STATES[state], repeatOf(request, cardId)];
      return stateJson(await issuer.setHolderState(card, ref, to, checkpointSize, { by, repeat }));
    },
  );

  app.get<{ Params: { ref: string }; Querystring: { cardId: string; checkpointSize: string } }>(
    "/v1/tokens/:ref/state",
    { schema: { ...ROUTES.state, querystring: REQUESTS.state, response: ANSWERS.state } },
    async (request) => {
      const { cardId, checkpointSize } = request.query;
      const card = await authenticated(issuer, request, cardId);
      return stateJson(await issuer.stateObject(card, tokenRefOf(request.params), Number(checkpointSize)));
    },
  );
  registrationRoutes(app, issuer);
  app.get<{ Querystring: { cardId: string } }>(
    "/v1/states",
    { schema: { ...ROUTES.states, querystring: REQUESTS.states, response: EVENTS } },
    async (request, reply) => {
      const card = await authenticated(issuer, request, request.query.cardId);
      news.expectRoom(card);
      reply.hijack();
      await news.listen(card, hashOfAccess(accessKeyOf(request)), reply.raw);
    },
  );
  return app;
}

/** System 3: a phone registers a token, and compares how it stands. */
function registrationRoutes(app: FastifyInstance, issuer: Issuer): void {
  app.post<{ Params: { ref: string }; Body: { cardId: string } }>(
    "/v1/tokens/:ref/registration",
    {
      schema: {
        ...ROUTES.registration,
        body: REQUESTS.registration,
        headers: IDEMPOTENT,
        response: ANSWERS.registration,
      },
    },
    async (request) => {
      const { cardId } = request.body;
      const card = await authenticated(issuer, request, cardId);
      const repeat = repeatOf(request, cardId);
      const { registration, key } = await registerMeans(issuer, card, tokenRefOf(request.params), repeat);
      return { registration: encode64(registration), key: encode64(key) };
    },
  );

  app.post<{ Params: { ref: string }; Body: { cardId: string; registration: string; nonce: string } }>(
    "/v1/tokens/:ref/comparison",
    { schema: { ...ROUTES.comparison, body: REQUESTS.comparison, response: ANSWERS.comparison } },
    async (request) => {
      const card = await authenticated(issuer, request, request.body.cardId);
      const info = await compareMeans(issuer, card, tokenRefOf(request.params), {
        registration: decode64(request.body.registration, REGISTRATION_SIZE),
        nonce: decode64(request.body.nonce, INFO_NONCE_SIZE),
      });
      const { version, state, holds, link } = info;
      return {
        ...{ cardId: encode64(info.cardId), tokenRef: encode64(info.tokenRef) },
        ...{ registration: encode64(info.registration), nonce: encode64(info.nonce) },
        ...{ version, state: STATE_NAMES[state], heldBy: holds, link, cryptogram: encode64(info.cryptogram) },
      };
    },
  );
}

const REFUSALS: Refusals = {
  of: (error) => {
    if (error instanceof SqlError) return new IssuerError(error.code, { cause: error });
    if (error instanceof DelegationError) return new IssuerError(error.code, { cause: error });
    return error instanceof IssuerError ? error : undefined;
  },
  badRequest: (detail) => new IssuerError("BAD_REQUEST", detail === undefined ? {} : { detail }),
  unknownRoute: () => new IssuerError("ROUTE_UNKNOWN"),
  unauthorised: () => new IssuerError("UNAUTHORISED"),
  codes: ISSUER_ERRORS,
  failure: (cause) => new IssuerError("INTERNAL", { cause }),
};

/** The card that asks, whose access key must be with the request. @throws {IssuerError} `UNAUTHORISED`, `CARD_UNKNOWN` */
export async function authenticated(issuer: Issuer, { headers }: FastifyRequest, id: string): Promise<Uint8Array> {
  const cardId = decode64(id, CARD_ID_SIZE);
  await issuer.authenticate(cardId, accessKeyOf({ headers }));
  return cardId;
}

/** @throws {IssuerError} `UNAUTHORISED` */
function accessKeyOf({ headers }: Pick<FastifyRequest, "headers">): Uint8Array {
  const octets = Buffer.from(shownAccessKey(headers) ?? "", "base64url");
  if (octets.length !== ACCESS_KEY_SIZE) throw new IssuerError("UNAUTHORISED");
  return Uint8Array.from(octets);
}

/** A request that moves state, by its idempotency key: schema or signature saw to it that there is one. @param owner - Who asks */
export function repeatOf({ headers, url, body }: FastifyRequest, owner: string): Repeatable {
  return { owner, key: headers["idempotency-key"] as string, asked: [url, body] };
}

export function tokenRefOf({ ref }: { readonly ref: string }): string {
  return toHex(decode64(ref, TOKEN_REF_SIZE));
}

function stateJson({ signed, version, state, ...evidence }: SignedTokenState) {
  return { signed: encode64(signed), version, state: STATE_NAMES[state], ...evidenceJson(evidence) };
}

export function evidenceJson({ issuerCert, receipt, consistency }: Evidence) {
  return {
    issuerCert: encode64(issuerCert),
    receipt: encode64(receipt),
    consistency: consistency === null ? null : encode64(consistency),
  };
}

export function encode64(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64url");
}

/** @throws {IssuerError} `BAD_REQUEST` for what is not canonical base64url, and not of `size` octets */
export function decode64(value: string, size?: number): Uint8Array {
  return octetsOf(value, (detail) => new IssuerError("BAD_REQUEST", { detail }), size);
}
