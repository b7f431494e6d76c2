// Routes of an HTTP door that one other service asks, and nobody else: each request signed by it, each answer signed for it (http-signature.ts). A
// refusal of the signature itself is not signed: it answers nobody who is known.

import type { FastifyInstance, FastifyRequest } from "fastify";
import { secondsNow } from "./clock.js";
import {
  digestOf,
  isEqual,
  type ProvenHead,
  provenHead,
  type ServiceKeys,
  SignatureError,
  SKEW_S,
  signedAnswer,
} from "./http-signature.js";
import { Nonces } from "./nonces.js";
import { SIGNED_HEADERS, signedBy } from "./open-api.js";

export interface SignedDoorOptions {
  /** Of what that service asks here. */
  readonly keys: ServiceKeys;
  /** Seconds since 1970. */
  readonly now?: () => number;
  /** Which nonces came to any process of this service; without it this process remembers its own alone. */
  readonly taken?: SharedNonces;
}

export interface SharedNonces {
  /** Whether it is the first time, of all processes. @param over - Seconds since 1970, as `now`: from when on it is too old. Rejects where that is not known */
  take(name: string, over: number, now: number): Promise<boolean>;
}

/** Adds what `add` adds, behind that. */
export async function signedRoutes(
  app: FastifyInstance,
  { keys, now = secondsNow, taken }: SignedDoorOptions,
  add: (routes: FastifyInstance) => void,
): Promise<void> {
  const nonces = new Nonces(now());
  const heads = new WeakMap<FastifyRequest, ProvenHead>();
  const bodies = new WeakMap<FastifyRequest, Buffer>();
  const proven = new WeakSet<FastifyRequest>();
  await app.register(async (routes) => {
    const parse = routes.getDefaultJsonParser("error", "error");
    routes.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
      bodies.set(request, body as Buffer);
      parse(request, body.toString(), done);
    });
    routes.addHook("onRoute", (route) => {
      const security = signedBy(keys.from) as { [scheme: string]: string[] }[];
      route.schema = { ...route.schema, headers: SIGNED_HEADERS, security };
    });
    routes.addHook("onRequest", async (request) => {
      const { method, url: target, headersDistinct } = request.raw;
      heads.set(request, provenHead(keys, { method: method!, target: target! }, headersDistinct, now()));
    });
    routes.addHook("preValidation", async (request) => {
      const { digest, nonce, created } = heads.get(request)!;
      if (!isEqual(digest, digestOf(bodies.get(request) ?? Buffer.alloc(0)))) throw new SignatureError("DIGEST_WRONG");
      nonces.take(nonce, created, now());
      proven.add(request);
      if (taken === undefined || (await taken.take(`${keys.from} ${nonce}`, created + SKEW_S, now()))) return;
      proven.delete(request);
      throw new SignatureError("REQUEST_REPLAYED");
    });
    routes.addHook("onSend", async (request, reply, payload) => {
      if (!proven.has(request)) return;
      const head = heads.get(request)!;
      const body = Buffer.from((payload as string | Buffer | undefined) ?? "");
      reply.headers(signedAnswer(head.keys, { status: reply.statusCode, body, signature: head.signature }, now()));
    });
    add(routes);
  });
}
