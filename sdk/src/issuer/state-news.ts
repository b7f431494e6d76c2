// The issuer's news of tokens' states (server-sent events, WHATWG HTML 9.2), for as long as the phone listens: a line that is lost is had again, and
// whoever comes again hears how each token stands.

import { CardError, sdkError } from "../errors.js";
import { fromBase64Url } from "./base64url.js";

export interface TokenNews {
  /** 16 octets. */
  readonly tokenRef: Uint8Array;
  /** Rises with every change. Not signed: fetch the signed state for the card. */
  readonly version: number;
  readonly state: "inactive" | "active" | "suspended" | "deactivated";
}

/** Something was done by a right to a token that was handed out, or it was taken back: `DelegationClient.list` says what. */
export interface LentNews {
  /** 16 octets. */
  readonly tokenRef: Uint8Array;
  /** The right's. */
  readonly id: string;
  /** Rises with every such thing. */
  readonly version: number;
}

/** One kind of the issuer's events: how it is called, how it is read, and what has a version of its own. */
interface Told<News extends { readonly version: number }> {
  readonly event: "state" | "lent";
  /** @throws {CardError} `ISSUER_ANSWER_INVALID` */
  readonly read: (data: string) => News;
  readonly nameOf: (news: News) => string;
}

export interface NewsOptions {
  readonly signal?: AbortSignal;
  /** Told when the line is there, and when it is lost. */
  readonly onLine?: (isThere: boolean) => void;
  /** The first pause before the line is tried again, ms; 1 s unless told. Each is twice the one before, to a minute at most. */
  readonly retryMs?: number;
  /** A line on which nothing comes for so long is lost, ms; 45 s unless told. The issuer says something every 15 s. */
  readonly silenceMs?: number;
}

const RETRY_MAX_MS = 60_000;
/** Longest event, octets. */
const EVENT_MAX = 4096;
/** Tokens whose versions are kept in mind: more than a card has. */
const TOKENS_KEPT = 64;
const STATES = ["inactive", "active", "suspended", "deactivated"] as const;

type Open = (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;

/** @param open - Asks for the stream; rejects with a `CardError` where the issuer refuses, which ends it all */
export function tokenNews(open: Open, options: NewsOptions): AsyncGenerator<TokenNews> {
  return newsOf(open, { event: "state", read: readState, nameOf: ({ tokenRef }) => tokenRef.join() }, options);
}

/** The same of rights that were handed out. */
export function lentNews(open: Open, options: NewsOptions): AsyncGenerator<LentNews> {
  return newsOf(open, { event: "lent", read: readLent, nameOf: ({ id }) => id }, options);
}

async function* newsOf<News extends { readonly version: number }>(
  open: Open,
  told: Told<News>,
  { signal, onLine, retryMs = 1000, silenceMs = 45_000 }: NewsOptions,
): AsyncGenerator<News> {
  const heard = new Map<string, number>();
  const isOver = () => signal?.aborted === true;
  for (let wait = retryMs; !isOver(); wait = Math.min(2 * wait, RETRY_MAX_MS)) {
    const line = new AbortController();
    const end = () => line.abort(signal?.reason); // and not AbortSignal.any: what it makes may be collected, and then nothing ends the line
    signal?.addEventListener("abort", end);
    try {
      const stream = await open(line.signal);
      onLine?.(true);
      for await (const news of newsIn(stream, told, silenceMs, line.signal)) {
        wait = retryMs;
        const name = told.nameOf(news);
        if ((heard.get(name) ?? -1) >= news.version) continue;
        if (heard.size >= TOKENS_KEPT) heard.clear();
        heard.set(name, news.version);
        yield news;
      }
    } catch (error) {
      if (isOver()) return;
      const isRefusal = error instanceof CardError && error.code !== "ISSUER_UNREACHABLE";
      if (isRefusal) throw error;
    } finally {
      signal?.removeEventListener("abort", end);
      line.abort();
    }
    onLine?.(false);
    await pause(wait, signal);
  }
}

async function* newsIn<News extends { readonly version: number }>(
  stream: ReadableStream<Uint8Array>,
  { event: name, read }: Told<News>,
  silenceMs: number,
  signal: AbortSignal,
): AsyncGenerator<News> {
  const ours = new RegExp(`^event: ${name}\\ndata: (.{1,1024})$`);
  const reader = stream.getReader();
  const end = () => void reader.cancel().catch(() => undefined); // whatever fetch makes of its signal by now
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const text = new TextDecoder();
  let unread = "";
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silenceMs);
      if (done) return;
      const events = (unread + text.decode(value, { stream: true })).split("\n\n");
      unread = events.pop()!;
      if (unread.length > EVENT_MAX) throw sdkError("ISSUER_ANSWER_INVALID", "event");
      for (const event of events) {
        const data = ours.exec(event)?.[1];
        if (data !== undefined) yield read(data);
      }
    }
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

function readState(data: string): TokenNews {
  try {
    const { tokenRef, version, state } = JSON.parse(data) as Record<string, unknown>;
    const known = STATES.find((name) => name === state);
    const octets = typeof tokenRef === "string" ? fromBase64Url(tokenRef) : undefined;
    if (octets?.length === 16 && Number.isSafeInteger(version) && known !== undefined) {
      return { tokenRef: octets, version: version as number, state: known };
    }
  } catch {
    // Told below, without what it quotes.
  }
  throw sdkError("ISSUER_ANSWER_INVALID", "state");
}

function readLent(data: string): LentNews {
  try {
    const { tokenRef, version, id } = JSON.parse(data) as Record<string, unknown>;
    const octets = typeof tokenRef === "string" ? fromBase64Url(tokenRef) : undefined;
    const isNamed = typeof id === "string" && /^[A-Z2-7]{26}$/.test(id);
    if (octets?.length === 16 && Number.isSafeInteger(version) && isNamed) {
      return { tokenRef: octets, version: version as number, id };
    }
  } catch {
    // Told below, without what it quotes.
  }
  throw sdkError("ISSUER_ANSWER_INVALID", "lent");
}

/** A line that says nothing for so long is lost. */
async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(sdkError("ISSUER_UNREACHABLE")), ms);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
