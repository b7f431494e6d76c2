// The end that asks: signed requests to one other service over HTTP, and answers that are believed when that service signed them for this very request.
// A lost answer is asked for once more, by a new signature and the same idempotency key. A service that says that it has not the newest key yet is asked by
// the one before: nobody vouches for what it says, and whoever else says so gets a request that is signed by a key which both still take.

import { randomBytes } from "node:crypto";
import { secondsNow } from "./clock.js";
import { isProvenAnswer, keysBefore, type ServiceKeys, signedRequest } from "./http-signature.js";

/** Longest answer, octets. */
const ANSWER_MAX = 64 * 1024;

export const SERVICE_ERRORS = {
  SERVICE_UNREACHABLE: "The other service does not answer: see that it runs, then try again",
  ANSWER_UNPROVEN:
    "The answer was not signed by that service for this request: see that both have the same key and the same time",
  ANSWER_MALFORMED: "The answer is none that this service understands: see that both are of one version",
} as const;

export type ServiceErrorCode = keyof typeof SERVICE_ERRORS;

export class ServiceError extends Error {
  override readonly name = "ServiceError";
  /** The code that is in an answer which nobody vouches for. */
  readonly claims: string | undefined;

  constructor(
    readonly code: ServiceErrorCode,
    options?: ErrorOptions & { readonly claims?: string | undefined },
  ) {
    super(options?.claims ? `${SERVICE_ERRORS[code]} (it says ${options.claims})` : SERVICE_ERRORS[code], options);
    this.claims = options?.claims;
  }
}

/** That service's own no, by its code. */
export class ServiceRefusal extends Error {
  override readonly name = "ServiceRefusal";

  constructor(
    readonly code: string,
    message: string,
    readonly http: number,
  ) {
    super(message);
  }
}

export interface ServiceCallerOptions {
  /** Where that service's `/v1` is. */
  readonly url: string;
  readonly keys: ServiceKeys;
  /** How long an answer may take, ms; 5 s unless told. */
  readonly answerMs?: number;
  /** Seconds since 1970. */
  readonly now?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** Says no, in a form that is not ours, whatever its status; undefined for any other answer. */
  readonly refusal?: (answer: Readonly<Record<string, unknown>>) => Error | undefined;
  /** Told by its code of what went wrong on the way: never content. */
  readonly onFault?: (code: string) => void;
}

export class ServiceCaller {
  readonly #options: ServiceCallerOptions;

  constructor(options: ServiceCallerOptions) {
    this.#options = options;
  }

  /**
   * That service's answer.
   *
   * @param idempotencyKey - Of a request that may be a repeat; another one each time unless told
   * @throws {ServiceRefusal}, or what `refusal` gives; {ServiceError} `SERVICE_UNREACHABLE`, `ANSWER_UNPROVEN`, `ANSWER_MALFORMED`
   */
  async ask<Answer>(
    path: string,
    body: object,
    idempotencyKey = randomBytes(16).toString("base64url"),
  ): Promise<Answer> {
    try {
      const { status, octets } = await this.#twice(path, Buffer.from(JSON.stringify(body)), idempotencyKey);
      const answer = parsed(octets);
      const refusal = this.#options.refusal?.(answer);
      if (refusal !== undefined) throw refusal;
      if (status >= 200 && status < 300) return answer as Answer;
      const { code, message } = answer;
      if (typeof code !== "string" || typeof message !== "string") throw new ServiceError("ANSWER_MALFORMED");
      throw new ServiceRefusal(code, message, status);
    } catch (error) {
      if (error instanceof ServiceError) this.#options.onFault?.(error.code);
      throw error;
    }
  }

  async #twice(path: string, body: Buffer, idempotencyKey: string) {
    try {
      return await this.#once(path, body, idempotencyKey);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const before = keysBefore(this.#options.keys);
      if (before && error.claims === "KEY_NOT_YET") return this.#once(path, body, idempotencyKey, before);
      // Also where the line that was kept open is one to a process that is gone.
      if (error.code !== "SERVICE_UNREACHABLE") throw error;
      return this.#once(path, body, idempotencyKey);
    }
  }

  async #once(path: string, body: Buffer, idempotencyKey: string, keys = this.#options.keys) {
    const { url, answerMs = 5000, now = secondsNow, fetch = globalThis.fetch } = this.#options;
    const to = new URL(path, url);
    const asked = { method: "POST", target: to.pathname + to.search, idempotencyKey, body };
    const signed = signedRequest(keys, asked, now());
    let response: Response;
    let octets: Uint8Array;
    try {
      response = await fetch(to, {
        method: "POST",
        headers: { ...signed, "content-type": "application/json" },
        body: Uint8Array.from(body),
        redirect: "error",
        signal: AbortSignal.timeout(answerMs),
      });
      octets = await bounded(response);
    } catch (cause) {
      throw cause instanceof ServiceError ? cause : new ServiceError("SERVICE_UNREACHABLE", { cause });
    }
    const said = {
      ...{ status: response.status, body: octets, signature: signed.signature!.slice("ecard=".length) },
    };
    // Of two headers of one name `fetch` makes one, which has not the form of either.
    const sent = Object.fromEntries([...response.headers].map(([name, value]) => [name, [value]]));
    if (!isProvenAnswer(keys, said, sent)) throw new ServiceError("ANSWER_UNPROVEN", { claims: claimed(octets) });
    return { status: response.status, octets };
  }
}

/** What an answer that nobody vouches for says is wrong: a hint, and no more. */
function claimed(octets: Uint8Array): string | undefined {
  try {
    const { code } = parsed(octets);
    return typeof code === "string" && /^[A-Z_]{1,40}$/.test(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

function parsed(octets: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(Buffer.from(octets).toString());
    if (typeof answer !== "object" || answer === null) throw new Error("not an object");
    return answer as Readonly<Record<string, unknown>>;
  } catch {
    throw new ServiceError("ANSWER_MALFORMED"); // no cause: it would quote the answer
  }
}

async function bounded({ body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > ANSWER_MAX) throw new ServiceError("ANSWER_MALFORMED");
    parts.push(part);
  }
  return Buffer.concat(parts);
}
