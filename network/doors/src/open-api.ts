// What a service's API says of itself beside its schemas: what each route is for, and what whoever asks must show. The credential that is named here is
// the one that is asked for: http-door.ts and signed-door.ts read it from the route.

import type { IncomingHttpHeaders } from "node:http";
import { SIGNATURE_ERRORS } from "./http-signature.js";

/** As the access key is shown (RFC 6750 2.1): 32 octets, base64url. */
const BEARER = /^Bearer ([\w-]{43})$/i;
const ACCESS_KEY = "accessKey";
const SIGNATURE = "Signature";

type Security = readonly { readonly [scheme: string]: readonly string[] }[];

/** Nothing is shown, or what is shown is in the body: the route's description says what. */
export const OPEN: Security = [];
/** The card's, of its enrolment. */
export const BY_ACCESS_KEY: Security = [{ [ACCESS_KEY]: [] }];

/** A request signed by that service. */
export const signedBy = (service: string): Security => [{ [`${service}${SIGNATURE}`]: [] }];

/**
 * Of a route.
 *
 * @param tag - What it is about: routes of one tag stand together
 * @param security - What is to be shown; of another service's routes the signed door says it
 */
export function words(tag: string, summary: string, security?: Security, description?: string) {
  return {
    ...{ tags: [tag], summary, ...(description !== undefined && { description }) },
    ...(security && { security: security as { [scheme: string]: string[] }[] }),
  };
}

/** What every service tells of itself. */
export const OF_SERVICE = "service";

/** Headers of a signed request, beside `signature` itself: http-signature.ts asks for each, and has their forms. */
export const SIGNED_HEADERS = {
  type: "object",
  properties: {
    "content-digest": { type: "string", description: "sha-256 of the body (RFC 9530)" },
    "signature-input": {
      type: "string",
      description: "what is covered, when, by which key, and a nonce (RFC 9421 4.1)",
    },
    "idempotency-key": { type: "string", pattern: "^[!-~]{8,64}$" },
  },
  required: ["content-digest", "signature-input", "idempotency-key"],
} as const;

export function asksForAccessKey(schema: { readonly security?: Security } | undefined): boolean {
  return schema?.security?.some((one) => ACCESS_KEY in one) ?? false;
}

/** The access key that is shown, base64url; undefined where there is none of that form. */
export function shownAccessKey({ authorization }: IncomingHttpHeaders): string | undefined {
  return BEARER.exec(authorization ?? "")?.[1];
}

/** By code: HTTP's status, and the sentence. */
export type RefusalCodes = Readonly<Record<string, readonly [http: number, sentence: string]>>;

/** An API as OpenAPI 3.1 has it, as far as it is read here. */
export interface Api {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, Scheme>> };
  /** Codes of refusals. */
  readonly "x-refusals": Readonly<Record<string, { readonly status: number; readonly message: string }>>;
}

export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: Security;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface Scheme {
  readonly type: string;
  readonly scheme?: string;
  readonly in?: string;
  readonly name?: string;
  readonly description: string;
}

/** Adds the credentials that a route names. */
export function addSchemes(schemes: Record<string, Scheme>, { security = [] }: { readonly security?: Security }): void {
  for (const name of security.flatMap((one) => Object.keys(one))) schemes[name] ??= schemeOf(name);
}

/** What the framework made of the routes, with the codes of refusals. */
export function wholeApi(made: object, codes: RefusalCodes): Api {
  const { components, ...api } = made as Omit<Api, "x-refusals">;
  const { securitySchemes } = components;
  const isSigned = Object.keys(securitySchemes).some((name) => name.endsWith(SIGNATURE));
  const all: RefusalCodes = { ...codes, ...(isSigned && SIGNATURE_ERRORS) };
  // What a store or keys are refused for when they are opened is told to nobody over HTTP.
  const told = Object.entries(all).filter(([code, [status]]) => status !== 500 || code === "INTERNAL");
  const refusals = told.map(([code, [status, message]]) => [code, { status, message }]);
  return { ...api, components: { securitySchemes }, "x-refusals": Object.fromEntries(refusals) };
}

function schemeOf(name: string): Scheme {
  if (name === ACCESS_KEY) {
    const description = "The card's access key, 32 octets as base64url (RFC 6750 2.1): its enrolment answers with it.";
    return { type: "http", scheme: "bearer", description };
  }
  const service = name.slice(0, -SIGNATURE.length);
  // OpenAPI 3.1 has no word for RFC 9421: a credential in the header that the signature is in.
  return {
    ...{ type: "apiKey", in: "header", name: "signature" },
    description: `An HTTP message signature (RFC 9421), hmac-sha256, keyid "${service}", of method, path, query, content-digest and idempotency-key: docs/protocol.md, "Between services". The answer is signed, too.`,
  };
}
