// The issuer's HTTP API, from the phone: enrol, tokens, grants, receipts, states. JSON, octets as base64url. The phone can read none
// of what is sealed; what it can see, it checks: tokens come from the number ranges this app was made for, or not at all.

import { concat, type Domain } from "@enabling-card/wire";
import type { GrantBundle, SignedState } from "../card/card.js";
import { CardError, sdkError, throwIfAborted } from "../errors.js";
import { withTimeLimit } from "../time-limit.js";
import { fromBase64Url, toBase64Url } from "./base64url.js";
import { type NewsOptions, type TokenNews, tokenNews } from "./state-news.js";

/** The test space: the only number range until others are configured (rule 4). */
export const TEST_IINS: readonly string[] = ["999999"];

export interface IssuerClientOptions {
  /** Where the API's `/v1` is: https, or plain http to this machine, e.g. `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** Takes plain http to another machine too: everybody on the way can read the access key, and use it. For tests alone. */
  readonly insecure?: boolean;
  /** Key of an earlier enrolment; a secret. */
  readonly accessKey?: string;
  /** First six digits of tokens this app accepts; `TEST_IINS` unless told. */
  readonly iins?: readonly string[];
  readonly fetch?: typeof globalThis.fetch;
  /** How long an answer may take, ms; 10 s unless told. */
  readonly timeoutMs?: number;
}

export interface IssuerCallOptions {
  readonly signal?: AbortSignal;
}

/** A token as its holder may see it: never its whole number. */
export interface Token {
  /** 16 octets. */
  readonly tokenRef: Uint8Array;
  readonly iin: string;
  readonly last4: string;
  /** As on a card: YYMM. */
  readonly expiry: string;
}

export interface GrantRequest {
  readonly cardId: Uint8Array;
  readonly tokenRef: Uint8Array;
  /** The newest of card info; none for an off-line grant. */
  readonly challenge?: Uint8Array;
  /** Of card info: how far the card has followed the ledger. */
  readonly checkpointSize: number;
  readonly domain: Domain;
  /** 1 to 3. */
  readonly maxEmissions: number;
  readonly kind: "online" | "offline";
}

/** What a stored grant needs anew when its receipt has grown old. */
export type Evidence = Pick<GrantBundle, "issuerCert" | "receipt" | "consistency">;

/** States a phone may ask for. */
export type TokenStateName = "active" | "suspended" | "deactivated";

export type SignedTokenState = SignedState & {
  readonly version: number;
  readonly state: TokenStateName | "inactive";
};

/** Which card asks, and how far it has followed the ledger (card info). */
export interface CardPosition {
  readonly cardId: Uint8Array;
  readonly checkpointSize: number;
}

const TIMEOUT_MS = 10_000;
/** Longest answer, octets. */
const ANSWER_MAX = 65_536;

export class IssuerClient {
  readonly #options: IssuerClientOptions;
  readonly #iins: readonly string[];
  #accessKey: string | undefined;

  /**
   * @throws {CardError} `ARGUMENT_INVALID` for a base URL that is none, or plain http to another machine, and for a number range
   * that is not 6 digits.
   */
  constructor(options: IssuerClientOptions) {
    this.#iins = options.iins ?? TEST_IINS;
    checkBaseUrl(options.baseUrl, options.insecure === true);
    if (this.#iins.some((iin) => !/^\d{6}$/.test(iin))) throw sdkError("ARGUMENT_INVALID", "iins: 6 digits each");
    this.#options = options;
    this.#accessKey = options.accessKey;
  }

  /** Enrols a card by its maker's certificate, and keeps the access key for what follows; the caller stores it. */
  async enrol(
    certificate: Uint8Array,
    phoneName: string,
    options: IssuerCallOptions = {},
  ): Promise<{ readonly cardId: Uint8Array; readonly accessKey: string }> {
    const body = { certificate: toBase64Url(certificate), phoneName };
    const answer = await this.#ask("POST", "/v1/cards", body, options);
    const enrolled = { cardId: octets(answer, "cardId"), accessKey: text(answer, "accessKey") };
    this.#accessKey = enrolled.accessKey;
    return enrolled;
  }

  /**
   * Has a token made for the card: an off-line one where its grants are to be kept on the phone.
   *
   * @throws {CardError} `ISSUER_TOKEN_OUTSIDE_IIN` where it is not in this app's number ranges
   */
  async createToken(
    cardId: Uint8Array,
    holderName: string,
    options: IssuerCallOptions & { readonly offline?: boolean } = {},
  ): Promise<Token> {
    const body = { cardId: toBase64Url(cardId), holderName, ...(options.offline && { offline: true }) };
    const answer = await this.#ask("POST", "/v1/tokens", body, options);
    const token = {
      tokenRef: octets(answer, "tokenRef"),
      iin: text(answer, "iin"),
      last4: text(answer, "last4"),
      expiry: text(answer, "expiry"),
    };
    if (!this.#iins.includes(token.iin)) throw sdkError("ISSUER_TOKEN_OUTSIDE_IIN");
    if (!/^\d{4}$/.test(token.last4)) throw malformed("last4");
    return token;
  }

  /** Fetches a grant, sealed to the card. */
  async grant(request: GrantRequest, options: IssuerCallOptions = {}): Promise<GrantBundle> {
    const { cardId, tokenRef, challenge, ...rest } = request;
    const body = {
      cardId: toBase64Url(cardId),
      tokenRef: toBase64Url(tokenRef),
      ...(challenge && { challenge: toBase64Url(challenge) }),
      ...rest,
    };
    const answer = await this.#ask("POST", "/v1/grants", body, options);
    return { sealed: octets(answer, "sealed"), ...evidence(answer) };
  }

  /** A newer receipt for a stored grant, whose certificate has not changed. */
  async receipt(card: CardPosition, options: IssuerCallOptions = {}): Promise<Evidence> {
    return evidence(await this.#ask("POST", "/v1/receipts", positionBody(card), options));
  }

  /** Asks for a token's state to be changed; gives the signed state, which the card must still take. */
  async setState(
    tokenRef: Uint8Array,
    state: TokenStateName,
    card: CardPosition,
    options: IssuerCallOptions = {},
  ): Promise<SignedTokenState> {
    const path = `/v1/tokens/${toBase64Url(tokenRef)}/state`;
    return signedState(await this.#ask("POST", path, { ...positionBody(card), state }, options));
  }

  /** The newest signed state of a token. */
  async state(tokenRef: Uint8Array, card: CardPosition, options: IssuerCallOptions = {}): Promise<SignedTokenState> {
    const { cardId, checkpointSize } = positionBody(card);
    const query = new URLSearchParams({ cardId, checkpointSize: String(checkpointSize) });
    return signedState(
      await this.#ask("GET", `/v1/tokens/${toBase64Url(tokenRef)}/state?${query}`, undefined, options),
    );
  }

  /**
   * How each token of the card stands, and each change from then on, until `signal` ends it: what was missed while the line was lost comes when it is
   * there again. What it says is not signed: `state` fetches what the card takes.
   *
   * @throws {CardError} `ISSUER_NOT_ENROLLED`, `ISSUER_REFUSED`, `ISSUER_ANSWER_INVALID`; a line that is lost is tried again
   */
  news(cardId: Uint8Array, options: NewsOptions = {}): AsyncGenerator<TokenNews> {
    const query = new URLSearchParams({ cardId: toBase64Url(cardId) });
    return tokenNews(async (signal) => {
      if (this.#accessKey === undefined) throw sdkError("ISSUER_NOT_ENROLLED");
      const ask = this.#options.fetch ?? globalThis.fetch;
      let response: Response;
      try {
        response = await ask(new URL(`/v1/states?${query}`, this.#options.baseUrl), {
          headers: { accept: "text/event-stream", authorization: `Bearer ${this.#accessKey}` },
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
    }, options);
  }

  async #ask(method: string, path: string, body: object | undefined, { signal }: IssuerCallOptions): Promise<Answer> {
    throwIfAborted(signal);
    const enrolling = path === "/v1/cards";
    if (!enrolling && this.#accessKey === undefined) throw sdkError("ISSUER_NOT_ENROLLED");
    const ask = this.#options.fetch ?? globalThis.fetch;
    let status: number;
    let answered: string | undefined;
    try {
      const limit = this.#options.timeoutMs ?? TIMEOUT_MS;
      [status, answered] = await withTimeLimit<[number, string | undefined]>(limit, signal, async (over) => {
        const response = await ask(new URL(path, this.#options.baseUrl), {
          method,
          headers: {
            accept: "application/json",
            ...(body && { "content-type": "application/json" }),
            ...(!enrolling && { authorization: `Bearer ${this.#accessKey}` }),
          },
          ...(body && { body: JSON.stringify(body) }),
          redirect: "error", // the access key goes to this issuer and to nobody else
          signal: over,
        });
        return [response.status, await boundedText(response)];
      });
    } catch (cause) {
      throwIfAborted(signal);
      throw sdkError("ISSUER_UNREACHABLE", undefined, { cause });
    }
    const answer = parse(answered);
    if (status >= 200 && status < 300) return answer;
    throw refusal(status, answer);
  }
}

function refusal(status: number, answer: Answer): CardError {
  if (status === 401) return sdkError("ISSUER_NOT_ENROLLED");
  if (status >= 500) return sdkError("ISSUER_UNREACHABLE", `HTTP ${status}`);
  const issuerCode = typeof answer.code === "string" ? answer.code.slice(0, 64) : `HTTP_${status}`;
  const why = typeof answer.message === "string" ? answer.message.slice(0, 200) : issuerCode;
  return new CardError("ISSUER_REFUSED", `The issuer refused: ${why}`, { issuerCode });
}

/** Names and addresses of this machine, as `URL` writes them. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The access key and the card's identity travel as they are: only TLS hides them. */
function checkBaseUrl(baseUrl: string, insecure: boolean): void {
  if (!URL.canParse(baseUrl)) throw sdkError("ARGUMENT_INVALID", "baseUrl");
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === "https:") return;
  if (protocol !== "http:") throw sdkError("ARGUMENT_INVALID", "baseUrl: https");
  if (!insecure && !LOOPBACK.test(hostname)) throw sdkError("ARGUMENT_INVALID", "baseUrl: https to another machine");
}

type Answer = Readonly<Record<string, unknown>>;

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

function text(answer: Answer, field: string): string {
  const value = answer[field];
  if (typeof value !== "string" || value.length === 0 || value.length > 256) throw malformed(field);
  return value;
}

function octets(answer: Answer, field: string): Uint8Array {
  const value = answer[field];
  if (typeof value !== "string" || value.length === 0) throw malformed(field);
  try {
    return fromBase64Url(value);
  } catch {
    throw malformed(field);
  }
}

function evidence(answer: Answer): Evidence {
  return {
    issuerCert: octets(answer, "issuerCert"),
    receipt: octets(answer, "receipt"),
    consistency: answer.consistency == null ? null : octets(answer, "consistency"),
  };
}

function positionBody({ cardId, checkpointSize }: CardPosition) {
  return { cardId: toBase64Url(cardId), checkpointSize };
}

const STATE_NAMES = ["inactive", "active", "suspended", "deactivated"] as const;

function signedState(answer: Answer): SignedTokenState {
  const { version } = answer;
  if (typeof version !== "number" || !Number.isSafeInteger(version)) throw malformed("version");
  const state = STATE_NAMES.find((name) => name === answer.state);
  if (state === undefined) throw malformed("state");
  return { signed: octets(answer, "signed"), ...evidence(answer), version, state };
}

function malformed(field: string): CardError {
  return sdkError("ISSUER_ANSWER_INVALID", field);
}
