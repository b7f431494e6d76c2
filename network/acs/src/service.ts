// The access control server as a service: JSON over HTTP, for the domain server and for phones, one process.

import {
  type HttpDoorOptions,
  type HttpLimits,
  httpDoor,
  OF_SERVICE,
  OPEN,
  Operations,
  type OperationsOptions,
  type Refusals,
  serviceKeys,
  signedRoutes,
  words,
} from "@enabling-card/doors";
import { SqlError, StoreHealth } from "@enabling-card/sql";
import type { Master } from "@enabling-card/vault";
import type { FastifyInstance } from "fastify";
import { Acs, type AcsOptions } from "./acs.js";
import { type ErroCode, type ErroRoute, erroOf } from "./error-message.js";
import { ACS_ERRORS, AcsError } from "./errors.js";
import { ANSWERS, REQUESTS } from "./http-schemas.js";
import type { AReq, CReq } from "./messages.js";

export interface AcsServiceOptions extends Omit<AcsOptions, "url"> {
  /** 32 octets that a domain server in another process has as well, and signs what it asks by; without it none is let in over HTTP. */
  readonly domainServer?: Master;
  /** Loopback unless told. */
  readonly host?: string;
  /** 0 (unless told) takes any free port. */
  readonly httpPort?: number;
  readonly http?: HttpLimits;
  /** Where its log goes, a line of JSON for each thing that happened; nowhere unless told. */
  readonly log?: OperationsOptions["log"];
}

export interface AcsService {
  readonly acs: Acs;
  readonly url: string;
  close(): Promise<void>;
}

/** Opens the server and its door: both, or nothing stays open. @throws what `Acs.open` throws; Node's error where a port cannot be had */
export async function startAcs(options: AcsServiceOptions): Promise<AcsService> {
  let url = "";
  const acs = await Acs.open({ ...options, url: () => url });
  const operations = new Operations({ service: "acs", ...(options.log && { log: options.log }) });
  const http = await httpServer(acs, options.domainServer, { ...options.http, operations });
  const close = async () => {
    await http.close();
    await acs.close();
  };
  try {
    url = await http.listen({ host: options.host ?? "127.0.0.1", port: options.httpPort ?? 0 });
    return { acs, url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const ROUTES = {
  health: words(OF_SERVICE, "Whether it works, and its store keeps what it is told", OPEN),
  cReq: words(
    "3-D Secure",
    "A card's answer to its challenge (CReq, CRes)",
    OPEN,
    "The answer is what only the card can open.",
  ),
  aReq: words("3-D Secure", "A card's user is to be asked (AReq, ARes)"),
} as const;

/** The door, not yet open. */
async function httpServer(
  acs: Acs,
  domainServer: Master | undefined,
  options: Omit<HttpDoorOptions, "refusals" | "title">,
): Promise<FastifyInstance> {
  const app = await httpDoor({ ...options, refusals: REFUSALS, title: "Access control server: authentications" });
  const health = new StoreHealth(() => acs.store.checkWritable());
  app.get("/v1/health", { schema: { ...ROUTES.health, response: ANSWERS.health } }, async () => {
    await health.check();
    return { ok: true };
  });
  app.post<{ Body: CReq }>(
    "/v1/creq",
    { schema: { ...ROUTES.cReq, body: REQUESTS.cReq, response: ANSWERS.cRes } },
    ({ body }) => acs.answer(body),
  );
  if (domainServer === undefined) return app;
  await signedRoutes(
    app,
    { keys: serviceKeys(domainServer, "processor", "acs"), now: () => acs.now(), taken: acs.store.nonces },
    (routes) => {
      routes.post<{ Body: AReq }>(
        "/v1/areq",
        { schema: { ...ROUTES.aReq, body: REQUESTS.aReq, response: ANSWERS.aRes } },
        ({ body }) => acs.authenticate(body),
      );
    },
  );
  return app;
}

const REFUSALS: Refusals = {
  of: (error) => {
    if (error instanceof SqlError) return new AcsError(error.code, { cause: error });
    return error instanceof AcsError ? error : undefined;
  },
  badRequest: (detail) => new AcsError("BAD_REQUEST", detail === undefined ? {} : { detail }),
  unknownRoute: () => new AcsError("ROUTE_UNKNOWN"),
  codes: ACS_ERRORS,
  failure: (cause) => new AcsError("INTERNAL", { cause }),
  form: (request) => {
    const route = ERRO_ROUTES[request.route];
    if (route === undefined) return undefined;
    const { code, message } = request.refusal;
    // A phone of ours knows our code.
    return { ...(route.messageType === "CReq" && { code, message }), ...erroOf(route, request) };
  },
};

/** What is not there may come again. */
const KNOWN: Readonly<Record<string, ErroCode>> = {
  TRANSACTION_UNKNOWN: "301",
  TRANSACTION_KNOWN: "305",
  DOMAIN_SERVER_ERROR: "305",
  ...{ DOMAIN_SERVER_UNAVAILABLE: "403", ISSUER_UNAVAILABLE: "403", STORE_UNAVAILABLE: "403" },
};

const ERRO_ROUTES: Readonly<Record<string, ErroRoute>> = {
  "/v1/areq": { component: "A", messageType: "AReq", known: KNOWN },
  "/v1/creq": { component: "A", messageType: "CReq", known: KNOWN },
};
