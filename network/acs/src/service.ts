// The access control server as a service: JSON over HTTP, for the domain server and for phones, one process.

import { createHash, timingSafeEqual } from "node:crypto";
import {
  type HttpDoorOptions,
  type HttpLimits,
  httpDoor,
  Operations,
  type OperationsOptions,
  type Refusals,
} from "@enabling-card/doors";
import { SqlError } from "@enabling-card/sql";
import type { FastifyInstance } from "fastify";
import { Acs, type AcsOptions } from "./acs.js";
import { AcsError } from "./errors.js";
import { ANSWERS, REQUESTS } from "./http-schemas.js";
import type { AReq, CReq } from "./messages.js";

export interface AcsServiceOptions extends Omit<AcsOptions, "url"> {
  /** 32 octets that a domain server elsewhere shows (RFC 6750, base64url); without it none is let in over HTTP. */
  readonly domainServerKey?: Uint8Array;
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
  const http = await httpServer(acs, options.domainServerKey, { ...options.http, operations });
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

/** The door, not yet open. */
async function httpServer(
  acs: Acs,
  key: Uint8Array | undefined,
  options: Omit<HttpDoorOptions, "refusals" | "title">,
): Promise<FastifyInstance> {
  const app = await httpDoor({ ...options, refusals: REFUSALS, title: "Access control server: authentications" });
  app.get("/v1/health", { schema: { response: ANSWERS.health } }, () => ({ ok: true }));
  app.post<{ Body: AReq }>("/v1/areq", { schema: { body: REQUESTS.aReq, response: ANSWERS.aRes } }, (request) => {
    if (key === undefined || !isShown(request.headers.authorization, key)) throw new AcsError("UNAUTHORISED");
    return acs.authenticate(request.body);
  });
  app.post<{ Body: CReq }>("/v1/creq", { schema: { body: REQUESTS.cReq, response: ANSWERS.cRes } }, ({ body }) =>
    acs.answer(body),
  );
  return app;
}

/** Compares hashes, so that the time tells nothing of the key, nor of its length. */
function isShown(authorization: string | undefined, key: Uint8Array): boolean {
  const hash = (octets: Uint8Array) => createHash("sha256").update(octets).digest();
  const shown = /^Bearer ([\w-]+)$/i.exec(authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(hash(Buffer.from(shown, "base64url")), hash(key));
}

const REFUSALS: Refusals = {
  of: (error) => {
    if (error instanceof SqlError) return new AcsError(error.code, { cause: error });
    return error instanceof AcsError ? error : undefined;
  },
  badRequest: (detail) => new AcsError("BAD_REQUEST", detail === undefined ? {} : { detail }),
  unknownRoute: () => new AcsError("ROUTE_UNKNOWN"),
  failure: (cause) => new AcsError("INTERNAL", { cause }),
};
