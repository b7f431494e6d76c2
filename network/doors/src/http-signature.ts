// Signed HTTP between two services (RFC 9421, hmac-sha256), of one form alone: what is covered, in which order, and every parameter are fixed, so that
// nothing of what a stranger sends is parsed beyond one pattern. The body is covered by its digest (RFC 9530). An answer covers the signature of its
// request, and so all of it. Octets: docs/protocol.md, "Between services".

import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { derivedKey, keyOf, type Master, numbered } from "@enabling-card/vault";

/** Seconds that the clocks of both ends may differ, and that a request may be on its way. */
export const SKEW_S = 60;
/** Longest header of ours: all of them are shorter. */
const HEADER_MAX = 512;
const KEY_SIZE = 32;
const NONCE_SIZE = 16;
const REQUEST_COVERS = '("@method" "@path" "@query" "content-digest" "idempotency-key")';
const ANSWER_COVERS = '("@status" "content-digest" "signature";req;key="ecard")';
const PARAMETERS =
  /^ecard=(\([^()]+\);created=(\d{1,12});keyid="([a-z-]{1,32}(?:\.[1-9]\d{0,8})?)";alg="hmac-sha256"(?:;nonce="([\w-]{22})")?)$/;
const SIGNATURE = /^ecard=(:[A-Za-z0-9+/]{43}=:)$/;
const DIGEST = /^sha-256=:[A-Za-z0-9+/]{43}=:$/;
const IDEMPOTENCY_KEY = /^[!-~]{8,64}$/;

export const SIGNATURE_ERRORS = {
  SIGNATURE_MISSING: [401, "Services sign what they ask here: sign the request (RFC 9421), as docs/protocol.md has it"],
  SIGNATURE_MALFORMED: [401, "The signature is not of the one form that is taken here: see docs/protocol.md"],
  SIGNATURE_WRONG: [
    401,
    "The signature is not that service's, or not of this request: see that both have the same key",
  ],
  KEY_RETIRED: [401, "It was signed by a key that was taken out: sign it by the newest, of ecard network keys"],
  KEY_NOT_YET: [
    401,
    "It was signed by a key that is not there yet: give this service the newest, of ecard network keys",
  ],
  DIGEST_WRONG: [401, "The body is not the one that was signed: send the request anew"],
  CLOCK_SKEW: [401, "The request was signed more than 60 s ago or ahead: set the clocks of both services"],
  SIGNED_BEFORE_START: [401, "The request was signed before this service began to remember: sign it anew"],
  REQUEST_REPLAYED: [401, "The request was here before: sign another one"],
  REQUESTS_TOO_MANY: [503, "More signed requests came within two minutes than are remembered: try again in a moment"],
} as const satisfies Record<string, readonly [http: number, sentence: string]>;

export type SignatureErrorCode = keyof typeof SIGNATURE_ERRORS;

export class SignatureError extends Error {
  override readonly name = "SignatureError";
  readonly http: number;

  constructor(readonly code: SignatureErrorCode) {
    const [http, sentence] = SIGNATURE_ERRORS[code];
    super(sentence);
    this.http = http;
  }
}

interface NumberedKeys {
  /** Of the secret: 0 for the first one, one more with each rotation. */
  readonly number: number;
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

/** Of what `from` asks of `to`: one key for that, another for the answers; and those of the secret before, for an overlap. */
export interface ServiceKeys extends NumberedKeys {
  readonly from: string;
  readonly to: string;
  readonly before?: NumberedKeys;
}

/** @param secret - 32 octets that these two services have, and no other. @param from - Who asks: small letters and hyphens, as `to` */
export function serviceKeys(secret: Master, from: string, to: string): ServiceKeys {
  const { before, ...newest } = numbered(secret);
  const keys = ({ number, master }: { readonly number: number; readonly master: Uint8Array }) => {
    const key = (what: string) => derivedKey(master, `ecard/1 http ${what} ${from}>${to}`, KEY_SIZE);
    return { number, request: key("request"), answer: key("answer") };
  };
  return { from, to, ...keys(newest), ...(before && { before: keys(before) }) };
}

/** The same by the secret before, where there is one. */
export function keysBefore({ from, to, before }: ServiceKeys): ServiceKeys | undefined {
  return before && { from, to, ...before };
}

/** As `keyid` tells it: the first secret has no number. */
function keyIdOf(service: string, number: number): string {
  return number === 0 ? service : `${service}.${number}`;
}

export interface AskedRequest {
  readonly method: string;
  /** Path, and query where there is one, as it is sent. */
  readonly target: string;
  readonly idempotencyKey: string;
  readonly body: Uint8Array;
}

/** A header's values, as they came: none, one, or more. */
export type Headers = Readonly<Record<string, readonly string[] | undefined>>;

/** What a request carries beside its body. @param created - Seconds since 1970 */
export function signedRequest(
  { from, number, request: key }: Pick<ServiceKeys, "from" | "number" | "request">,
  { method, target, idempotencyKey, body }: AskedRequest,
  created: number,
  nonce: string = randomBytes(NONCE_SIZE).toString("base64url"),
): Readonly<Record<string, string>> {
  const digest = digestOf(body);
  const parameters = `${REQUEST_COVERS};created=${created};keyid="${keyIdOf(from, number)}";alg="hmac-sha256";nonce="${nonce}"`;
  const base = requestBase(method, target, digest, idempotencyKey, parameters);
  return { ...headers(digest, parameters, signatureOf(key, base)), "idempotency-key": idempotencyKey };
}

/** What a request's head shows. */
export interface ProvenHead {
  readonly created: number;
  readonly nonce: string;
  readonly digest: string;
  /** As its answer covers it. */
  readonly signature: string;
  /** By which it was signed, and its answer is. */
  readonly keys: ServiceKeys;
}

/**
 * That a request's head was signed by who may ask; its body is to be compared with `digest`, its nonce to be remembered.
 *
 * @param now - Seconds since 1970. @throws {SignatureError} `SIGNATURE_MISSING`, `SIGNATURE_MALFORMED`, `SIGNATURE_WRONG`, `KEY_RETIRED`, `KEY_NOT_YET`, `CLOCK_SKEW`
 */
export function provenHead(
  keys: ServiceKeys,
  { method, target }: Pick<AskedRequest, "method" | "target">,
  sent: Headers,
  now: number,
): ProvenHead {
  if (sent.signature === undefined && sent["signature-input"] === undefined)
    throw new SignatureError("SIGNATURE_MISSING");
  const [digest, idempotencyKey] = [one(sent, "content-digest", DIGEST), one(sent, "idempotency-key", IDEMPOTENCY_KEY)];
  const [parameters, created, keyid, nonce] = parts(sent, "signature-input", PARAMETERS);
  const [signature] = parts(sent, "signature", SIGNATURE);
  if (!parameters!.startsWith(`${REQUEST_COVERS};`) || nonce === undefined)
    throw new SignatureError("SIGNATURE_MALFORMED");
  const base = requestBase(method, target, digest, idempotencyKey, parameters!);
  const [service, number = "0"] = keyid!.split(".");
  const used = service === keys.from ? keyOf<NumberedKeys>(keys, Number(number)) : undefined;
  if (used === "retired") throw new SignatureError("KEY_RETIRED");
  if (used === "not yet") throw new SignatureError("KEY_NOT_YET");
  if (used === undefined || !isEqual(signature!, signatureOf(used.request, base)))
    throw new SignatureError("SIGNATURE_WRONG");
  if (Math.abs(now - Number(created)) > SKEW_S) throw new SignatureError("CLOCK_SKEW");
  return {
    created: Number(created),
    nonce,
    digest,
    signature: signature!,
    keys: { from: keys.from, to: keys.to, ...used },
  };
}

/** What an answer carries beside its body. @param signature - Of its request */
export function signedAnswer(
  { to, number, answer: key }: Pick<ServiceKeys, "to" | "number" | "answer">,
  { status, body, signature }: { readonly status: number; readonly body: Uint8Array; readonly signature: string },
  created: number,
): Readonly<Record<string, string>> {
  const digest = digestOf(body);
  const parameters = `${ANSWER_COVERS};created=${created};keyid="${keyIdOf(to, number)}";alg="hmac-sha256"`;
  return headers(digest, parameters, signatureOf(key, answerBase(status, digest, signature, parameters)));
}

/** Whether it is that service's answer to the request of that `signature`. The request has just been made, so the answer is new. */
export function isProvenAnswer(
  { to, number, answer: key }: Pick<ServiceKeys, "to" | "number" | "answer">,
  { status, body, signature }: { readonly status: number; readonly body: Uint8Array; readonly signature: string },
  sent: Headers,
): boolean {
  try {
    const digest = one(sent, "content-digest", DIGEST);
    const [parameters, , keyid, nonce] = parts(sent, "signature-input", PARAMETERS);
    const [said] = parts(sent, "signature", SIGNATURE);
    if (!parameters!.startsWith(`${ANSWER_COVERS};`) || nonce !== undefined || keyid !== keyIdOf(to, number))
      return false;
    const base = answerBase(status, digest, signature, parameters!);
    return isEqual(said!, signatureOf(key, base)) && isEqual(digest, digestOf(body));
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
}

/** RFC 9530 2, sha-256. */
export function digestOf(body: Uint8Array): string {
  return `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
}

/** In a time that depends on nothing secret. */
export function isEqual(one: string, other: string): boolean {
  const [mine, theirs] = [Buffer.from(one), Buffer.from(other)];
  return mine.length === theirs.length && timingSafeEqual(mine, theirs);
}

/** RFC 9421 2.5, of components of 2.2 and 2.1. */
function requestBase(
  method: string,
  target: string,
  digest: string,
  idempotencyKey: string,
  parameters: string,
): string {
  const at = target.indexOf("?");
  const [path, query] = at < 0 ? [target, "?"] : [target.slice(0, at), target.slice(at)];
  return [
    `"@method": ${method}`,
    `"@path": ${path}`,
    `"@query": ${query}`,
    `"content-digest": ${digest}`,
    `"idempotency-key": ${idempotencyKey}`,
    `"@signature-params": ${parameters}`,
  ].join("\n");
}

/** RFC 9421 2.4: an answer that is bound to its request. */
function answerBase(status: number, digest: string, signature: string, parameters: string): string {
  return [
    `"@status": ${status}`,
    `"content-digest": ${digest}`,
    `"signature";req;key="ecard": ${signature}`,
    `"@signature-params": ${parameters}`,
  ].join("\n");
}

/** RFC 9421 3.3.3, as an RFC 8941 byte sequence. */
function signatureOf(key: Uint8Array, base: string): string {
  return `:${createHmac("sha256", key).update(base).digest("base64")}:`;
}

function headers(digest: string, parameters: string, signature: string): Readonly<Record<string, string>> {
  return { "content-digest": digest, "signature-input": `ecard=${parameters}`, signature: `ecard=${signature}` };
}

function one(sent: Headers, name: string, form: RegExp): string {
  const values = sent[name] ?? [];
  const [value] = values;
  if (values.length !== 1 || value!.length > HEADER_MAX || !form.test(value!))
    throw new SignatureError("SIGNATURE_MALFORMED");
  return value!;
}

function parts(sent: Headers, name: string, form: RegExp): readonly (string | undefined)[] {
  return form.exec(one(sent, name, form))!.slice(1);
}
