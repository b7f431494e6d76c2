// JSON over HTTP to the network's services, from the phone: bounded, in time, to nobody but the service that was named; octets as base64url.

import { concat } from "@enabling-card/wire";
import type { GrantBundle } from "../card/bundle.js";
import { CardError, sdkError, throwIfAborted } from "../errors.js";
import { withTimeLimit } from "../time-limit.js";
import { fromBase64Url, toBase64Url } from "./base64url.js";

export interface JsonDoorOptions {
  /** Where the API's `/v1` is: https, or plain http to this machine, e.g. `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** Takes plain http to another machine too: everybody on the way can read the access key, and use it. For tests alone. */
  readonly insecure?: boolean;
  readonly fetch?: typeof globalThis.fetch;
  /** How long an answer may take, ms; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** What travels beside every signed object. */
export type Evidence = Pick<GrantBundle, "issuerCert" | "receipt" | "consistency">;
export type Answer = Readonly<Record<string, unknown>>;

export interface JsonCall {
  readonly body?: object;
  /** The card's access key; a secret. */
  readonly accessKey?: string;
  /** Of a request that may be a repeat: another one each time unless told. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 10_000;
/** Longest answer, octets. */
const ANSWER_MAX = 65_536;

export class JsonDoor {
  readonly #options: JsonDoorOptions;

  /** @throws {CardError} `ARGUMENT_INVALID` for a base URL that is none, or plain http to another machine */
  constructor(options: JsonDoorOptions) {
    checkBaseUrl(options.baseUrl, options.insecure === true);
    this.#options = options;
  }

  /** @throws {CardError} `ISSUER_UNREACHABLE`, `ISSUER_REFUSED`, `ISSUER_NOT_ENROLLED`, `ISSUER_ANSWER_INVALID`, `ABORTED` */
  async ask(method: string, path: string, { body, accessKey, idempotencyKey, signal }: JsonCall): Promise<Answer> {
    throwIfAborted(signal);
    const { fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS } = this.#options;
    let status: number;
    let answered: string | undefined;
    try {
      [status, answered] = await withTimeLimit<[number, string | undefined]>(timeoutMs, signal, async (over) => {
        const response = await fetch(this.url(path), {
          method,
          headers: {
            accept: "application/json",
            ...(body && { "content-type": "application/json" }),
            ...(accessKey !== undefined && { authorization: `Bearer ${accessKey}` }),
            ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
          },
          ...(body && { body: JSON.stringify(body) }),
          redirect: "error", // the access key goes to this service and to nobody else
          signal: over,
        });
        return [response.status, await boundedText(response)];
      });
    } catch (cause) {
      throwIfAborted(signal);
      throw sdkError("ISSUER_UNREACHABLE", undefined, { cause });
    }
    const answer = parse(answered);
    const isErro = answer.messageType === "Erro";
    if (status >= 200 && status < 300 && !isErro) return answer;
    throw isErro ? erroRefusal(status, answer) : refusal(status, answer);
  }

  /**
   * Asks for a change: once more where the answer was lost, which by its idempotency key is the same request and gets the same answer.
   *
   * @throws as `ask`
   */
  async change(
    path: string,
    { method = "POST", ...call }: JsonCall & { readonly method?: "POST" | "DELETE" },
  ): Promise<Answer> {
    const repeatable = { ...call, idempotencyKey: call.idempotencyKey ?? newKey() };
    try {
      return await this.ask(method, path, repeatable);
    } catch (error) {
      if (!(error instanceof CardError) || error.code !== "ISSUER_UNREACHABLE") throw error;
      return this.ask(method, path, repeatable);
    }
  }

  /** A stream of server-sent events, to be ended by `signal`. @throws as `ask` */
  async events(path: string, accessKey: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { fetch = globalThis.fetch } = this.#options;
    let response: Response;
    try {
      response = await fetch(this.url(path), {
        headers: { accept: "text/event-stream", authorization: `Bearer ${accessKey}` },
        redirect: "error",
        signal,
      });
    } catch (cause) {
      throw sdkError("ISSUER_UNREACHABLE", undefined, { cause });
    }
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (response.ok && isStream && response.body !== null) return response.body;
    if (response.ok) throw malformed("event stream");
    throw refusal(response.status, parse(await boundedText(response)));
  }

  url(path: string): URL {
    return new URL(path, this.#options.baseUrl);
  }
}

/** An idempotency key that nobody else chooses: whoever has it and the access key gets what was answered. */
function newKey(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}

function refusal(status: number, answer: Answer): CardError {
  if (status === 401) return sdkError("ISSUER_NOT_ENROLLED");
  const code = typeof answer.code === "string" ? answer.code.slice(0, 64) : undefined;
  // Its store, or another service behind it, and it says which.
  if (status >= 500)
    return sdkError("ISSUER_UNREACHABLE", code ?? `HTTP ${status}`, code === undefined ? {} : { issuerCode: code });
  const issuerCode = code ?? `HTTP_${status}`;
  const why = typeof answer.message === "string" ? answer.message.slice(0, 200) : issuerCode;
  return new CardError("ISSUER_REFUSED", `The issuer refused: ${why}`, { issuerCode });
}

/** An access control server's error message (EMV 3-D Secure 2.2.0, A.5.5), which other servers send with any status. Ours says its own code beside it. */
function erroRefusal(status: number, answer: Answer): CardError {
  const { code, message, errorCode, errorDetail } = answer;
  const erro = typeof errorCode === "string" && /^\d{3}$/.test(errorCode) ? errorCode : "101";
  // 403, transient system failure; 405, system connection failure.
  const isTransient = erro === "403" || erro === "405";
  const detail = typeof errorDetail === "string" ? errorDetail : erro;
  return refusal(isTransient || status >= 500 ? 503 : 400, {
    code: typeof code === "string" ? code : `ERRO_${erro}`,
    message: typeof message === "string" ? message : `${erro}: ${detail}`,
  });
}

/** Names and addresses of this machine, as `URL` writes them. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The access key and the card's identity travel as they are: only TLS hides them. */
export function checkBaseUrl(baseUrl: string, insecure: boolean): void {
  if (!URL.canParse(baseUrl)) throw sdkError("ARGUMENT_INVALID", "baseUrl");
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === "https:") return;
  if (protocol !== "http:") throw sdkError("ARGUMENT_INVALID", "baseUrl: https");
  if (!insecure && !LOOPBACK.test(hostname)) throw sdkError("ARGUMENT_INVALID", "baseUrl: https to another machine");
}

/** The body as text; undefined, and the rest is not fetched, where it has more than `ANSWER_MAX` octets. */
async function boundedText({ body }: Response): Promise<string | undefined> {
  if (body === null) return "";
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new TextDecoder().decode(concat(...parts));
    parts.push(value);
    size += value.length;
    if (size > ANSWER_MAX) {
      void reader.cancel().catch(() => undefined);
      return undefined;
    }
  }
}

function parse(answered: string | undefined): Answer {
  try {
    if (answered === undefined) throw new Error("too long");
    const answer: unknown = JSON.parse(answered);
    if (typeof answer !== "object" || answer === null) throw new Error("not an object");
    return answer as Answer;
  } catch {
    throw malformed("JSON"); // no cause: it would quote the answer
  }
}

export function text(answer: Answer, field: string): string {
  const value = answer[field];
  if (typeof value !== "string" || value.length === 0 || value.length > 256) throw malformed(field);
  return value;
}

export function octets(answer: Answer, field: string): Uint8Array {
  const value = answer[field];
  if (typeof value !== "string" || value.length === 0) throw malformed(field);
  try {
    return fromBase64Url(value);
  } catch {
    throw malformed(field);
  }
}

export function part(answer: Answer, field: string): Answer {
  const value = answer[field];
  if (typeof value !== "object" || value === null) throw malformed(field);
  return value as Answer;
}

export function evidence(answer: Answer): Evidence {
  return {
    issuerCert: octets(answer, "issuerCert"),
    receipt: octets(answer, "receipt"),
    consistency: answer.consistency == null ? null : octets(answer, "consistency"),
  };
}

export function malformed(field: string): CardError {
  return sdkError("ISSUER_ANSWER_INVALID", field);
}
