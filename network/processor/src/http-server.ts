// The processor's door for phones and devices: JSON over HTTP, octets as base64url.

import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { type ErroRoute, erroOf, type RReq, type RRes } from "@enabling-card/acs";
import {
  type HttpDoorOptions,
  httpDoor,
  IDEMPOTENT,
  octetsOf,
  type Refusals,
  serviceKeys,
  shownAccessKey,
  signedRoutes,
} from "@enabling-card/doors";
import { SqlError, StoreHealth } from "@enabling-card/sql";
import type { Master } from "@enabling-card/vault";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type CardCodeRequest, cardCode, type IssueCode } from "./card-codes.js";
import type { DevicePurchase } from "./device-mac.js";
import { addDevice, removeDevice } from "./devices.js";
import type { AuthenticationRequest, DomainGrantRequest, DomainServer } from "./domain-server.js";
import { PROCESSOR_ERRORS, ProcessorError } from "./errors.js";
import { ANSWERS, REQUESTS, ROUTES } from "./http-schemas.js";
import type { AccountName, CodeRequest, Processor } from "./processor.js";
import type { Switch } from "./switch.js";

const REFUSALS: Refusals = {
  of: (error) => {
    if (error instanceof SqlError) return new ProcessorError(error.code, { cause: error });
    return error instanceof ProcessorError ? error : undefined;
  },
  badRequest: (detail) => new ProcessorError("BAD_REQUEST", detail === undefined ? {} : { detail }),
  unknownRoute: () => new ProcessorError("ROUTE_UNKNOWN"),
  unauthorised: () => new ProcessorError("UNAUTHORISED"),
  codes: PROCESSOR_ERRORS,
  failure: (cause) => new ProcessorError("INTERNAL", { cause }),
  form: (request) => (request.route === "/v1/rreq" ? erroOf(RESULTS, request) : undefined),
};

/** The domain server is 3-D Secure's server. */
const RESULTS: ErroRoute = {
  component: "S",
  messageType: "RReq",
  known: { AUTHENTICATION_UNKNOWN: "301", RESULT_KNOWN: "305", STORE_UNAVAILABLE: "403" },
};

type Named = Pick<AccountName, "cardId" | "tokenRef">;

interface Served {
  readonly processor: Processor;
  readonly terminals: Switch;
  readonly domain: DomainServer | undefined;
  readonly issueCode: IssueCode | undefined;
  /** The secret of processor and access control server. */
  readonly acs: Master | undefined;
  readonly onResult: ((result: RReq, taken: RRes) => void) | undefined;
}

type WithKey = { readonly "idempotency-key": string };

/** The door, not yet open. */
export async function httpServer(
  { processor, terminals, domain, issueCode, acs, onResult }: Served,
  options: Omit<HttpDoorOptions, "refusals" | "title">,
): Promise<FastifyInstance> {
  const app = await httpDoor({
    ...options,
    refusals: REFUSALS,
    title: "Processor: devices, transaction codes, domains",
  });

  const lines = new WeakMap<object, string>();
  const lineOf = (socket: Socket) => {
    const name = lines.get(socket) ?? randomUUID();
    lines.set(socket, name);
    return { name, address: socket.remoteAddress ?? "" };
  };

  const health = new StoreHealth(() => processor.store.checkWritable());
  app.get("/v1/health", { schema: { ...ROUTES.health, response: ANSWERS.health } }, async () => {
    await health.check();
    return { ok: true };
  });

  app.post<{ Body: Named & { key: string }; Headers: WithKey }>(
    "/v1/devices",
    { schema: { ...ROUTES.device, body: REQUESTS.device, headers: IDEMPOTENT, response: ANSWERS.device } },
    async (request) => {
      const { key, ...named } = request.body;
      const account = { ...named, accessKey: accessKeyOf(request) };
      return { device: await addDevice(processor, account, decode64(key), request.headers["idempotency-key"]) };
    },
  );

  app.delete<{ Params: { device: string }; Querystring: Named; Headers: WithKey }>(
    "/v1/devices/:device",
    {
      schema: {
        ...{ ...ROUTES.removeDevice, params: REQUESTS.ofDevice, querystring: REQUESTS.named, headers: IDEMPOTENT },
        response: ANSWERS.device,
      },
    },
    async (request) => {
      const { params, headers } = request;
      return { device: await removeDevice(processor, accountOf(request), params.device, headers["idempotency-key"]) };
    },
  );

  app.post<{ Body: Omit<CodeRequest, "accessKey">; Headers: WithKey }>(
    "/v1/codes",
    { schema: { ...ROUTES.code, body: REQUESTS.code, headers: IDEMPOTENT, response: ANSWERS.code } },
    async (request) => {
      const { body, headers } = request;
      return processor.addCode({ ...body, accessKey: accessKeyOf(request) }, headers["idempotency-key"]);
    },
  );

  app.get<{ Params: { ref: string }; Querystring: Named }>(
    "/v1/codes/:ref",
    {
      schema: {
        ...{ ...ROUTES.codeState, params: REQUESTS.ofCode, querystring: REQUESTS.named },
        response: ANSWERS.codeState,
      },
    },
    async (request) => ({ state: await processor.codeState(accountOf(request), request.params.ref) }),
  );

  app.delete<{ Params: { ref: string }; Querystring: Named; Headers: WithKey }>(
    "/v1/codes/:ref",
    {
      schema: {
        ...{ ...ROUTES.cancelCode, params: REQUESTS.ofCode, querystring: REQUESTS.named, headers: IDEMPOTENT },
        response: ANSWERS.codeState,
      },
    },
    async (request) => {
      const { params, headers } = request;
      return { state: await processor.cancelCode(accountOf(request), params.ref, headers["idempotency-key"]) };
    },
  );

  app.post<{ Body: DevicePurchase & { device: string; mac: string } }>(
    "/v1/purchases",
    { schema: { ...ROUTES.purchase, body: REQUESTS.purchase, response: ANSWERS.purchase } },
    async ({ body: { device, mac, ...purchase }, raw: { socket } }) => {
      const {
        38: authCode,
        39: responseCode,
        44: ourCode,
      } = (await terminals.buy(device, purchase, decode64(mac), lineOf(socket))).fields;
      const said = { ...(ourCode !== undefined && { ourCode }), ...(authCode !== undefined && { authCode }) };
      return { approved: responseCode === "00", responseCode, ...said };
    },
  );
  if (issueCode !== undefined) {
    app.post<{ Body: Omit<CardCodeRequest, "accessKey">; Headers: WithKey }>(
      "/v1/card-codes",
      { schema: { ...ROUTES.cardCode, body: REQUESTS.cardCode, headers: IDEMPOTENT, response: ANSWERS.cardCode } },
      (request) => {
        const asked = { ...request.body, accessKey: accessKeyOf(request) };
        return cardCode(processor, issueCode, asked, request.headers["idempotency-key"]);
      },
    );
  }
  if (domain !== undefined) domainRoutes(app, domain);
  if (domain === undefined || acs === undefined) return app;
  const keys = serviceKeys(acs, "acs", "processor");
  await signedRoutes(app, { keys, now: () => processor.now(), taken: processor.store.nonces }, (routes) => {
    const schema = { ...ROUTES.result, body: REQUESTS.result, response: ANSWERS.result };
    routes.post<{ Body: RReq }>("/v1/rreq", { schema }, async ({ body }) => {
      const taken = await domain.result(body);
      onResult?.(body, taken);
      return taken;
    });
  });
  return app;
}

function domainRoutes(app: FastifyInstance, domain: DomainServer): void {
  app.post<{ Body: Omit<AuthenticationRequest, "accessKey">; Headers: WithKey }>(
    "/v1/authentications",
    {
      schema: {
        ...ROUTES.authentication,
        body: REQUESTS.authentication,
        headers: IDEMPOTENT,
        response: ANSWERS.authentication,
      },
    },
    (request) =>
      domain.authenticate({ ...request.body, accessKey: accessKeyOf(request) }, request.headers["idempotency-key"]),
  );
  app.post<{ Body: Omit<DomainGrantRequest, "accessKey">; Headers: WithKey }>(
    "/v1/domain-grants",
    {
      schema: { ...ROUTES.domainGrant, body: REQUESTS.domainGrant, headers: IDEMPOTENT, response: ANSWERS.domainGrant },
    },
    (request) => domain.grant({ ...request.body, accessKey: accessKeyOf(request) }, request.headers["idempotency-key"]),
  );
}

function accountOf(request: { readonly query: Named } & Pick<FastifyRequest, "headers">): AccountName {
  const { cardId, tokenRef } = request.query;
  return { cardId, tokenRef, accessKey: accessKeyOf(request) };
}

/** @throws {ProcessorError} `UNAUTHORISED` */
function accessKeyOf({ headers }: Pick<FastifyRequest, "headers">): string {
  const key = shownAccessKey(headers);
  if (key === undefined) throw new ProcessorError("UNAUTHORISED");
  return key;
}

/** @throws {ProcessorError} `BAD_REQUEST` for what is not canonical base64url */
function decode64(value: string): Uint8Array {
  return octetsOf(value, (detail) => new ProcessorError("BAD_REQUEST", { detail }));
}
